import { type Document, parseDocument } from 'yaml';
import type { Diagnostic } from '../../contracts/diagnostics.ts';
import { finding } from '../diagnostics/finding.ts';
import { applyEdits, type LineIndex } from './line-index.ts';
import { quoteSlip } from './quote-slips.ts';
import { quoted, quoteEdits } from './quoted.ts';

/** Errors that say little about each other: all of them are shown. Of the others the first, which caused the rest. */
const INDEPENDENT = new Set(['BAD_SCALAR_START']);
const MAX_SHOWN = 20;

/** The parser's errors in our words: what is wrong, why, what to write. */
export function explainYamlErrors(file: string, lines: LineIndex, document: Document.Parsed): Diagnostic[] {
  const tabbed = document.errors.find((error) => error.code === 'TAB_AS_INDENT');
  // Where tabs indent, the other errors follow from what the parser took them for.
  if (tabbed) return [tab(file, lines, lines.position(tabbed.pos[0]).line)];
  const [cause] = document.errors;
  const slip = cause && quoteSlip(file, lines, lines.position(cause.pos[1]).line);
  if (slip) return [slip];
  const shown: Diagnostic[] = [];
  let first = true;
  const seen = new Set<string>();
  for (const error of document.errors) {
    const independent = INDEPENDENT.has(error.code);
    if (!independent && !first) continue;
    if (!independent) first = false;
    const { line } = lines.position(error.pos[0]);
    const key = `${error.code}:${line}`;
    if (seen.has(key)) continue;
    seen.add(key);
    shown.push(explain(file, lines, error.code, error.message, error.pos));
    if (shown.length >= MAX_SHOWN) break;
  }
  return shown;
}

function explain(
  file: string,
  lines: LineIndex,
  code: string,
  message: string,
  pos: readonly [number, number],
): Diagnostic {
  const at = lines.position(pos[0]);
  if (message.includes('call stack')) {
    return finding('ICE1009', file, 'Lists and maps are nested too deep to be read', {
      range: lines.range(pos[0], pos[0] + 1),
    });
  }
  const here = lines.range(pos[0], Math.max(pos[1], pos[0]));
  switch (code) {
    case 'MULTIPLE_DOCS': {
      const start = lines.lineStart(at.line);
      return finding('ICE1006', file, 'The file holds more than one document', {
        range: lines.range(start, start + lines.line(at.line).length),
        help: 'A line --- begins another document. Keep one document a file.',
      });
    }
    case 'BAD_INDENT':
      if (/^Flow/.test(message)) return unclosed(file, lines, pos[0], message.includes(']') ? '[' : '{');
      return indentation(file, lines, at.line);
    case 'MISSING_CHAR':
      if (message.startsWith('Sequence item')) return indentation(file, lines, at.line);
      if (/closing|end with/.test(message)) return unclosed(file, lines, pos[0], quoteOf(message));
      break;
    case 'MULTILINE_IMPLICIT_KEY':
    case 'BLOCK_AS_IMPLICIT_KEY':
      return implicitKey(file, lines, at.line, pos);
    case 'BAD_SCALAR_START':
      return needsQuotes(file, lines, at.line, pos, `A value cannot begin with ${lines.text[pos[0]]}`);
    case 'UNEXPECTED_TOKEN': {
      const before = lines.text.slice(lines.lineStart(at.line), pos[0]).trimEnd();
      if (!/^\s*-$/.test(before) && /^-\S/.test(lines.text.slice(pos[0]))) {
        return finding('ICE1002', file, 'A blank is missing after the dash', {
          range: lines.range(pos[0], pos[0] + 1),
          help: 'An item of a list begins with `- `: a dash and a blank.',
          fix: {
            title: 'Insert a blank',
            safe: true,
            edits: [{ start: pos[0] + 1, end: pos[0] + 1, text: ' ' }],
          },
        });
      }
      if (/["']$/.test(before)) {
        const quote = before.at(-1)!;
        return finding('ICE1023', file, 'The text goes on after its closing quote', {
          range: here,
          help:
            quote === "'"
              ? "Inside single quotes, ' is written ''."
              : 'Inside double quotes, " is written \\".',
          fix: requote(lines, at.line, quote, pos[0] - lines.lineStart(at.line)),
        });
      }
      break;
    }
  }
  return finding('ICE1001', file, `The text is not YAML: ${lower(message)}`, {
    range: here,
    help: 'Compare the indentation, quotes and brackets of this line with those of its neighbours.',
  });
}

const lower = (message: string): string => message.charAt(0).toLowerCase() + message.slice(1);
const quoteOf = (message: string): string =>
  message.includes("'") ? "'" : /[\]}]/.exec(message) ? '[' : '"';

/** Widths that a tab may have been meant to have; the first that can be read wins. */
const TAB_WIDTHS = [2, 4, 8, 1, 3, 6];

function tab(file: string, lines: LineIndex, line: number): Diagnostic {
  const start = lines.lineStart(line);
  const space = /^[ \t]*/.exec(lines.line(line))![0];
  const tabs: { from: number; lead: string }[] = [];
  // All lines at once: indentation has a meaning only in comparison. Blanks before a tab may belong to a text.
  for (let each = 1; each <= lines.lines; each++) {
    const lead = /^[ \t]*/.exec(lines.line(each))![0];
    if (lead.startsWith('\t') || (each === line && lead.includes('\t')))
      tabs.push({ from: lines.lineStart(each), lead });
  }
  const editsFor = (width: number) =>
    tabs.map(({ from, lead }) => ({
      start: from,
      end: from + lead.length,
      text: lead.replaceAll('\t', ' '.repeat(width)),
    }));
  const width =
    lines.text.length > 200_000
      ? undefined
      : TAB_WIDTHS.find((each) => isReadable(applyEdits(lines.text, editsFor(each))));
  return finding('ICE1003', file, 'A tab cannot indent', {
    range: lines.range(start, start + space.length),
    help: `YAML indents with blanks. Write ${width ?? 2} of them for each tab.`,
    fix: {
      title: `Replace each leading tab with ${width ?? 2} blanks`,
      safe: width !== undefined,
      edits: editsFor(width ?? 2),
    },
  });
}

const isReadable = (text: string): boolean =>
  parseDocument(text, { uniqueKeys: false, prettyErrors: false, logLevel: 'error' }).errors.length === 0;

/** Says what the line could be aligned with: the indentations of the open blocks above it. */
function indentation(file: string, lines: LineIndex, line: number): Diagnostic {
  const text = lines.line(line);
  const own = indentOf(text);
  const levels: { indent: number; line: number; name: string; item: boolean }[] = [];
  let least = Number.POSITIVE_INFINITY;
  for (let above = line - 1; above >= 1 && levels.length < 8 && least > 0; above--) {
    const other = lines.line(above);
    if (other.trim() === '' || other.trim().startsWith('#')) continue;
    const dash = /^(\s*)((?:- +)+)/.exec(other);
    if (dash && dash[0].length < least) {
      levels.push({ indent: dash[0].length, line: above, name: nameOf(other), item: false });
      least = dash[0].length;
    }
    if (indentOf(other) < least) {
      levels.push({ indent: indentOf(other), line: above, name: nameOf(other), item: dash !== null });
      least = indentOf(other);
    }
  }
  // An item of a list belongs to the items above it.
  const items = /^\s*- /.test(text) ? levels.filter((level) => level.item) : [];
  const near = (items.length > 0 ? items : levels).toSorted(
    (a, b) => Math.abs(a.indent - own) - Math.abs(b.indent - own),
  )[0];
  const start = lines.lineStart(line);
  const name = nameOf(text);
  return finding('ICE1002', file, `${name} is indented by ${own}, which fits none of the lines above it`, {
    range: lines.range(start + own, start + text.trimEnd().length),
    help: near
      ? `Indent it by ${near.indent}, like ${near.name} in line ${near.line}.`
      : 'Indent it like its neighbours.',
    related: near
      ? [
          {
            file,
            range: lines.range(
              lines.lineStart(near.line) + indentOf(lines.line(near.line)),
              lines.lineStart(near.line) + lines.line(near.line).trimEnd().length,
            ),
            message: `This is indented by ${near.indent}`,
          },
        ]
      : [],
    fix: near
      ? {
          title: `Indent it by ${near.indent}`,
          safe: false,
          edits: [{ start, end: start + own, text: ' '.repeat(near.indent) }],
        }
      : undefined,
  });
}

const indentOf = (line: string): number => line.length - line.trimStart().length;
const nameOf = (line: string): string => {
  const key = /^\s*(?:- +)*(?:"([^"]*)"|'([^']*)'|([^\s:]+))\s*:/.exec(line);
  return key ? `'${key[1] ?? key[2] ?? key[3]}'` : 'This line';
};

function unclosed(file: string, lines: LineIndex, near: number, mark: string): Diagnostic {
  const pairs: Record<string, string> = { '[': ']', '{': '}', '"': '"', "'": "'" };
  // The opening is the last one before the place where the parser gave up.
  const open = lines.text.lastIndexOf(mark, Math.max(0, near - 1));
  const at = open < 0 ? near : open;
  const what = mark === '[' ? 'bracket' : mark === '{' ? 'brace' : 'quote';
  return finding('ICE1020', file, `The ${what} is not closed`, {
    range: lines.range(at, at + 1),
    help: `Close it with ${pairs[mark]}. A list or map of several lines must be indented deeper than its key.`,
    related: [{ file, range: lines.range(near, near), message: 'Here the reading gave up' }],
  });
}

function implicitKey(
  file: string,
  lines: LineIndex,
  line: number,
  pos: readonly [number, number],
): Diagnostic {
  const text = lines.line(line);
  const noBlank = /^\s*(?:- +)*[\w$-]+:(?=[^\s:/])/.exec(text);
  if (noBlank) {
    const at = lines.lineStart(line) + noBlank[0].length;
    return finding('ICE1001', file, 'A blank is missing after the colon', {
      range: lines.range(at - 1, at),
      help: 'A key and its value are separated by a colon and a blank.',
      fix: { title: 'Insert a blank', safe: true, edits: [{ start: at, end: at, text: ' ' }] },
    });
  }
  const value = /^\s*(?:- +)*(?:[\w$-]+|"[^"]*"|'[^']*'):\s+\S/.exec(text);
  const next = nextLine(lines, line);
  if (
    value &&
    next !== undefined &&
    indentOf(lines.line(next)) > indentOf(text) &&
    !/: /.test(text.slice(value[0].length))
  ) {
    return indentation(file, lines, next);
  }
  if (value)
    return needsQuotes(file, lines, line, pos, 'A value that holds a colon and a blank must stand in quotes');
  const start = lines.lineStart(line);
  return finding('ICE1001', file, 'A line is neither `key: value` nor an item of a list', {
    range: lines.range(start + indentOf(text), start + text.length),
    help: 'A colon may be missing, or the line belongs to a text of several lines (write `|` after its key).',
  });
}

/** `'it's'` -> `"it's"`, where the same quote closes the text again further on in the line. */
function requote(lines: LineIndex, line: number, quote: string, after: number): Diagnostic['fix'] {
  const start = lines.lineStart(line);
  const text = lines.line(line);
  const close = text.indexOf(quote, after);
  const open = text.lastIndexOf(quote, text.lastIndexOf(quote, after - 1) - 1);
  if (close < 0 || open < 0) return undefined;
  return {
    title: 'Put the whole text in quotes',
    safe: true,
    edits: requoteEdits(start + open, start + close, text.slice(open + 1, close)),
  };
}

/** Exchanges the quotes at `open` and `close`; what is between stays where it is if nothing in it needs an escape. */
function requoteEdits(
  open: number,
  close: number,
  value: string,
): { start: number; end: number; text: string }[] {
  const whole = quoted(value);
  if (whole.slice(1, -1) !== value) return [{ start: open, end: close + 1, text: whole }];
  return [
    { start: open, end: open + 1, text: whole[0]! },
    { start: close, end: close + 1, text: whole[0]! },
  ];
}

function nextLine(lines: LineIndex, line: number): number | undefined {
  for (let next = line + 1; next <= lines.lines; next++) if (lines.line(next).trim() !== '') return next;
  return undefined;
}

function needsQuotes(
  file: string,
  lines: LineIndex,
  line: number,
  pos: readonly [number, number],
  message: string,
): Diagnostic {
  const text = lines.line(line);
  const key = /^\s*(?:- +)*(?:(?:[\w$-]+|"[^"]*"|'[^']*'):\s+)?/.exec(text)![0];
  const start = lines.lineStart(line) + key.length;
  const value = text.slice(key.length).trimEnd();
  const whole = value !== '' && pos[0] <= start + value.length;
  return finding('ICE1024', file, message, {
    range: whole ? lines.range(start, start + value.length) : lines.range(pos[0], pos[1]),
    help: whole ? `Write ${quoted(value)}.` : 'Put it in quotes.',
    fix: whole
      ? {
          title: 'Put it in quotes',
          safe: true,
          edits: quoteEdits(start, start + value.length, value),
        }
      : undefined,
  });
}
