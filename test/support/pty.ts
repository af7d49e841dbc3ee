import { spawn } from '@lydell/node-pty';
import { BIN, cleanEnv } from './ice.ts';
import { Screen } from './screen.ts';

export interface Terminal {
  screen: Screen;
  /** Everything that was written, control sequences included. */
  raw(): string;
  type(keys: string): void;
  signal(name: NodeJS.Signals): void;
  resize(columns: number, rows: number): void;
  /** Resolves when the screen shows it. */
  shows(text: string | RegExp, withinMs?: number): Promise<void>;
  ended: Promise<number>;
}

/** Runs the built `ice` in a pseudo-terminal. */
export function iceInTerminal(
  args: string[],
  {
    cwd,
    home,
    env = {},
    columns = 100,
    rows = 30,
  }: { cwd: string; home: string; env?: Record<string, string>; columns?: number; rows?: number },
): Terminal {
  const screen = new Screen(columns, rows);
  let raw = '';
  const pty = spawn(process.execPath, [BIN, ...args], {
    cwd,
    cols: columns,
    rows,
    name: 'xterm-256color',
    env: { ...cleanEnv(home), TERM: 'xterm-256color', LANG: 'C.UTF-8', ...env } as Record<string, string>,
  });
  const listeners = new Set<() => void>();
  pty.onData((data) => {
    raw += data;
    screen.write(data);
    for (const listener of listeners) listener();
  });
  const ended = new Promise<number>((resolve) => {
    pty.onExit(({ exitCode, signal }) => resolve(signal ? 128 + signal : exitCode));
  });
  return {
    screen,
    raw: () => raw,
    type: (keys) => pty.write(keys),
    signal: (name) => process.kill(pty.pid, name),
    resize: (width, height) => pty.resize(width, height),
    ended,
    shows: (text, withinMs = 120_000) =>
      new Promise((resolve, reject) => {
        const seen = (): boolean =>
          typeof text === 'string' ? screen.text.includes(text) : text.test(screen.text);
        const check = (): void => {
          if (!seen()) return;
          finish();
          resolve();
        };
        const timer = setTimeout(() => {
          finish();
          reject(new Error(`the screen never showed ${String(text)}; it shows\n${screen.text}`));
        }, withinMs);
        const finish = (): void => {
          clearTimeout(timer);
          listeners.delete(check);
        };
        listeners.add(check);
        // One turn later, so that the last words are on the screen.
        void ended.then(() =>
          setTimeout(() => {
            if (!listeners.has(check)) return;
            finish();
            reject(new Error(`it ended before it showed ${String(text)}; the screen shows\n${screen.text}`));
          }, 50),
        );
        check();
      }),
  };
}
