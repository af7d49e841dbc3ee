/**
 * V8's code cache holds what is compiled when a file is loaded. A function is compiled when it is first called, so in
 * every process anew, which took a quarter of a start; one in parentheses is compiled with its file and is in the
 * cache. Here the functions that starts call (`calledInStarts`) are put in parentheses.
 */

/** A function by its place in the text. */
export interface Range {
  start: number;
  end: number;
}

/**
 * The text, as esbuild prints it with its lines, with the functions of `called` in parentheses: arrow functions and
 * function expressions where they stand, declarations of the module as variables at its top, where they are there as
 * early as before, modules of CommonJS as functions of their names. Other methods and async arrow functions stay as
 * they are: V8 looks at no parentheses around them.
 */
export function makeEager(text: string, called: readonly Range[]): string {
  const marks: { at: number; mark: '(' | ': (function' | ')' }[] = [];
  const declared: (Range & { name: string })[] = [];
  for (const { start, end } of called) {
    const source = text.slice(start, end);
    const name = start === 0 || text[start - 1] === '\n' ? DECLARATION.exec(source)?.[2] : undefined;
    if (name !== undefined) declared.push({ start, end, name });
    else if (isArrow(source) || isFunctionExpression(text, start))
      marks.push({ at: start, mark: '(' }, { at: end, mark: ')' });
    else {
      const module = COMMONJS.exec(source)?.[1];
      if (module !== undefined)
        marks.push({ at: start + module.length, mark: ': (function' }, { at: end, mark: ')' });
    }
  }
  // What ends at a place ends before anything begins there.
  marks.sort((a, b) => a.at - b.at || (a.mark === b.mark ? 0 : a.mark === ')' ? -1 : 1));
  const marked = (start: number, end: number): string => {
    let out = '';
    let at = start;
    for (const { at: place, mark } of marks) {
      if (place < start || place > end) continue;
      out += text.slice(at, place) + mark;
      at = place;
    }
    return out + text.slice(at, end);
  };
  let top = '';
  let rest = '';
  let at = 0;
  for (const { start, end, name } of declared.sort((a, b) => a.start - b.start)) {
    top += `var ${name} = (${marked(start, end).replace(DECLARATION, '$1')});\n`;
    rest += marked(at, start);
    at = end;
  }
  return top + rest + marked(at, text.length);
}

const DECLARATION = /^((?:async )?function\*?) ([\w$]+)/;

/** `"node_modules/a/b.js"(exports, module) {`: how esbuild prints a module of CommonJS. */
const COMMONJS = /^("(?:[^"\\\n]|\\.)+")\((?:\w+(?:, \w+)?)?\) \{/;

const isFunctionExpression = (text: string, start: number): boolean =>
  /^(?:async )?function\b/.test(text.slice(start, start + 20)) &&
  /[=(,:[?&|]\s*$/.test(text.slice(start - 10, start));

/** Whether it is `x => …` or `(…) => …`. */
function isArrow(source: string): boolean {
  if (/^[\w$]+ =>/.test(source)) return true;
  if (source[0] !== '(') return false;
  let depth = 0;
  for (let i = 0; i < source.length; i++) {
    if (source[i] === '(') depth++;
    else if (source[i] === ')' && --depth === 0) return source.startsWith(' =>', i + 1);
  }
  return false;
}
