import { chmodSync } from 'node:fs';

/** The user `nobody`, whom every system has. */
const NOBODY = 65_534;

/**
 * Does something as a user whom file modes bind: root may write everywhere, so as root this steps down for the time.
 * `folders` are opened for reading, because a temporary folder is its owner's alone.
 */
export async function unprivileged<T>(folders: readonly string[], act: () => T | Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return act();
  for (const folder of folders) chmodSync(folder, 0o755);
  process.seteuid!(NOBODY);
  try {
    return await act();
  } finally {
    process.seteuid!(0);
  }
}
