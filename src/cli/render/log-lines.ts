import type { Json } from '../../contracts/json.ts';
import type { LogLine, RunView } from '../../contracts/run-view.ts';
import type { Frame } from './node-line.ts';
import { shortPath } from './short-path.ts';
import { oneLine, truncate } from './text-width.ts';
import type { Theme } from './theme.ts';

/** What a path may take of a line that is cut: the message is what one looks for. */
const SHARE = 0.35;

/** `12:04:05.123  warn  priced[3].price  message  key=value`; whole, unless it has to fit into `columns`. */
export function logLine(line: LogLine, theme: Theme, columns?: number): string {
  const paint = { debug: theme.dim, info: (text: string) => text, warn: theme.warn, error: theme.bad }[
    line.level
  ];
  const time = new Date(line.ts).toISOString().slice(11, 23);
  const fields = Object.entries(line.fields ?? {}).map(([name, value]) => `${name}=${fieldText(value)}`);
  const path =
    columns === undefined
      ? line.path
      : shortPath(line.path, Math.floor(columns * SHARE), theme.mark.ellipsis);
  const more = fields.length === 0 ? '' : `  ${theme.dim(oneLine(fields.join(' ')))}`;
  return `${theme.dim(time)}  ${paint(line.level.padEnd(5))}  ${theme.dim(path)}  ${paint(oneLine(line.message))}${more}`;
}

/** A word as it is, anything else as JSON, so that the end of a value can be told. */
const fieldText = (value: Json): string =>
  typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);

/** The newest log lines that fit. */
export function logLines(view: RunView, frame: Frame, rows = 200): string[] {
  if (view.logs.length === 0) return [frame.theme.dim('No log lines yet.')];
  return view.logs
    .slice(-Math.max(1, rows))
    .map((line) =>
      truncate(logLine(line, frame.theme, frame.columns), frame.columns, frame.theme.mark.ellipsis),
    );
}
