/** How a scalar was written; the names are those of the `yaml` package. */
export type ScalarStyle = 'PLAIN' | 'QUOTE_DOUBLE' | 'QUOTE_SINGLE' | 'BLOCK_LITERAL' | 'BLOCK_FOLDED';

/** A longer text is pointed at as a whole. */
const MAX_SCALAR = 200_000;

/**
 * For each character of a scalar's value, where it stands in the source; one entry more for the end. Undefined when
 * value and source do not meet, so that a caller falls back to the scalar's whole range rather than to a wrong place.
 * `start` and `end` are the offsets of the scalar with its quotes, or with the header of its block.
 */
export function scalarOffsets(
  text: string,
  start: number,
  end: number,
  value: string,
  style: ScalarStyle,
): number[] | undefined {
  if (end - start > MAX_SCALAR) return undefined;
  const source = text.slice(start, end);
  switch (style) {
    case 'BLOCK_LITERAL':
    case 'BLOCK_FOLDED':
      return blockOffsets(source, start, value);
    case 'QUOTE_DOUBLE':
      return flowOffsets(source.slice(1, -1), start + 1, value, doubleQuoted);
    case 'QUOTE_SINGLE':
      return flowOffsets(source.slice(1, -1), start + 1, value, singleQuoted);
    case 'PLAIN':
      return flowOffsets(source, start, value, () => undefined);
  }
}

/** What an escape at `at` stands for, and how many characters of the source it takes. */
type Unescape = (source: string, at: number) => { chars: number; value: string } | undefined;

const SIMPLE: Record<string, string> = {
  '0': '\0', a: '\x07', b: '\b', t: '\t', '\t': '\t', n: '\n', v: '\v', f: '\f', r: '\r', e: '\x1b',
  ' ': ' ', '"': '"', '/': '/', '\\': '\\', N: '\x85', _: '\xa0', L: '\u2028', P: '\u2029',
}; // biome-ignore format: a table

const HEX: Record<string, number> = { x: 2, u: 4, U: 8 };

const doubleQuoted: Unescape = (source, at) => {
  if (source[at] !== '\\') return undefined;
  const next = source[at + 1] ?? '';
  const digits = HEX[next];
  if (digits !== undefined) {
    const code = Number.parseInt(source.slice(at + 2, at + 2 + digits), 16);
    if (!Number.isInteger(code) || code > 0x10ffff) return undefined;
    return { chars: 2 + digits, value: String.fromCodePoint(code) };
  }
  const line = /^\\[ \t]*\r?\n[ \t]*/.exec(source.slice(at, at + 4096));
  if (line) return { chars: line[0].length, value: '' };
  const simple = SIMPLE[next];
  return simple === undefined ? undefined : { chars: 2, value: simple };
};

const singleQuoted: Unescape = (source, at) =>
  source[at] === "'" && source[at + 1] === "'" ? { chars: 2, value: "'" } : undefined;

/** Plain and quoted scalars: escapes, and lines that are folded (one break is a space, each further one a newline). */
function flowOffsets(source: string, start: number, value: string, escaped: Unescape): number[] | undefined {
  const offsets: number[] = [];
  let made = '';
  let at = 0;
  const put = (text: string) => {
    for (let i = 0; i < text.length; i++) offsets.push(start + at);
    made += text;
  };
  let spaceEnd = 0;
  while (at < source.length) {
    if (at >= spaceEnd && isSpace(source[at]!)) {
      const fold = foldAt(source, at);
      if (fold !== undefined) {
        put(fold.value);
        at += fold.chars;
        continue;
      }
      // Blanks inside a line stand for themselves; they are not looked at again one by one.
      spaceEnd = at + 1;
      while (spaceEnd < source.length && isSpace(source[spaceEnd]!)) spaceEnd++;
    }
    const found = escaped(source, at);
    put(found?.value ?? source[at]!);
    at += found?.chars ?? 1;
  }
  offsets.push(start + at);
  return made === value ? offsets : undefined;
}

const isSpace = (char: string): boolean => char === ' ' || char === '\t' || char === '\r' || char === '\n';

/** White space with at least one line break in it, read in one pass; undefined when there is none at `at`. */
function foldAt(source: string, at: number): { chars: number; value: string } | undefined {
  let end = at;
  let breaks = 0;
  for (; end < source.length; end++) {
    const char = source[end];
    if (char === '\n') breaks++;
    else if (char !== ' ' && char !== '\t' && char !== '\r') break;
  }
  if (breaks === 0) return undefined;
  return { chars: end - at, value: breaks === 1 ? ' ' : '\n'.repeat(breaks - 1) };
}

/** `|` and `>`: the lines' own text stands in the value in order; between them is only space. */
function blockOffsets(source: string, start: number, value: string): number[] | undefined {
  const headerEnd = source.indexOf('\n');
  if (headerEnd < 0) return value === '' ? [start] : undefined;
  const lines: { text: string; at: number }[] = [];
  for (let at = headerEnd + 1; at <= source.length; ) {
    const next = source.indexOf('\n', at);
    const end = next < 0 ? source.length : next;
    lines.push({ text: source.slice(at, source[end - 1] === '\r' && end > at ? end - 1 : end), at });
    at = end + 1;
  }
  const indent = blockIndent(lines);
  const offsets = new Array<number>(value.length + 1).fill(-1);
  let from = 0;
  for (const line of lines) {
    const content = line.text.slice(indent);
    if (content.trim() === '') continue;
    const found = value.indexOf(content, from);
    if (found < 0 || value.slice(from, found).trim() !== '') return undefined;
    for (let i = 0; i < content.length; i++) offsets[found + i] = start + line.at + indent + i;
    from = found + content.length;
    offsets[from] = start + line.at + line.text.length;
  }
  if (value.slice(from).trim() !== '') return undefined;
  // Space between lines belongs to the end of the line before it.
  let last = start;
  for (let i = 0; i < offsets.length; i++) {
    if (offsets[i]! < 0) offsets[i] = last;
    last = offsets[i]!;
  }
  return offsets;
}

/**
 * The least indentation of the lines. A number in the header counts from the parent's, which is not known here: what is
 * more than the least belongs to the text then, and is found as part of it.
 */
function blockIndent(lines: { text: string }[]): number {
  let least = Number.POSITIVE_INFINITY;
  for (const { text } of lines) {
    const bare = text.trimStart();
    if (bare !== '') least = Math.min(least, text.length - bare.length);
  }
  return Number.isFinite(least) ? least : 0;
}
