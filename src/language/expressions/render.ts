import type { Json } from './ast.ts';
import { ExpressionError } from './error.ts';
import { evaluate } from './evaluate.ts';
import { type EvalOptions, MAX_OUTPUT_CHARS, type Scope } from './meter.ts';
import type { Path, Placed, Template } from './template.ts';
import { type JsonMap, jsonSize, setField, toText } from './values.ts';

/**
 * The value of a template. Static parts are the template's own objects, so treat the result as read-only. Each
 * expression has its own steps. Throws ExpressionError, with offsets in the string and the string's `path`.
 */
export function render(template: Template, scope: Scope, options?: EvalOptions): Json {
  if (template.kind === 'single') return value(template.part, template.text, scope, options);
  return renderAt(template, scope, options);
}

function renderAt(template: Template, scope: Scope, options: EvalOptions | undefined): Json {
  switch (template.kind) {
    case 'static':
      return template.value;
    case 'single':
      return value(template.part, template.text, scope, options);
    case 'text': {
      let text = '';
      for (const part of template.parts) {
        text += typeof part === 'string' ? part : textOf(part, template.text, scope, options);
        if (text.length > MAX_OUTPUT_CHARS) throw tooLarge(template.text, 0, template.text.length);
      }
      return text;
    }
    case 'array':
      return template.items.map((item, i) => inside(i, item, scope, options));
    case 'object': {
      const object: JsonMap = {};
      for (const [key, item] of template.entries) setField(object, key, inside(key, item, scope, options));
      return object;
    }
  }
}

/** Adds the way to a nested template to its error. */
function inside(
  step: string | number,
  template: Template,
  scope: Scope,
  options: EvalOptions | undefined,
): Json {
  try {
    return renderAt(template, scope, options);
  } catch (error) {
    if (error instanceof ExpressionError) throw moved(error, error.source, 0, [step, ...error.path]);
    throw error;
  }
}

function value(part: Placed, text: string, scope: Scope, options: EvalOptions | undefined): Json {
  try {
    return evaluate(part.expression, scope, options);
  } catch (error) {
    if (error instanceof ExpressionError) throw moved(error, text, part.offset, error.path);
    throw error;
  }
}

function textOf(part: Placed, text: string, scope: Scope, options: EvalOptions | undefined): string {
  const found = value(part, text, scope, options);
  // A value that was only read may be of any size; its text counts like any other.
  if (typeof found === 'object' && found !== null && jsonSize(found) > MAX_OUTPUT_CHARS) {
    throw tooLarge(text, part.offset, part.offset + part.expression.source.length);
  }
  try {
    return toText(found);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const [start, end] = [part.offset, part.offset + part.expression.source.length];
    throw new ExpressionError('ICE1314', 'The data is nested too deeply', { start, end, source: text });
  }
}

function moved(error: ExpressionError, source: string, by: number, path: Path): ExpressionError {
  const { code, message, start, end, help } = error;
  return new ExpressionError(code, message, { start: start + by, end: end + by, source, help, path });
}

const tooLarge = (source: string, start: number, end: number): ExpressionError =>
  new ExpressionError('ICE1316', `The text is longer than ${MAX_OUTPUT_CHARS} characters`, {
    start,
    end,
    source,
  });
