/** The syntax tree of a JSONPath query (RFC 9535). */

export interface Query {
  /** `$` or, in filters, `@`. */
  from: 'root' | 'current';
  segments: Segment[];
}
export interface Segment {
  descendant: boolean;
  selectors: Selector[];
}
export type Selector =
  | { kind: 'name'; name: string }
  | { kind: 'wildcard' }
  | { kind: 'index'; index: number }
  | { kind: 'slice'; start?: number; end?: number; step: number }
  | { kind: 'filter'; test: Logical };

export type Logical =
  | { kind: 'or' | 'and'; parts: Logical[] }
  | { kind: 'not'; part: Logical }
  | { kind: 'exists'; query: Query }
  | { kind: 'compare'; op: Operator; left: Comparable; right: Comparable }
  | { kind: 'call'; call: Call };
export type Operator = '==' | '!=' | '<' | '<=' | '>' | '>=';
export type Comparable =
  | { kind: 'literal'; value: string | number | boolean | null }
  | { kind: 'query'; query: Query }
  | { kind: 'call'; call: Call };
export interface Call {
  name: FunctionName;
  args: Argument[];
}
export type Argument = Comparable | { kind: 'logical'; test: Logical };

/** name -> the types of its arguments and of its result (RFC 9535, 2.4). */
export const FUNCTIONS = {
  length: { args: ['value'], result: 'value' },
  count: { args: ['nodes'], result: 'value' },
  match: { args: ['value', 'value'], result: 'logical' },
  search: { args: ['value', 'value'], result: 'logical' },
  value: { args: ['nodes'], result: 'value' },
} as const;
export type FunctionName = keyof typeof FUNCTIONS;

/** A query that is not well-formed or not valid; `at` is the offset in its text. */
export class PathError extends Error {
  readonly at: number;
  constructor(message: string, at: number) {
    super(`${message} at character ${at + 1}`);
    this.at = at;
  }
}

/** Whether a query gives one node at most: names and indexes only. */
export const isSingular = (query: Query): boolean =>
  query.segments.every(
    ({ descendant, selectors }) =>
      !descendant &&
      selectors.length === 1 &&
      (selectors[0]!.kind === 'name' || selectors[0]!.kind === 'index'),
  );
