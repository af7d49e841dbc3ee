/** A text with one encoding taken off, and the way back to where each of its characters stands. */
export interface View {
  text: string;
  /** Where the decoded character `index` begins in the encoded text. */
  start(index: number): number;
  /** Where the decoded character `index` ends there. */
  end(index: number): number;
  /** It reaches to the end of the encoded text: what is decoded here may go on there. */
  last: boolean;
  /** Decoded from bytes that need not be text. */
  isBinary?: boolean;
  /** Where the part begins that cannot be decoded before more of the text is there. */
  rest?: number;
}

/**
 * What a text reads as, for each encoding that it may be written in; bytes are one character each. Stretches that
 * decode to fewer than `shortest` characters are passed over. `firsts`: the codes that what is looked for begins with.
 */
export function* decodings(text: string, shortest: number, firsts: readonly number[]): Generator<View> {
  yield* escapes(text);
  yield* packed(text, 6, shortest, firsts);
  yield* packed(text, 4, shortest, firsts);
  yield* numbers(text, HEX_LIST, 16, shortest);
  yield* numbers(text, DECIMAL_LIST, 10, shortest);
}

const ESCAPE =
  /%[0-9a-fA-F]{2}|\\(?:u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|["'\\/bfnrt])|&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|amp|lt|gt|quot|apos|nbsp);/g;
const BEGINNING = /(?:%[0-9a-fA-F]?|\\(?:u[0-9a-fA-F]{0,3}|x[0-9a-fA-F]?)?|&[#0-9a-zA-Z]{0,8})$/;
const LONGEST_BEGINNING = 9;
const SHORT: Record<string, string> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };
const NAMED: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0' };

function characterOf(token: string): string {
  const kind = token[1]!;
  if (token[0] === '%') return String.fromCharCode(Number.parseInt(token.slice(1), 16));
  if (token[0] === '\\')
    return kind === 'u' || kind === 'x'
      ? String.fromCharCode(Number.parseInt(token.slice(2), 16))
      : (SHORT[kind] ?? kind);
  if (kind !== '#') return NAMED[token.slice(1, -1)]!;
  const number = /[xX]/.test(token[2]!) ? Number.parseInt(token.slice(3), 16) : Number(token.slice(2, -1));
  // One character for each token keeps the way back simple.
  return String.fromCharCode(Math.min(number, 0xffff));
}

/** Escapes of URLs, JSON and HTML, taken off once. */
export const unescaped = (text: string): string => text.replace(ESCAPE, characterOf);

function* escapes(text: string): Generator<View> {
  const tail = text.slice(-LONGEST_BEGINNING);
  const begun = BEGINNING.exec(tail);
  const whole = begun === null ? text.length : text.length - tail.length + begun.index;
  const tokens = new Places();
  let saved = 0;
  const out = text.slice(0, whole).replace(ESCAPE, (token, offset: number) => {
    tokens.add(offset - saved, offset, offset + token.length);
    saved += token.length - 1;
    return characterOf(token);
  });
  if (tokens.size === 0 && whole === text.length) return;
  yield {
    text: out,
    start: (index) => tokens.start(index),
    end: (index) => tokens.end(index),
    last: true,
    ...(whole === text.length ? {} : { rest: whole }),
  };
}

/** Characters of a decoded text that stand for more than one, and where; all others stand for themselves. */
class Places {
  private readonly at: number[] = [];
  private readonly from: number[] = [];
  private readonly to: number[] = [];

  get size(): number {
    return this.at.length;
  }

  add(at: number, from: number, to: number): void {
    this.at.push(at);
    this.from.push(from);
    this.to.push(to);
  }

  start(index: number): number {
    const token = this.lastUpTo(index);
    if (token < 0) return index;
    return this.at[token] === index ? this.from[token]! : this.to[token]! + index - this.at[token]! - 1;
  }

  end(index: number): number {
    const token = this.lastUpTo(index);
    return token < 0 ? index + 1 : this.to[token]! + index - this.at[token]!;
  }

  private lastUpTo(index: number): number {
    let low = 0;
    let high = this.at.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.at[middle]! <= index) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const bitsOf = (char: string, bits: 4 | 6): number =>
  bits === 4 ? Number.parseInt(char, 16) : BASE64.indexOf(char.replace('-', '+').replace('_', '/'));

/** Whether a character is of an alphabet, by its code. */
type Alphabet = readonly boolean[];
const alphabet = (chars: RegExp): Alphabet =>
  Array.from({ length: 256 }, (_, code) => chars.test(String.fromCharCode(code)));
const PACKED = { 6: alphabet(/[A-Za-z0-9+/_\r\n-]/), 4: alphabet(/[0-9a-fA-F]/) };
const PRINTABLE = alphabet(/[\t\n\r\x20-\x7e]/);

/**
 * What is left of the last group of base64, and how it is filled up: it tells the length of a secret, and two values
 * of one secret would not be recorded alike.
 */
const REST = /[A-Za-z0-9+/_-]{0,3}(?![A-Za-z0-9+/_-])={0,2}/y;

/** Base64 (6 bits a character, both alphabets, wrapped or not) and hex (4), read from each place it may begin at. */
function* packed(text: string, bits: 4 | 6, shortest: number, firsts: readonly number[]): Generator<View> {
  for (const [begin, end] of stretches(text, PACKED[bits], Math.floor((shortest * 8) / bits))) {
    const raw = text.slice(begin, end);
    const chars = raw.replace(/[\r\n]+/g, '');
    let places: number[] | undefined;
    const place = (index: number): number => {
      if (chars.length === raw.length) return begin + index;
      places ??= [...raw].flatMap((char, i) => (char === '\r' || char === '\n' ? [] : [begin + i]));
      return places[index] ?? end;
    };
    const last = end === text.length;
    for (let offset = 0; offset < (bits === 6 ? 4 : 2) && offset < chars.length; offset++) {
      const size = (chars.length - offset) * bits;
      const bytes = size >> 3;
      const over = size & 7;
      // The last character may hold the first bits of what is looked for.
      const bitsOver = bitsOf(chars.at(-1)!, bits) & ((1 << over) - 1);
      const begins = last && over > 0 && firsts.some((first) => first >> (8 - over) === bitsOver);
      yield {
        text: Buffer.from(chars.slice(offset), bits === 6 ? 'base64' : 'hex').toString('latin1'),
        start: (index) => place(offset + Math.floor((index * 8) / bits)),
        end(index) {
          const at = offset + Math.ceil(((index + 1) * 8) / bits) - 1;
          REST.lastIndex = place(at) + 1;
          return place(at) + 1 + (bits === 6 ? (REST.exec(text)?.[0].length ?? 0) : 0);
        },
        last,
        isBinary: true,
        ...(begins ? { rest: place(offset + Math.floor((bytes * 8) / bits)) } : {}),
      };
    }
  }
}

/**
 * Where `least` and more characters of an alphabet stand in a row; at the end of the text however few, since it may
 * go on. One character in `least` is looked at where there are none.
 */
function* stretches(text: string, letters: Alphabet, least: number): Generator<[from: number, to: number]> {
  const step = Math.max(1, least);
  let from = 0;
  while (from + step <= text.length) {
    let at = from + step - 1;
    while (at >= from && letters[text.charCodeAt(at)]) at--;
    if (at >= from) {
      from = at + 1;
      continue;
    }
    let to = from + step;
    while (to < text.length && letters[text.charCodeAt(to)]) to++;
    yield [from, to];
    from = to + 1;
  }
  if (from >= text.length) return;
  let begin = text.length;
  while (begin > from && letters[text.charCodeAt(begin - 1)]) begin--;
  if (begin < text.length) yield [begin, text.length];
}

/** The parts of decoded bytes that can be encoded again: what is neither text nor of one of `forms` is none. */
export function textIn(
  forms: readonly string[],
): (bytes: string, least: number) => Generator<[number, number]> {
  const letters = [...PRINTABLE];
  for (const form of forms) for (let i = 0; i < form.length; i++) letters[form.charCodeAt(i)] = true;
  return (bytes, least) => stretches(bytes, letters, least);
}

/** Bytes as they are listed: `73 6b 2d`, `<Buffer 73 6b>`, `0x73, 0x6b`; `115,107,45`, `[ 115, 107, 45 ]`. */
const HEX_LIST =
  /(?<![0-9a-zA-Z])(?:0x)?[0-9a-fA-F]{2}(?:[\s,:-]\s*(?:0x)?[0-9a-fA-F]{2}(?![0-9a-zA-Z])){3,}/g;
const DECIMAL_LIST = /(?<![0-9.])\d{1,3}(?:[\s,;]\s*\d{1,3}(?![0-9.])){3,}/g;

function* numbers(text: string, list: RegExp, base: 10 | 16, shortest: number): Generator<View> {
  for (const { 0: found, index: begin } of text.matchAll(list)) {
    if (found.length < shortest * 2 - 1) continue;
    const digits = base === 16 ? found.replaceAll('0x', '') : found;
    let places: [from: number, to: number][] | undefined;
    const place = (index: number): [from: number, to: number] => {
      places ??= [...found.matchAll(/[0-9a-fA-Fx]+/g)].map(({ 0: token, index: at }) => [
        begin + at,
        begin + at + token.length,
      ]);
      return places[index] ?? [begin + found.length, begin + found.length];
    };
    yield {
      text: Buffer.from(digits.split(/[^0-9a-fA-F]+/).map((token) => Number.parseInt(token, base))).toString(
        'latin1',
      ),
      start: (index) => place(index)[0],
      end: (index) => place(index)[1],
      last: false,
    };
  }
}
