import type { JsonSchema } from '../../contracts/json.ts';
import type { ExprFinding, Node, Span } from './ast.ts';
import type { Facts } from './guards.ts';

/** The types that an expression is checked against. Schemas may hold local references; they are resolved here. */
export interface TypeEnv {
  /** The type of a variable; undefined = there is none of this name. */
  variable(name: string): JsonSchema | undefined;
  /** The names that `variable` knows. */
  names(): string[];
  /** The result type of the node behind `nodes.<id>`; undefined = there is none of this id. */
  node(id: string): JsonSchema | undefined;
  nodeNames(): string[];
  /** Whether the node is a loop that goes on without the items that fail: `nodes.<id>.failed` lists them. */
  listsFailed?(id: string): boolean;
}

/** What the rules of single nodes need of the walk over one expression. */
export interface Checker {
  readonly env: TypeEnv;
  /** The types of the variables of macros, by slot. */
  readonly locals: JsonSchema[];
  infer(node: Node, facts: Facts): JsonSchema;
  /** Checks that a part can be a condition. */
  condition(node: Node, facts: Facts): void;
  /** A variable of a macro may not hide one that is there already. */
  shadowing(name: string, start: number): void;
  mayBeNull(node: Span, what: string): void;
  report(severity: ExprFinding['severity'], code: string, message: string, at: Span, help?: string): void;
  error(code: string, message: string, at: Span, help?: string): void;
  warn(code: string, message: string, at: Span, help?: string): void;
  /** How the expression calls a thing; long ones are cut. */
  spell(node: Span): string;
}
