import { watch } from 'node:fs';

const SETTLE_MS = 60;
const IGNORED = /(^|[\\/])(node_modules|\.git|\.ice|dist)([\\/]|$)|[~]$|\.sw.$/;

/** Yields after each burst of changes in a folder, until Ctrl-C or the signal. */
export async function* watchFolder(
  root: string,
  signal?: AbortSignal,
): AsyncGenerator<string[], void, undefined> {
  const changed = new Set<string>();
  let ended = false;
  let wake = (): void => {};
  let timer: NodeJS.Timeout | undefined;
  const end = (): void => {
    ended = true;
    wake();
  };
  const watcher = watch(root, { recursive: true }, (_event, name) => {
    if (name === null || IGNORED.test(name)) return;
    changed.add(name);
    clearTimeout(timer);
    timer = setTimeout(() => wake(), SETTLE_MS);
  });
  watcher.on('error', end);
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
  signal?.addEventListener('abort', end, { once: true });
  try {
    while (!ended) {
      if (changed.size === 0)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      if (ended) return;
      const names = [...changed];
      changed.clear();
      if (names.length > 0) yield names;
    }
  } finally {
    clearTimeout(timer);
    watcher.close();
    process.off('SIGINT', end);
    process.off('SIGTERM', end);
  }
}
