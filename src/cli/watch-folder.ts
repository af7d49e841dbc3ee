import { type FSWatcher, readdirSync, statSync, watch } from 'node:fs';
import { join, relative } from 'node:path';

const SETTLE_MS = 60;
const IGNORED = /^(node_modules|\.git|\.ice|dist)$|~$|\.sw.$/;
/** A project with more folders than that is watched in part. */
const MOST_FOLDERS = 2000;

/**
 * Yields at once, with no names, and then after each burst of changes in a folder and what is below it, until Ctrl-C or
 * the signal. It watches from the first time on, so that what changes during the first round is seen after it. Folders
 * are watched, not files: an editor that writes a new file in the place of the old one would be lost sight of else.
 */
export async function* watchFolder(
  root: string,
  signal?: AbortSignal,
): AsyncGenerator<string[], void, undefined> {
  const changed = new Set<string>();
  const watchers = new Map<string, FSWatcher>();
  let ended = false;
  let wake = (): void => {};
  let timer: NodeJS.Timeout | undefined;
  const end = (): void => {
    ended = true;
    wake();
  };
  const forget = (folder: string): void => {
    watchers.get(folder)?.close();
    watchers.delete(folder);
  };
  const add = (folder: string): void => {
    if (watchers.has(folder) || watchers.size >= MOST_FOLDERS) return;
    try {
      const watcher = watch(folder, (_event, name) => {
        if (name === null || IGNORED.test(name)) return;
        const path = join(folder, name);
        if (isFolder(path)) add(path);
        changed.add(relative(root, path));
        clearTimeout(timer);
        timer = setTimeout(() => wake(), SETTLE_MS);
      });
      // A folder that is removed ends its watcher, which is all that is to be done about it.
      watcher.on('error', () => forget(folder));
      watchers.set(folder, watcher);
      for (const entry of readdirSync(folder, { withFileTypes: true }))
        if (entry.isDirectory() && !IGNORED.test(entry.name)) add(join(folder, entry.name));
    } catch {
      // Removed between being seen and being watched, or not ours to read: there is nothing to watch.
      forget(folder);
    }
  };
  add(root);
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
  signal?.addEventListener('abort', end, { once: true });
  try {
    yield [];
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
    for (const folder of [...watchers.keys()]) forget(folder);
    process.off('SIGINT', end);
    process.off('SIGTERM', end);
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
