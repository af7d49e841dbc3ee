/** A piece of JavaScript or TypeScript: enough to see calls and what they are given, not a syntax tree. */
export interface ScriptToken {
  /** `text`: a string, or a template, whose `text` is what stands before its first `${`. */
  kind: 'word' | 'text' | 'mark';
  text: string;
  /** Of a template: false where `${` follows `text`. */
  whole: boolean;
  start: number;
  end: number;
}

/** After one of these a slash begins a regular expression. */
const BEFORE_REGEX =
  /^(?:return|typeof|case|in|of|do|else|void|delete|throw|new|await|yield|instanceof|=>|[=(,:;!&|?{}[+\-*%<>~^])$/;
const WORD = /[\p{ID_Start}$_#][\p{ID_Continue}$\u200c\u200d]*/uy;
const NUMBER = /\d[\w.]*/y;
const REGEX = /\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/y;

/** Reads a script from its beginning to its end; comments and the content of regular expressions are left out. */
export function scriptTokens(script: string): ScriptToken[] {
  const tokens: ScriptToken[] = [];
  /** Of each template that is open: how many braces are open in its `${`. */
  const templates: number[] = [];
  let at = 0;
  const add = (kind: ScriptToken['kind'], text: string, end: number, whole = true): void => {
    tokens.push({ kind, text, whole, start: at, end });
    at = end;
  };
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(script)?.[0];
  };
  /** From behind the quote, or behind the brace that ends a `${…}`. */
  const template = (from: number): void => {
    let end = from;
    while (end < script.length && script[end] !== '`' && !script.startsWith('${', end))
      end += script[end] === '\\' ? 2 : 1;
    const open = script.startsWith('${', end);
    add('text', plain(script.slice(from, end)), end + (open ? 2 : 1), !open);
    if (open) {
      templates.push(0);
      tokens.push({ kind: 'mark', text: '${', whole: true, start: at - 2, end: at });
    }
  };

  while (at < script.length) {
    const char = script[at]!;
    if (/\s/.test(char)) at++;
    else if (script.startsWith('//', at)) at = ended(script, '\n', at);
    else if (script.startsWith('/*', at)) at = ended(script, '*/', at + 2);
    else if (char === "'" || char === '"') {
      let end = at + 1;
      while (end < script.length && script[end] !== char && script[end] !== '\n')
        end += script[end] === '\\' ? 2 : 1;
      add('text', plain(script.slice(at + 1, end)), end + 1);
    } else if (char === '`') template(at + 1);
    else if (char === '}' && templates.at(-1) === 0) {
      templates.pop();
      tokens.push({ kind: 'mark', text: '$}', whole: true, start: at, end: at + 1 });
      template(at + 1);
    } else {
      const last = tokens.at(-1);
      const regex =
        char === '/' && (last === undefined || (last.kind !== 'text' && BEFORE_REGEX.test(last.text)))
          ? match(REGEX)
          : undefined;
      const word = match(WORD);
      const number = match(NUMBER);
      if (regex) add('mark', '/re/', at + regex.length);
      else if (word) add('word', word, at + word.length);
      else if (number) add('mark', '0', at + number.length);
      else {
        if (templates.length > 0 && char === '{') templates[templates.length - 1]! += 1;
        if (templates.length > 0 && char === '}') templates[templates.length - 1]! -= 1;
        const mark = ['=>', '?.'].find((each) => script.startsWith(each, at)) ?? char;
        add('mark', mark, at + mark.length);
      }
    }
  }
  return tokens;
}

function ended(script: string, mark: string, from: number): number {
  const end = script.indexOf(mark, from);
  return end < 0 ? script.length : end + mark.length;
}

/** Escapes that one meets in addresses and names; the others stay as they are written. */
const plain = (text: string): string => text.replace(/\\([/'"`$\\])/g, '$1');
