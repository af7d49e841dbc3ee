import type { Diagnostic, Severity, SourceRange } from '../../contracts/diagnostics.ts';
import { LineIndex } from '../source/line-index.ts';
import { charWidth, textWidth, visible, wrap } from './text-width.ts';

type Paint = (text: string) => string;

/** How the parts of a report are coloured; each gets text without escapes. */
export interface Palette {
  error: Paint;
  warning: Paint;
  info: Paint;
  /** Line numbers, gutters and arrows. */
  gutter: Paint;
  /** The message of a finding. */
  strong: Paint;
  help: Paint;
}

const ansi =
  (open: number, close = 39): Paint =>
  (text) =>
    `\u001b[${open}m${text}\u001b[${close}m`;

/** The eight colours that every terminal has. */
export const ANSI_PALETTE: Palette = {
  error: ansi(31),
  warning: ansi(33),
  info: ansi(36),
  gutter: ansi(34),
  strong: ansi(1, 22),
  help: ansi(32),
};

const same: Paint = (text) => text;
export const PLAIN_PALETTE: Palette = {
  error: same,
  warning: same,
  info: same,
  gutter: same,
  strong: same,
  help: same,
};

export interface PrettyOptions {
  palette: Palette;
  /** Columns of the terminal. */
  width: number;
}

/**
 * Findings as code frames:
 *
 *     error[ICE1201]: There is no tool 'pirce'
 *       --> flow.yaml:12:11
 *        |
 *     12 |     tool: pirce@^1
 *        |           ^^^^^^^^
 *        = help: Did you mean 'price'?
 */
export function pretty(
  diagnostics: readonly Diagnostic[],
  sources: ReadonlyMap<string, string>,
  options: PrettyOptions,
): string {
  const printer = new Printer(sources, options);
  const blocks = diagnostics.map((each) => printer.block(each));
  return blocks.length === 0
    ? ''
    : `${blocks.join('\n\n')}\n\n${wrap(summary(diagnostics), options.width).join('\n')}\n`;
}

const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;

/** `2 errors and 1 warning in 1 file. 1 can be mended with --fix.` */
function summary(diagnostics: readonly Diagnostic[]): string {
  const of = (severity: Severity) => diagnostics.filter((each) => each.severity === severity).length;
  const parts = [
    of('error') > 0 ? count(of('error'), 'error') : '',
    of('warning') > 0 ? count(of('warning'), 'warning') : '',
    of('info') > 0 ? count(of('info'), 'note') : '',
  ].filter((part) => part !== '');
  const files = new Set(diagnostics.map((each) => each.file)).size;
  const fixable = diagnostics.filter((each) => each.fix?.safe).length;
  const list = parts.length > 1 ? `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}` : parts[0];
  return `${list} in ${count(files, 'file')}.${fixable > 0 ? ` ${fixable} can be mended with --fix.` : ''}`;
}

class Printer {
  private readonly sources: ReadonlyMap<string, string>;
  private readonly palette: Palette;
  private readonly width: number;
  private readonly lines = new Map<string, LineIndex>();

  constructor(sources: ReadonlyMap<string, string>, options: PrettyOptions) {
    this.sources = sources;
    this.palette = options.palette;
    this.width = Math.max(40, Math.min(options.width, 200));
  }

  block(diagnostic: Diagnostic): string {
    const paint = this.palette[diagnostic.severity];
    const label = diagnostic.severity === 'info' ? 'note' : diagnostic.severity;
    const head = `${label}[${diagnostic.code}]`;
    const [first, ...rest] = wrap(visible(diagnostic.message), this.width - textWidth(head) - 2);
    const out = [`${paint(head)}: ${this.palette.strong(first!)}`];
    for (const line of rest) out.push(`${' '.repeat(head.length + 2)}${this.palette.strong(line)}`);

    const related = diagnostic.related ?? [];
    const numbers = [diagnostic, ...related].flatMap((each) => (each.range ? [each.range.start.line] : []));
    const gutter = String(Math.max(1, ...numbers)).length;
    out.push(...this.frame(diagnostic.file, diagnostic.range, gutter, paint, '^', '-->'));
    for (const each of related) {
      out.push(
        ...this.frame(each.file, each.range, gutter, this.palette.gutter, '-', ':::', visible(each.message)),
      );
    }
    const indent = `${' '.repeat(gutter + 1)}${this.palette.gutter('=')} `;
    const fixed = diagnostic.fix?.safe ? ' (--fix does it)' : '';
    const help = diagnostic.help ?? (fixed === '' ? undefined : `${diagnostic.fix!.title}.`);
    if (help) out.push(...this.note(indent, gutter, 'help', visible(help) + fixed));
    return out.join('\n');
  }

  private note(indent: string, gutter: number, label: string, text: string): string[] {
    const [first, ...rest] = wrap(text, this.width - gutter - 5 - label.length);
    return [
      `${indent}${this.palette.help(`${label}:`)} ${first}`,
      ...rest.map((line) => `${' '.repeat(gutter + 5 + label.length)}${line}`),
    ];
  }

  private frame(
    file: string,
    range: SourceRange | undefined,
    gutter: number,
    paint: Paint,
    mark: string,
    arrow: string,
    label = '',
  ): string[] {
    const pad = ' '.repeat(gutter);
    const bar = this.palette.gutter('|');
    const place = range ? `${visible(file)}:${range.start.line}:${range.start.column}` : visible(file);
    const out = [`${pad}${this.palette.gutter(arrow)} ${place}${range || label === '' ? '' : `: ${label}`}`];
    const lines = range && this.linesOf(file);
    if (!range || !lines || range.start.line > lines.lines) return out;
    const text = lines.line(range.start.line);
    const from = Math.min(range.start.column - 1, text.length);
    const to =
      range.end.line === range.start.line
        ? Math.min(range.end.column - 1, text.length)
        : text.trimEnd().length;
    const cut = window(text, from, Math.max(to, from), this.width - gutter - 3);
    const number = String(range.start.line).padStart(gutter);
    out.push(`${pad} ${bar}`);
    out.push(`${this.palette.gutter(number)} ${bar} ${cut.text}`.trimEnd());
    const carets = mark.repeat(Math.max(1, cut.width));
    const more = range.end.line > range.start.line ? ` … to line ${range.end.line}` : '';
    const below = `${pad} ${bar} ${' '.repeat(cut.column)}${paint(carets + more)}`;
    if (label === '') out.push(below);
    else if (cut.column + carets.length + 1 + textWidth(label) <= this.width - gutter - 3)
      out.push(`${below} ${paint(label)}`);
    else {
      out.push(below);
      for (const line of wrap(label, this.width - gutter - 3)) out.push(`${pad} ${bar} ${paint(line)}`);
    }
    return out;
  }

  private linesOf(file: string): LineIndex | undefined {
    let lines = this.lines.get(file);
    if (lines === undefined) {
      const text = this.sources.get(file);
      if (text === undefined) return undefined;
      lines = new LineIndex(text);
      this.lines.set(file, lines);
    }
    return lines;
  }
}

/** The part of a line around a range that fits into `room` columns, and where the range stands in it. */
function window(
  text: string,
  from: number,
  to: number,
  room: number,
): { text: string; column: number; width: number } {
  // Of a line of a megabyte only what could be shown is looked at; a character more, so that a cut is seen as one.
  const before = visible(text.slice(Math.max(0, from - room - 1), from));
  const marked = visible(text.slice(from, Math.min(to, from + room + 1)));
  const after = visible(text.slice(to, to + room + 1));
  const total = textWidth(before) + textWidth(marked) + textWidth(after);
  if (total <= room)
    return { text: before + marked + after, column: textWidth(before), width: textWidth(marked) };
  // The marked part first, then as much as there is room for on both sides, more of it on the left.
  const shown = takeStart(marked, Math.max(8, room - 16));
  const rest = Math.max(0, room - textWidth(shown) - 2);
  const left = takeEnd(before, Math.max(rest - textWidth(after), Math.ceil(rest / 2)));
  const right = takeStart(after, rest - textWidth(left));
  const lead = left === before ? '' : '…';
  const tail = shown === marked && right === after ? '' : '…';
  return {
    text: `${lead}${left}${shown}${shown === marked ? right : ''}${tail}`,
    column: lead.length + textWidth(left),
    width: textWidth(shown),
  };
}

function takeStart(text: string, columns: number): string {
  let width = 0;
  let out = '';
  for (const char of text) {
    width += charWidth(char);
    if (width > columns) break;
    out += char;
  }
  return out;
}

const takeEnd = (text: string, columns: number): string =>
  [...takeStart([...text].reverse().join(''), columns)].reverse().join('');
