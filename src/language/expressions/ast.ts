import type { Json } from '../../contracts/json.ts';

/** Where something stands in the text that it was read from; offsets in UTF-16 units, end exclusive. */
export interface Span {
  start: number;
  end: number;
}

/** A finding inside one expression; offsets are within the template string given. */
export interface ExprFinding extends Span {
  code: string;
  severity: 'error' | 'warning';
  message: string;
  help?: string;
}

export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%';
export type OrderOperator = '<' | '<=' | '>' | '>=';
export type BinaryOperator = ArithmeticOperator | OrderOperator | '==' | '!=' | 'in';

/**
 * Our own tree. The parser's tree is translated into it once: numbers are JSON numbers, macros and `nodes.X` are
 * nodes of their own, and the variables of macros are slots. Everything later reads only this.
 */
export type Node =
  | LiteralNode
  | VariableNode
  | LocalNode
  | NodeStateNode
  | MemberNode
  | IndexNode
  | UnaryNode
  | BinaryNode
  | LogicalNode
  | ConditionalNode
  | ListNode
  | MapNode
  | CallNode
  | MacroNode
  | BindNode
  | HasNode;

export interface LiteralNode extends Span {
  op: 'literal';
  value: null | boolean | number | string;
}
export interface VariableNode extends Span {
  op: 'variable';
  name: string;
}
/** The variable of a macro; `slot` is its place in the frame. */
export interface LocalNode extends Span {
  op: 'local';
  name: string;
  slot: number;
}
/** `nodes.X`: what became of the node X. */
export interface NodeStateNode extends Span {
  op: 'node';
  id: string;
  idStart: number;
}
/** `object.name`; `optional` when an absent field is null (`.?`, and what follows one). */
export interface MemberNode extends Span {
  op: 'member';
  object: Node;
  name: string;
  nameStart: number;
  optional: boolean;
}
export interface IndexNode extends Span {
  op: 'index';
  object: Node;
  index: Node;
  optional: boolean;
}
export interface UnaryNode extends Span {
  op: 'not' | 'negate';
  arg: Node;
}
export interface BinaryNode extends Span {
  op: 'binary';
  operator: BinaryOperator;
  left: Node;
  right: Node;
}
export interface LogicalNode extends Span {
  op: 'and' | 'or';
  left: Node;
  right: Node;
}
export interface ConditionalNode extends Span {
  op: 'conditional';
  test: Node;
  yes: Node;
  no: Node;
}
export interface ListNode extends Span {
  op: 'list';
  items: Node[];
}
export interface MapNode extends Span {
  op: 'map';
  entries: { key: Node; value: Node }[];
}
/** `f(a, b)` and `a.f(b)` are the same call. */
export interface CallNode extends Span {
  op: 'call';
  name: string;
  nameStart: number;
  args: Node[];
}
export type MacroName = 'all' | 'exists' | 'exists_one' | 'map' | 'filter' | 'sortBy';
export interface MacroNode extends Span {
  op: 'macro';
  name: MacroName;
  nameStart: number;
  target: Node;
  variable: string;
  variableStart: number;
  slot: number;
  /** Only of `map(x, test, result)`. */
  test?: Node;
  body: Node;
}
/** `cel.bind(x, value, body)`. */
export interface BindNode extends Span {
  op: 'bind';
  variable: string;
  variableStart: number;
  slot: number;
  value: Node;
  body: Node;
}
export interface HasNode extends Span {
  op: 'has';
  arg: MemberNode | IndexNode | NodeStateNode;
}

/**
 * What an expression reads. `root` is the variable or, through `nodes.X`, the id X; `path` is the member path after
 * it as far as it is static. `soft` means that the value is not needed for the expression to have one: it is read
 * through `nodes.X`, or only where `has(nodes.X)` is known to hold.
 */
export interface Ref extends Span {
  root: string;
  soft: boolean;
  path: (string | number)[];
}

/** One CEL expression, parsed. Plain data: it may be cloned and compared. */
export interface Expression {
  source: string;
  ast: Node;
  refs: Ref[];
  /** How many slots the variables of its macros need. */
  slots: number;
}

export type { Json };
