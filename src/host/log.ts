import type { LogEntry } from '../server/services.ts';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** Writes a line for each entry from a level on to stderr: what happened, which request, and the cause. */
export function logToStderr(level = 'warn'): (entry: LogEntry) => void {
  const least = Math.max(0, LEVELS.indexOf(level as (typeof LEVELS)[number]));
  return (entry) => {
    if (LEVELS.indexOf(entry.level) < least) return;
    process.stderr.write(`${lineOf(entry)}\n`);
  };
}

function lineOf({ level, message, requestId, error }: LogEntry): string {
  const request = requestId === undefined ? '' : ` (request ${requestId})`;
  return `${new Date().toISOString()} ${level} ${message}${request}${causeOf(level, message, error)}`;
}

function causeOf(level: LogEntry['level'], message: string, error: unknown): string {
  if (error === undefined) return '';
  // A stack belongs into the log of whoever runs the server, and nowhere else.
  if (level === 'error' && error instanceof Error && error.stack !== undefined) return `\n${error.stack}`;
  const said = error instanceof Error ? error.message : String(error);
  return message.endsWith(said) ? '' : `: ${said}`;
}
