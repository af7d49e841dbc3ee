import { Lexer } from 'yaml';
import { scan } from '../expressions/scan.ts';
import type { LineIndex } from './line-index.ts';
import type { Mended } from './parsed-source.ts';

/** Markers of the lexer that stand for no character of the source. */
const MARKS = new Set(['\x02', '\x18', '\x1f']);
const MAX_MENDED = 1000;

/**
 * Finds each value that begins with an unquoted `{{`, which YAML takes for a map inside a map. The lexer tells a
 * brace of YAML from one in a quoted or block text. Regions never cross a line.
 */
export function unquotedTemplates(text: string): Mended[] {
  const found: Mended[] = [];
  let offset = 0;
  let open = -1;
  let scalarStart = -1;
  let depth = 0;
  let skipUntil = 0;
  for (const token of new Lexer().lex(text)) {
    if (MARKS.has(token)) continue;
    const start = offset;
    offset += token.length;
    if (start < skipUntil) continue;
    if (token === '{') {
      if (open === start - 1 && open >= 0) {
        const from = scalarStart >= 0 ? scalarStart : open;
        const region = regionAt(text, from, open, depth > 1);
        open = -1;
        scalarStart = -1;
        depth = Math.max(0, depth - 1);
        if (region === undefined) continue;
        found.push(region);
        if (found.length >= MAX_MENDED) break;
        skipUntil = region.end;
      } else {
        open = start;
        depth++;
      }
      continue;
    }
    open = -1;
    if (token === '[') depth++;
    else if (token === '}' || token === ']') depth = Math.max(0, depth - 1);
    if (/^[ \t]+$/.test(token)) continue;
    scalarStart = depth > 0 && /^[^\s'"[\]{},:&*!|>#%@`-]/.test(token) && !token.includes('\n') ? start : -1;
  }
  return found;
}

/** The whole value that a template belongs to: to the end of the line, or inside `{ }` and `[ ]` to the next mark. */
function regionAt(text: string, from: number, braces: number, inFlow: boolean): Mended | undefined {
  const lineEnd = endOfLine(text, from);
  let end = closeOf(text.slice(0, lineEnd), braces);
  if (end < 0) return undefined;
  while (end < lineEnd) {
    if (text.startsWith('{{', end)) {
      end = closeOf(text.slice(0, lineEnd), end);
      if (end < 0) return undefined;
    } else if (inFlow && /[,\]}]/.test(text[end]!)) break;
    else if (text[end] === '#' && /\s/.test(text[end - 1]!)) break;
    // A key that is a template: it ends at its colon.
    else if (text[end] === ':' && (end + 1 === lineEnd || /\s/.test(text[end + 1]!))) break;
    else end++;
  }
  while (end > from && /\s/.test(text[end - 1]!)) end--;
  return { start: from, end, value: text.slice(from, end) };
}

function closeOf(line: string, braces: number): number {
  const part = scan(line.slice(braces)).find((each) => each.kind !== 'text');
  return part?.kind === 'expression' ? braces + part.end + 2 : -1;
}

function endOfLine(text: string, from: number): number {
  const line = text.indexOf('\n', from);
  const end = line < 0 ? text.length : line;
  return text[end - 1] === '\r' ? end - 1 : end;
}

/**
 * A plain text with a `{{ … }}` in it that holds `: ` or ` #`, which YAML gives a meaning: the value of the line at
 * `offset`, if it is such a one.
 */
export function plainWithTemplate(lines: LineIndex, offset: number): Mended | undefined {
  const { line } = lines.position(offset);
  const start = lines.lineStart(line);
  // With the key, or where there is none: never a key and its value, if that begins with a mark of YAML.
  const match = /^(\s*(?:- +)*[\w$.-]+: +|\s*(?:- +)*(?![\w$.-]+: +["'|>&*!{[#-]))([^\s"'|>&*!{[#-].*)$/.exec(
    lines.line(line),
  );
  if (!match || !match[2]!.includes('{{')) return undefined;
  const from = start + match[1]!.length;
  const region = regionAt(lines.text, from, from + match[2]!.indexOf('{{'), false);
  return region && region.end > offset - 1 ? region : undefined;
}

/** The same text with each region covered by a plain word of the same length, so that no offset moves. */
export function cover(text: string, regions: Mended[]): string {
  let out = '';
  let at = 0;
  for (const region of regions) {
    out += text.slice(at, region.start) + 'x'.repeat(region.end - region.start);
    at = region.end;
  }
  return out + text.slice(at);
}
