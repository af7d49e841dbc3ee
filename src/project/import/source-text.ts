/**
 * How names and texts of a foreign document get into generated source: nothing of it is ever written as it stands, so
 * that no description, key or path of a document can become code.
 */

/** A TypeScript string literal, in the quotes that the text itself does not have. */
export function literal(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  let out = quote;
  for (const char of text) {
    const code = char.codePointAt(0)!;
    if (char === quote || char === '\\') out += `\\${char}`;
    else if (char === '\n') out += '\\n';
    else if (char === '\r') out += '\\r';
    else if (char === '\t') out += '\\t';
    else if (needsEscape(code)) out += `\\u{${code.toString(16)}}`;
    else out += char;
  }
  return out + quote;
}

/** Control characters, line separators, half surrogates, and what turns the direction of text around. */
const needsEscape = (code: number): boolean =>
  code < 0x20 ||
  (code >= 0x7f && code <= 0x9f) ||
  (code >= 0x200b && code <= 0x200f) ||
  (code >= 0x2028 && code <= 0x202e) ||
  (code >= 0x2066 && code <= 0x2069) ||
  code === 0xfeff ||
  (code >= 0xd800 && code <= 0xdfff);

const IDENTIFIER = /^[A-Za-z_$][A-Za-z0-9_$]*$/;

/** A key of an object literal. `__proto__` would set the prototype, so it is computed. */
export const propertyKey = (name: string): string =>
  name === '__proto__' ? "['__proto__']" : IDENTIFIER.test(name) ? name : literal(name);

/** Reads a property: `input.id`, `input['x-id']`. */
export const memberOf = (object: string, name: string): string =>
  IDENTIFIER.test(name) && name !== '__proto__' ? `${object}.${name}` : `${object}[${literal(name)}]`;

/** Text for a comment: one line, that can't end the comment. */
export const commentText = (text: string, most = 200): string =>
  sentence(text, most)
    .replaceAll('*/', '* /')
    .replace(/[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu, '');

/** A description on one line, without markup that says nothing on a terminal, cut at a word. */
export function sentence(text: string, most = 300): string {
  const line = text
    .replace(/<\/?(?:p|br|ul|ol|li|b|i|em|strong|code|span|div|a)\b[^>]{0,200}>/gi, ' ')
    .replace(/\[([^\]\n]{1,200})\]\([^)\s]{1,500}\)/g, '$1')
    .replace(/\s+/g, ' ')
    .trim();
  if (line.length <= most) return line;
  const cut = line.slice(0, most);
  const space = cut.lastIndexOf(' ');
  return `${(space > most / 2 ? cut.slice(0, space) : cut).replace(/[\s,;:.\uD800-\uDBFF]+$/, '')}…`;
}

/** Words of a name: `getUserByID` -> get, user, by, id. */
function words(name: string): string[] {
  return name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== '');
}

/** `getUserByID` -> `get-user-by-id`; starts with a letter; may be empty. */
export const kebab = (name: string): string =>
  words(name)
    .map((word) => word.toLowerCase())
    .join('-')
    .replace(/^[0-9-]+/, '');

/** `file--Full` -> `FileFull`; always an identifier. */
export function pascal(name: string): string {
  const joined = words(name)
    .map((word) => word[0]!.toUpperCase() + word.slice(1))
    .join('')
    .slice(0, 80);
  return /^[A-Za-z]/.test(joined) ? joined : `Schema${joined}`;
}

/** `my api` -> `MY_API`; starts with a letter. */
export function constant(name: string): string {
  const joined = words(name)
    .map((word) => word.toUpperCase())
    .join('_')
    .slice(0, 60);
  return /^[A-Z]/.test(joined) ? joined : `API_${joined}`.replace(/_$/, '');
}

/** Gives every name once: the second `get` is `get-2`. */
export class UniqueNames {
  readonly #taken: Set<string>;

  constructor(taken: Iterable<string> = []) {
    this.#taken = new Set(taken);
  }

  take(name: string, join = '-'): string {
    let free = name;
    for (let count = 2; this.#taken.has(free); count++) free = `${name}${join}${count}`;
    this.#taken.add(free);
    return free;
  }
}

/** A JSON value as a literal of TypeScript, laid out over lines where it is long. */
export function jsonLiteral(value: unknown, indent = ''): string {
  if (typeof value === 'string') return literal(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const items = Array.isArray(value)
    ? value.map((item) => jsonLiteral(item, `${indent}  `))
    : Object.entries(value).map(([key, item]) => `${propertyKey(key)}: ${jsonLiteral(item, `${indent}  `)}`);
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  if (items.length === 0) return `${open}${close}`;
  const pad = Array.isArray(value) ? '' : ' ';
  const line = `${open}${pad}${items.join(', ')}${pad}${close}`;
  if (line.length + indent.length <= 100 && !line.includes('\n')) return line;
  return `${open}\n${items.map((item) => `${indent}  ${item},\n`).join('')}${indent}${close}`;
}
