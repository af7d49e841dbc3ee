import type { Diagnostic } from '../../contracts/diagnostics.ts';
import { finding } from '../diagnostics/finding.ts';
import type { LineIndex } from './line-index.ts';

/** A quote of one line that ends a text too early (`inner`), or never (`open`). Offsets are those of the line. */
type Slip =
  | { kind: 'open'; at: number; quote: string }
  | { kind: 'inner'; at: number; end: number; quote: string };

/**
 * The quote because of which a text is no YAML, where one can be told: the nearest to `line`, which is where the parser
 * gave up. Its own words are about what it took the rest of the line for.
 */
export function quoteSlip(file: string, lines: LineIndex, line: number): Diagnostic | undefined {
  for (let each = Math.min(line, lines.lines); each >= 1; each--) {
    const slip = slipOf(lines.line(each));
    if (slip === undefined) continue;
    if (slip.kind === 'inner') return inner(file, lines, each, slip);
    if (!closesBelow(lines, each, slip)) return open(file, lines, each, slip);
  }
  return undefined;
}

function inner(
  file: string,
  lines: LineIndex,
  line: number,
  slip: Extract<Slip, { kind: 'inner' }>,
): Diagnostic {
  const start = lines.lineStart(line);
  const text = lines.line(line);
  const other = slip.quote === '"' ? "'" : '"';
  const at = text.indexOf(slip.quote, slip.at + 1);
  const inside = text.slice(slip.at + 1, slip.end);
  const mended = inside.replaceAll(slip.quote, other);
  return finding('ICE1023', file, 'This quote ends the text, in the middle of its {{ }}', {
    range: lines.range(start + at, start + at + 1),
    help: inside.includes(other)
      ? `Write the quotes inside as ${slip.quote === '"' ? '\\"' : "''"}.`
      : `Write the other quotes inside: ${slip.quote}${mended}${slip.quote}.`,
    fix: inside.includes(other)
      ? undefined
      : {
          title: 'Exchange the quotes inside',
          safe: true,
          edits: [{ start: start + slip.at + 1, end: start + slip.end, text: mended }],
        },
  });
}

function open(
  file: string,
  lines: LineIndex,
  line: number,
  slip: Extract<Slip, { kind: 'open' }>,
): Diagnostic {
  const start = lines.lineStart(line);
  const text = lines.line(line);
  const braces = text.lastIndexOf('}}');
  const close = braces > slip.at ? braces + 2 : undefined;
  return finding('ICE1020', file, 'The quote is not closed', {
    range: lines.range(start + slip.at, start + slip.at + 1),
    help: `Close it with ${slip.quote}${close === undefined ? ' where the text ends' : ' behind the }}'}.`,
    fix:
      close === undefined
        ? undefined
        : {
            title: 'Close the quote',
            safe: true,
            edits: [{ start: start + close, end: start + close, text: slip.quote }],
          },
  });
}

/** What follows the closing quote of a text. */
const GOES_ON = /^\s*(?:$|[,\]}:]|#)/;

function slipOf(line: string): Slip | undefined {
  const begins = /(?:^\s*(?:- +)*|[:,]\s+|[[{,]\s*)(["'])/g;
  for (let match = begins.exec(line); match; match = begins.exec(line)) {
    const quote = match[1]!;
    const at = match.index + match[0].length - 1;
    const close = closing(line, at, quote);
    if (close === undefined) return { kind: 'open', at, quote };
    const text = line.slice(at + 1, close);
    const template = text.lastIndexOf('{{');
    const braces = line.indexOf('}}', close);
    if (template >= 0 && !text.includes('}}', template) && braces >= 0) {
      const end = endOfText(line, braces, quote);
      if (end !== undefined) return { kind: 'inner', at, end, quote };
    }
    begins.lastIndex = close + 1;
  }
  return undefined;
}

/** Where the quote at `at` is closed in its line. */
function closing(line: string, at: number, quote: string): number | undefined {
  for (let i = at + 1; i < line.length; i++) {
    if (quote === '"' && line[i] === '\\') i += 1;
    else if (line[i] === quote) {
      if (quote === "'" && line[i + 1] === "'") i += 1;
      else return i;
    }
  }
  return undefined;
}

/** The first quote behind `from` after which a text may end. */
function endOfText(line: string, from: number, quote: string): number | undefined {
  for (let i = line.indexOf(quote, from); i >= 0; i = line.indexOf(quote, i + 1))
    if (GOES_ON.test(line.slice(i + 1))) return i;
  return undefined;
}

/** Whether a text of several lines, each deeper than its key, begins at a quote that its own line does not close. */
function closesBelow(lines: LineIndex, line: number, { quote }: { quote: string }): boolean {
  const indent = (text: string): number => text.length - text.trimStart().length;
  const least = indent(lines.line(line));
  for (let below = line + 1; below <= lines.lines; below++) {
    const text = lines.line(below);
    if (text.trim() === '') continue;
    if (indent(text) <= least) return false;
    const close = closing(text, -1, quote);
    if (close !== undefined)
      return GOES_ON.test(text.slice(close + 1)) && !/^\s*(?:- +)*[\w$-]+: /.test(text);
  }
  return false;
}
