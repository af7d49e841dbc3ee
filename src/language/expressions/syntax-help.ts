/** What other languages write, and how it is written here; tried in order on the source around a syntax error. */
const SLIPS: { pattern: RegExp; help: string }[] = [
  { pattern: /={3}|!==/, help: 'Equality is `==`, inequality `!=`; both compare deeply.' },
  {
    pattern: /\?\?/,
    help: 'For a default write `value.orValue(default)`; for a field that may be absent `a.?b.orValue(default)`.',
  },
  { pattern: /\?\./, help: 'An optional field is written `a.?b`: the question mark comes after the point.' },
  { pattern: /=>/, help: 'Write `list.map(x, x.price)`: the name first, then the result.' },
  {
    pattern: /`/,
    help: "Texts are in single or double quotes; a template around {{ }} joins them: 'a' + b.",
  },
  { pattern: /\$\{/, help: 'Inside {{ }} a variable is written without the `$` and its braces.' },
  { pattern: /(^|\s)(and|or|not)\s/, help: 'Write `&&`, `||` and `!`.' },
  { pattern: /(^|[^&])&($|[^&])/, help: 'Write `&&`.' },
  { pattern: /(^|[^|])\|($|[^|])/, help: 'There are no pipes: write `value.lower()` or `a || b`.' },
  { pattern: /\*\*/, help: 'There is no power; multiply instead.' },
  { pattern: /\.\.\./, help: 'There is no spread: write `merge(a, b)` or `a + b`.' },
  {
    pattern: /[^=!<>]=($|[^=])/,
    help: 'Equality is `==`. Expressions cannot assign; `cel.bind(x, value, body)` names a value.',
  },
  { pattern: /;/, help: 'An expression is one value, without statements.' },
  {
    pattern: /#|^\/|%\}/,
    help: "Blocks such as {{#if}} are not part of the language: write `a ? b : c`. The literal text is {{ '{{' }}.",
  },
  { pattern: /\.(in|true|false|null)\b/, help: "This name is a reserved word: write a['in']." },
];

const TOKENS: Record<string, string> = {
  EOF: 'the end',
  NUMBER: 'a number',
  STRING: 'a text',
  BOOLEAN: 'true or false',
  NULL: 'null',
  IDENTIFIER: 'a name',
  PLUS: "'+'",
  MINUS: "'-'",
  MULTIPLY: "'*'",
  DIVIDE: "'/'",
  MODULO: "'%'",
  EQ: "'=='",
  NE: "'!='",
  LT: "'<'",
  LE: "'<='",
  GT: "'>'",
  GE: "'>='",
  AND: "'&&'",
  OR: "'||'",
  NOT: "'!'",
  IN: "'in'",
  LPAREN: "'('",
  RPAREN: "')'",
  LBRACKET: "'['",
  RBRACKET: "']'",
  LBRACE: "'{'",
  RBRACE: "'}'",
  DOT: "'.'",
  COMMA: "','",
  COLON: "':'",
  QUESTION: "'?'",
  BYTES: 'bytes',
};

const named = (text: string): string => text.replace(/\b[A-Z]{2,}\b/g, (token) => TOKENS[token] ?? token);

/** The parser's message in words: its token names become what one types. */
export function syntaxMessage(code: string, summary: string, found: string): string {
  if (code === 'expected_token') return `${named(summary)}`.replace(', got', ' here, and found');
  if (code === 'unexpected_token')
    return `A value is missing here: found ${named(summary.replace('Unexpected token: ', ''))}`;
  if (code === 'unexpected_character')
    return found === '' ? 'The expression ends too early' : `Did not expect '${found}' here`;
  if (code.startsWith('unterminated')) return 'A text is not closed';
  if (code === 'newline_in_string')
    return 'A text in quotes ends before its closing quote; triple quotes may span lines';
  return summary;
}

/** How a mistake near `start` is written here, when it is a known one. */
export function syntaxHelp(source: string, start: number): string | undefined {
  const near = source.slice(Math.max(0, start - 6), start + 4);
  return SLIPS.find((slip) => slip.pattern.test(near))?.help ?? openBracket(source);
}

const PAIRS: Record<string, string> = { '(': ')', '[': ']', '{': '}' };

/** Which bracket is open at the end of an expression; texts in quotes aside. */
function openBracket(source: string): string | undefined {
  const open: number[] = [];
  for (const { 0: mark, index } of source.matchAll(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[([{)\]}]/g)) {
    if (mark in PAIRS) open.push(index);
    else if (/^[)\]}]$/.test(mark) && PAIRS[source[open.at(-1) ?? -1] ?? ''] === mark) open.pop();
  }
  const at = open.at(-1);
  if (at === undefined) return undefined;
  const before = /[\w.]*$/.exec(source.slice(0, at))![0].slice(-40);
  return `Close the bracket of \`${before}${source[at]}\` with ${PAIRS[source[at]!]}.`;
}
