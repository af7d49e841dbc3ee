import type { InputStream } from './stdin.ts';

interface RawInput extends InputStream {
  setRawMode?(on: boolean): unknown;
  on?(event: 'data', listener: (data: Buffer) => void): unknown;
  off?(event: 'data', listener: (data: Buffer) => void): unknown;
  resume?(): unknown;
  pause?(): unknown;
}

/**
 * Single keys from a terminal, Ctrl-C as `ctrl-c`, until `close`, which leaves the terminal as it was. Undefined where
 * stdin is none.
 */
export function readKeys(stdin: InputStream, onKey: (key: string) => void): { close(): void } | undefined {
  const input = stdin as RawInput;
  if (!input.isTTY || !input.setRawMode || !input.on) return undefined;
  const onData = (data: Buffer): void => {
    for (const char of data.toString('utf8')) {
      if (char === '\x03') onKey('ctrl-c');
      else if (char === '\x1a') stopForNow();
      else onKey(char);
    }
  };
  const begin = (): void => {
    input.setRawMode?.(true);
    input.on?.('data', onData);
    input.resume?.();
  };
  // In raw mode Ctrl-Z is a key like any other; the shell expects it to stop us.
  const stopForNow = (): void => {
    input.setRawMode?.(false);
    process.stderr.write('\x1B[?25h');
    process.once('SIGCONT', () => input.setRawMode?.(true));
    process.kill(process.pid, 'SIGTSTP');
  };
  begin();
  let open = true;
  return {
    close: () => {
      if (!open) return;
      open = false;
      input.off?.('data', onData);
      input.setRawMode?.(false);
      input.pause?.();
    },
  };
}
