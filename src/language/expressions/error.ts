/**
 * An expression that has no value. Offsets are within `source`, which is the expression, or the whole template
 * string once `render` has passed it on. The message names fields and types, never values.
 */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
  readonly code: string;
  readonly start: number;
  readonly end: number;
  readonly source: string;
  readonly help: string | undefined;
  /** Where the template stands in the value given to `render`. */
  readonly path: (string | number)[];

  constructor(
    code: string,
    message: string,
    at: { start: number; end: number; source: string; help?: string; path?: (string | number)[] },
  ) {
    super(message);
    this.code = code;
    this.start = at.start;
    this.end = at.end;
    this.source = at.source;
    this.help = at.help;
    this.path = at.path ?? [];
  }
}
