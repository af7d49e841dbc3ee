// Made when a text first needs it: it costs more than the rest of a short command's output.
let segmenter: Intl.Segmenter | undefined;
const graphemes = (text: string): Iterable<{ segment: string }> => {
  segmenter ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  return segmenter.segment(text);
};

const CONTROL = /\x1B(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1B]*(?:\x07|\x1B\\)|[@-Z\\-_])/g;
const PLAIN = /^[\x20-\x7E]*$/;
// Latin, dashes, quotes, arrows, boxes, and our own marks: a column each, known without looking them up.
const NARROW =
  /^[\x20-\x7E\u00A0-\u00AC\u00AE-\u02FF\u2013\u2014\u2018-\u201D\u2026\u2190-\u2193\u21BB\u2298\u2500-\u259F\u25B2\u25B8\u25CC\u25CF\u25D4\u2713\u2717\u2800-\u28FF]*$/;
const ZERO = /^[\p{Mark}\p{Control}\p{Default_Ignorable_Code_Point}]+$/u;
// East Asian Wide and Fullwidth blocks (Unicode TR 11), coarse where a block is wide as a whole.
const WIDE =
  /^[\u1100-\u115F\u2E80-\u303E\u3041-\u33FF\u3400-\u4DBF\u4E00-\u9FFF\uA000-\uA4CF\uA960-\uA97F\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{17000}-\u{18AFF}\u{1B000}-\u{1B2FF}\u{20000}-\u{3FFFD}]/u;
const EMOJI = /\p{Emoji_Presentation}|\p{Emoji}\uFE0F/u;

/** The text without colours and other control sequences. */
export const withoutControl = (text: string): string => text.replace(CONTROL, '');

function graphemeWidth(grapheme: string): number {
  if (ZERO.test(grapheme)) return 0;
  return WIDE.test(grapheme) || EMOJI.test(grapheme) ? 2 : 1;
}

/** Columns that a text takes in a terminal, colours not counted. */
export function textWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  const bare = withoutControl(text);
  if (NARROW.test(bare)) return bare.length;
  let width = 0;
  for (const { segment } of graphemes(bare)) width += graphemeWidth(segment);
  return width;
}

/** At most `columns` wide; what is cut is marked. Colours stay and are closed. */
export function truncate(text: string, columns: number, mark = '…'): string {
  if (columns <= 0) return '';
  if (textWidth(text) <= columns) return text;
  const room = columns - textWidth(mark);
  let out = '';
  let width = 0;
  let colored = false;
  let at = 0;
  const take = (piece: string): boolean => {
    for (const { segment } of graphemes(piece)) {
      const next = graphemeWidth(segment);
      if (width + next > room) return false;
      out += segment;
      width += next;
    }
    return true;
  };
  for (const match of text.matchAll(CONTROL)) {
    if (!take(text.slice(at, match.index))) return `${out}${mark}${colored ? '\x1B[0m' : ''}`;
    out += match[0];
    colored = true;
    at = match.index + match[0].length;
  }
  take(text.slice(at));
  return `${out}${mark}${colored ? '\x1B[0m' : ''}`;
}

/** Padded with spaces to `columns`; a longer text is left as it is. */
export function pad(text: string, columns: number, side: 'left' | 'right' = 'right'): string {
  const space = ' '.repeat(Math.max(0, columns - textWidth(text)));
  return side === 'right' ? text + space : space + text;
}

/** Breaks plain text at spaces into lines of at most `columns`; a word longer than that is broken. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (let word of paragraph.split(' ')) {
      while (textWidth(word) > columns) {
        if (line !== '') lines.push(line);
        line = '';
        const head = truncate(word, columns, '');
        if (head === '') break;
        lines.push(head);
        word = word.slice(head.length);
      }
      if (line === '') line = word;
      else if (textWidth(line) + 1 + textWidth(word) <= columns) line += ` ${word}`;
      else {
        lines.push(line);
        line = word;
      }
    }
    lines.push(line);
  }
  return lines;
}

/**
 * Text that others wrote (a log line, a model's words, an error of a tool), made safe to print: one line, no control
 * characters, so that it cannot move the cursor or pose as our own output.
 */
export const oneLine = (text: string): string =>
  withoutControl(text)
    .replace(/\s+/g, ' ')
    .replace(/[\p{Control}\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu, '')
    .trim();

/** Like `oneLine`, but keeps the lines. */
export const printable = (text: string): string =>
  withoutControl(text).replace(/(?![\n\t])[\p{Control}\u202A-\u202E\u2066-\u2069]/gu, '');
