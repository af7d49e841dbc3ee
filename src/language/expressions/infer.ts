import type { JsonSchema } from '../../contracts/json.ts';
import { afterComparing, objectType, typeOfValue, union, withoutNull } from '../types/index.ts';
import type {
  ConditionalNode,
  Expression,
  ExprFinding,
  ListNode,
  LogicalNode,
  MapNode,
  Node,
  Span,
} from './ast.ts';
import type { Checker, TypeEnv } from './checker.ts';
import { assume, comparisons, type Facts, isValue, NO_FACTS, pathKey } from './guards.ts';
import { inferIndex, inferMember, inferNode, inferProbe, inferVariable } from './infer-access.ts';
import { inferCall, inferMacro } from './infer-call.ts';
import { inferBinary, inferNegate } from './infer-operator.ts';
import { bounded, canBe, conditionProblem, describeBriefly } from './kinds.ts';

export interface Inferred {
  type: JsonSchema;
  findings: ExprFinding[];
}

const MAX_FINDINGS = 100;
const MAX_LITERAL_ITEMS = 64;

/**
 * The type of an expression, and all findings at once. Errors are certain (no member of a union fits); what may go
 * wrong, such as reading a field that may be absent without `has` or `?`, is a warning. Never throws.
 */
export function inferExpression(expression: Expression, env: TypeEnv): Inferred {
  const inference = new Inference(expression.source, env);
  const type = inference.infer(expression.ast, NO_FACTS);
  return { type, findings: inference.findings };
}

class Inference implements Checker {
  readonly source: string;
  readonly env: TypeEnv;
  readonly findings: ExprFinding[] = [];
  readonly locals: JsonSchema[] = [];

  constructor(source: string, env: TypeEnv) {
    this.source = source;
    this.env = env;
  }

  report(severity: ExprFinding['severity'], code: string, message: string, at: Span, help?: string): void {
    if (this.findings.length >= MAX_FINDINGS) return;
    const finding: ExprFinding = { code, severity, message, start: at.start, end: at.end };
    this.findings.push(help === undefined ? finding : { ...finding, help });
  }

  error(code: string, message: string, at: Span, help?: string): void {
    this.report('error', code, message, at, help);
  }

  warn(code: string, message: string, at: Span, help?: string): void {
    this.report('warning', code, message, at, help);
  }

  spell(node: Span): string {
    const text = this.source.slice(node.start, node.end).replace(/\s+/g, ' ');
    return text.length > 40 ? `${text.slice(0, 39)}…` : text;
  }

  infer(node: Node, facts: Facts): JsonSchema {
    const type = this.inferBare(node, facts);
    if (facts.size === 0) return type;
    const key = pathKey(node);
    const compared = comparisons(facts, key);
    const left = compared.length > 0 ? afterComparing(type, compared) : type;
    return isValue(facts, key) ? withoutNull(left) : left;
  }

  private inferBare(node: Node, facts: Facts): JsonSchema {
    switch (node.op) {
      case 'literal':
        return typeOfValue(node.value);
      case 'variable':
        return inferVariable(this, node);
      case 'local':
        return this.locals[node.slot] ?? {};
      case 'node':
        return inferNode(this, node, facts);
      case 'member':
        return inferMember(this, node, this.infer(node.object, facts), facts);
      case 'index':
        return inferIndex(this, node, this.infer(node.object, facts), this.infer(node.index, facts), facts);
      case 'has':
        inferProbe(this, node.arg, facts);
        return { type: 'boolean' };
      case 'not':
        this.condition(node.arg, facts);
        return { type: 'boolean' };
      case 'negate':
        return inferNegate(this, node, this.infer(node.arg, facts));
      case 'and':
      case 'or':
        return this.logical(node, facts);
      case 'conditional':
        return this.conditional(node, facts);
      case 'binary':
        return inferBinary(this, node, this.infer(node.left, facts), this.infer(node.right, facts));
      case 'list':
        return this.list(node, facts);
      case 'map':
        return this.map(node, facts);
      case 'call':
        return bounded(
          inferCall(
            this,
            node,
            node.args.map((arg) => this.infer(arg, facts)),
          ),
        );
      case 'macro':
        return bounded(inferMacro(this, node, facts));
      case 'bind': {
        this.shadowing(node.variable, node.variableStart);
        this.locals[node.slot] = this.infer(node.value, facts);
        return this.infer(node.body, facts);
      }
    }
  }

  condition(node: Node, facts: Facts): void {
    const type = this.infer(node, facts);
    const problem = conditionProblem(type);
    if (problem === 'type') {
      this.error(
        'ICE1407',
        `A condition must be true or false, and this is ${describeBriefly(type)}`,
        node,
        'Compare it: x != null, size(x) > 0.',
      );
    } else if (problem === 'null') {
      this.mayBeNull(node, 'A condition');
    }
  }

  mayBeNull(node: Span, what: string): void {
    this.warn(
      'ICE1404',
      `${this.spell(node)} may be null here. ${what} needs a value.`,
      node,
      'Give a default with x.orValue(…), or test x != null first.',
    );
  }

  private logical(node: LogicalNode, facts: Facts): JsonSchema {
    this.condition(node.left, facts);
    this.condition(node.right, assume(facts, node.left, node.op === 'and'));
    return { type: 'boolean' };
  }

  private conditional(node: ConditionalNode, facts: Facts): JsonSchema {
    this.condition(node.test, facts);
    const yes = this.infer(node.yes, assume(facts, node.test, true));
    const no = this.infer(node.no, assume(facts, node.test, false));
    return union(yes, no);
  }

  private list(node: ListNode, facts: Facts): JsonSchema {
    const items = node.items.map((item) => this.infer(item, facts));
    if (items.length > MAX_LITERAL_ITEMS) return bounded({ type: 'array', items: union(...items) });
    return bounded({ type: 'array', prefixItems: items, items: false });
  }

  private map(node: MapNode, facts: Facts): JsonSchema {
    const fields: [string, JsonSchema][] = [];
    let computed = false;
    for (const { key, value } of node.entries) {
      const type = this.infer(value, facts);
      if (key.op === 'literal' && typeof key.value === 'string') {
        fields.push([key.value, type]);
        continue;
      }
      computed = true;
      const keyType = this.infer(key, facts);
      if (!canBe(keyType, 'string')) {
        this.error(
          'ICE1321',
          `The name of a field must be a text, and this is ${describeBriefly(keyType)}`,
          key,
          'Write string(x).',
        );
      }
      fields.push(['', type]);
    }
    if (!computed) return bounded(objectType(fields));
    return bounded({ type: 'object', additionalProperties: union(...fields.map(([, type]) => type)) });
  }

  shadowing(name: string, start: number): void {
    if (!this.env.names().includes(name)) return;
    this.error(
      'ICE1322',
      `'${name}' is already a variable here`,
      { start, end: start + name.length },
      'Choose another name.',
    );
  }
}
