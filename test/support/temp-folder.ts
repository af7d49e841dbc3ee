import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * A folder for a test, with files in it; its path has a blank and a letter beyond ASCII. It is removed with all of the
 * run (global-setup.ts): files share a process, so a hook here would run after the first of them alone.
 */
export function tempFolder(files: Record<string, string> = {}): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'ice tést ')));
  writeInto(folder, files);
  return folder;
}

/** Writes files into a folder; their paths are relative to it. */
export function writeInto(folder: string, files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}
