import { Lexer } from 'yaml';
import { MAX_DEPTH } from './to-json.ts';

/** Longer texts are looked at by their tokens in any case. */
const LONG_TEXT = 200_000;

/**
 * Where a text is nested too deep, by its tokens alone; undefined when it is not. The parser is recursive and takes
 * seconds to run out of stack: a long text is looked at before. Blocks that are nested by indentation are short, since
 * each level takes a line that is longer than the one before; they are counted when the tree is read.
 */
export function tooDeep(text: string): number | undefined {
  return text.length > LONG_TEXT || looksDeep(text) ? deepToken(text) : undefined;
}

/** A look at the characters alone, which takes next to nothing; texts in quotes may mislead it. */
function looksDeep(text: string): boolean {
  let open = 0;
  let marks = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x5b || code === 0x7b) open++;
    else if (code === 0x5d || code === 0x7d) open = Math.max(0, open - 1);
    else if (code === 0x2d || code === 0x3f) marks++;
    else if (code === 0x0a) marks = 0;
    if (open > MAX_DEPTH || marks > MAX_DEPTH) return true;
  }
  return false;
}

function deepToken(text: string): number | undefined {
  let offset = 0;
  let open = 0;
  let marks = 0;
  for (const token of new Lexer().lex(text)) {
    if (token === '\x02' || token === '\x18' || token === '\x1f') continue;
    if (token === '[' || token === '{') open++;
    else if (token === ']' || token === '}') open = Math.max(0, open - 1);
    else if (token === '-' || token === '?') marks++;
    else if (token.includes('\n')) marks = 0;
    // Expressions without quotes have braces too, two a time and closed again.
    if (open > MAX_DEPTH * 2 || marks > MAX_DEPTH) return offset;
    offset += token.length;
  }
  return undefined;
}
