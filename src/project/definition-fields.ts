import type { Diagnostic } from '../contracts/diagnostics.ts';
import { type ScriptToken, scriptTokens } from './script-tokens.ts';

/** A field of an object as it is written: its name, and where name and value stand. */
export interface WrittenField {
  name: string;
  start: number;
  end: number;
  /** Behind the value, which ends at the next comma or brace of the object. */
  valueEnd: number;
  /** Tokens of the value; of a method those of its parameters and body. */
  value: readonly ScriptToken[];
}

/** What is written between the braces of `defineTool({ … })`; undefined where no object stands there. */
export function definitionFields(text: string): WrittenField[] | undefined {
  const tokens = scriptTokens(text);
  const call = tokens.findIndex(
    (token, i) => token.text === 'defineTool' && token.kind === 'word' && opensObject(tokens, i + 1),
  );
  // Given two things, it is defineTool(tool, { … }): the first is a tool of the AI SDK, with the fields of that.
  if (call < 0 || countOfArguments(tokens, call) > 1) return undefined;
  const brace = tokens.findIndex((token, i) => i > call && isMark(token, '{'));
  return fieldsOf(tokens.slice(brace));
}

/** The fields of an object, from its opening brace on. */
export function fieldsOf(tokens: readonly ScriptToken[]): WrittenField[] {
  const fields: WrittenField[] = [];
  let depth = 0;
  let field: WrittenField | undefined;
  /** In a spread or a computed name, which is no field. */
  let other = false;
  let value: ScriptToken[] = [];
  const finish = (): void => {
    if (field) fields.push({ ...field, valueEnd: value.at(-1)?.end ?? field.end, value });
    field = undefined;
    other = false;
    value = [];
  };
  for (const token of tokens) {
    const opens = token.kind === 'mark' && /^(?:[([{]|\$\{)$/.test(token.text);
    const closes = token.kind === 'mark' && /^(?:[)\]}]|\$\})$/.test(token.text);
    if (closes) depth -= 1;
    if (depth === 0 && closes) break;
    if (depth === 1 && isMark(token, ',')) finish();
    else if (depth === 1 && !field && !other && token.kind !== 'mark') {
      // `async run() {}` is called run.
      if (token.text !== 'async') field = asField(token, [token]);
    } else if (depth === 1 && !field && token.text !== '*') other = true;
    else if (depth >= 1 && field && !(depth === 1 && value.length === 0 && isMark(token, ':')))
      value.push(token);
    if (opens) depth += 1;
  }
  finish();
  return fields;
}

const asField = (first: ScriptToken, value: readonly ScriptToken[]): WrittenField => ({
  name: first.text,
  start: first.start,
  end: first.end,
  valueEnd: value.at(-1)!.end,
  value,
});

function countOfArguments(tokens: readonly ScriptToken[], call: number): number {
  let depth = 0;
  let count = 1;
  for (let at = tokens.findIndex((token, i) => i > call && isMark(token, '(')); at < tokens.length; at++) {
    if (tokens[at]!.kind !== 'mark') continue;
    if (/^[([{]$/.test(tokens[at]!.text)) depth += 1;
    if (/^[)\]}]$/.test(tokens[at]!.text) && --depth === 0) break;
    if (depth === 1 && isMark(tokens[at], ',') && !isMark(tokens[at + 1], ')')) count += 1;
  }
  return count;
}

const isMark = (token: ScriptToken | undefined, text: string): boolean =>
  token?.kind === 'mark' && token.text === text;

/** `({`, or `<…>({` of type arguments. */
function opensObject(tokens: readonly ScriptToken[], from: number): boolean {
  let at = from;
  if (isMark(tokens[at], '<')) while (at < tokens.length && !isMark(tokens[at], '(')) at++;
  return isMark(tokens[at], '(') && isMark(tokens[at + 1], '{');
}

/** Where a tool is defined in its file, for findings about it as a whole; undefined when that can't be told. */
export function toolRange(text: string): Pick<Diagnostic, 'range'> | undefined {
  const match = /\bdefineTool\b(?=\s*[(<])/.exec(text) ?? /\bexport\s+default\b/.exec(text);
  return match ? { range: rangeIn(text, match.index, match.index + match[0].length) } : undefined;
}

/** Where a field of the definition is written, as `name: 'price'`: its first line. The tool where it is not. */
export function fieldRange(
  text: string,
  field: string,
  ...inside: (string | number)[]
): Pick<Diagnostic, 'range'> | undefined {
  const whole = definitionFields(text)?.find((each) => each.name === field);
  if (!whole) return toolRange(text);
  let written: WrittenField = whole;
  for (const part of inside) {
    const next: WrittenField | undefined =
      typeof part === 'number' ? itemOf(written, part) : partOf(written, part);
    if (!next) break;
    written = next;
  }
  const line = text.indexOf('\n', written.start);
  const end = line < 0 ? written.valueEnd : Math.min(written.valueEnd, line);
  return { range: rangeIn(text, written.start, end) };
}

/** A field of the first object in a value: of `{ … }`, or of `z.object({ … })`. */
function partOf({ value }: WrittenField, name: string): WrittenField | undefined {
  const brace = value.findIndex((token) => isMark(token, '{'));
  return brace < 0 ? undefined : fieldsOf(value.slice(brace)).find((each) => each.name === name);
}

/** An item of a list, as if it were a field. */
function itemOf({ value }: WrittenField, index: number): WrittenField | undefined {
  if (!isMark(value[0], '[')) return undefined;
  let depth = 0;
  let at = 0;
  const item: ScriptToken[] = [];
  for (const token of value) {
    if (token.kind === 'mark' && /^(?:[)\]}]|\$\})$/.test(token.text)) depth -= 1;
    if (depth === 1 && isMark(token, ',')) at += 1;
    else if (depth >= 1 && at === index) item.push(token);
    if (token.kind === 'mark' && /^(?:[([{]|\$\{)$/.test(token.text)) depth += 1;
  }
  return item[0] ? asField(item[0], item) : undefined;
}

/** From one offset of a text to another, as a range of a finding. */
export function rangeIn(text: string, start: number, end: number): NonNullable<Diagnostic['range']> {
  const position = (offset: number) => {
    const before = text.slice(0, offset);
    return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n'), offset };
  };
  return { start: position(start), end: position(end) };
}
