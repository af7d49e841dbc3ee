import { LIMITS } from './limits.ts';

/** An expression longer than this is refused anyway. */
const MAX_SCANNED = LIMITS.chars + 10;
/** Expressions of one string; the scan stops after one more. */
export const MAX_EXPRESSIONS = 1_000;

/** The parts of a template string. `start` and `end` are around the source of an expression, without its braces. */
export type Part =
  | { kind: 'text'; text: string }
  | { kind: 'expression'; start: number; end: number }
  | { kind: 'open'; start: number };

/**
 * Splits a string at `{{ … }}`. `}}` inside a CEL string, comment, list or map does not close; a `{{` that is never
 * closed is the last part (`open`).
 */
export function scan(text: string): Part[] {
  const parts: Part[] = [];
  let at = 0;
  // What is not closed properly is scanned to its limit each time; all together may not be quadratic.
  const budget = { left: text.length + 20 * MAX_SCANNED };
  for (let expressions = 0; at < text.length && expressions <= MAX_EXPRESSIONS; expressions++) {
    const open = text.indexOf('{{', at);
    if (open < 0) {
      parts.push({ kind: 'text', text: text.slice(at) });
      break;
    }
    if (open > at) parts.push({ kind: 'text', text: text.slice(at, open) });
    const close = closing(text, open + 2, budget);
    if (close < 0) {
      parts.push({ kind: 'open', start: open });
      break;
    }
    parts.push({ kind: 'expression', start: open + 2, end: close });
    at = close + 2;
  }
  return parts;
}

/** Where the `}}` of an expression that starts at `start` stands; -1 when it is not closed. */
function closing(text: string, start: number, budget: { left: number }): number {
  const limit = Math.min(text.length, start + Math.min(MAX_SCANNED, budget.left));
  let braces = 0;
  let at = start;
  while (at < limit) {
    const char = text[at]!;
    if (char === "'" || char === '"') {
      const end = stringEnd(text, at, limit);
      if (end < 0) {
        at = limit;
        break;
      }
      at = end;
      continue;
    }
    if (char === '/' && text[at + 1] === '/') {
      // A comment ends with its line, or with the expression: a template is often one line.
      while (at < limit && text[at] !== '\n' && !text.startsWith('}}', at)) at++;
      continue;
    }
    if (char === '{') braces++;
    else if (char === '}') {
      if (braces === 0 && text[at + 1] === '}') {
        budget.left -= at - start;
        return at;
      }
      if (braces > 0) braces--;
    }
    at++;
  }
  budget.left = Math.max(0, budget.left - (at - start));
  // A lone quote or brace must not swallow the rest of the document: the parser then says what is wrong with it.
  return text.indexOf('}}', start);
}

/** After the closing quote of the string that starts at `at`; -1 when it is not closed on its line. */
function stringEnd(text: string, at: number, limit: number): number {
  const quote = text[at]!;
  const triple = text.startsWith(quote.repeat(3), at);
  const close = triple ? quote.repeat(3) : quote;
  for (let i = at + close.length; i < limit; i++) {
    if (text[i] === '\\') i++;
    else if (!triple && (text[i] === '\n' || text[i] === '\r')) return -1;
    else if (text.startsWith(close, i)) return i + close.length;
  }
  return -1;
}
