import type { LogLine, RunView } from '../../contracts/run-view.ts';
import type { Frame } from './node-line.ts';
import { oneLine, truncate } from './text-width.ts';
import type { Theme } from './theme.ts';

/** `12:04:05.123  warn  priced[3].price  message`, whole. */
export function logLine(line: LogLine, theme: Theme): string {
  const paint = { debug: theme.dim, info: (text: string) => text, warn: theme.warn, error: theme.bad }[
    line.level
  ];
  const time = new Date(line.ts).toISOString().slice(11, 23);
  return `${theme.dim(time)}  ${paint(line.level.padEnd(5))}  ${theme.dim(line.path)}  ${paint(oneLine(line.message))}`;
}

/** The newest log lines that fit. */
export function logLines(view: RunView, frame: Frame, rows = 200): string[] {
  if (view.logs.length === 0) return [frame.theme.dim('No log lines yet.')];
  return view.logs
    .slice(-Math.max(1, rows))
    .map((line) => truncate(logLine(line, frame.theme), frame.columns, frame.theme.mark.ellipsis));
}
