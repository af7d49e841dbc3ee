/** What one output stream can show. Decided once at start, from the stream, the environment and the flags. */
export interface Screen {
  color: boolean;
  unicode: boolean;
  /** Columns of the terminal; off a terminal what fits a log, 100. */
  columns: number;
  rows: number;
  isTTY: boolean;
}

export interface ScreenOptions {
  env: NodeJS.ProcessEnv;
  /** `--no-color`. */
  noColor: boolean;
}

interface StreamSize {
  isTTY?: boolean;
  columns?: number;
  rows?: number;
}

const on = (value: string | undefined): boolean => value !== undefined && value !== '';

/** Whether the terminal draws more than ASCII: not the Linux console, not a locale that says otherwise. */
export function drawsUnicode(env: NodeJS.ProcessEnv): boolean {
  if (on(env['ICE_ASCII']) && env['ICE_ASCII'] !== '0') return false;
  if (env['TERM'] === 'linux' || env['TERM'] === 'dumb') return false;
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'];
  return !locale || /utf-?8/i.test(locale);
}

/**
 * NO_COLOR and `--no-color` win, then FORCE_COLOR (`0` and `false` say no), then whether the stream is a terminal
 * that is not `dumb`.
 */
export function readScreen(stream: StreamSize, { env, noColor }: ScreenOptions): Screen {
  const isTTY = stream.isTTY === true;
  const forced = env['FORCE_COLOR'];
  let color = isTTY && env['TERM'] !== 'dumb';
  if (forced !== undefined) color = forced !== '0' && forced !== 'false';
  if (noColor || on(env['NO_COLOR'])) color = false;
  return {
    color,
    unicode: drawsUnicode(env),
    columns: Math.max(20, stream.columns || 100),
    rows: Math.max(5, stream.rows || 40),
    isTTY,
  };
}

/** A CI machine: nobody looks at a moving picture and nobody answers a question. */
export const isCI = (env: NodeJS.ProcessEnv): boolean =>
  on(env['CI']) && env['CI'] !== 'false' && env['CI'] !== '0';
