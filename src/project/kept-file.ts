import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** What a file of a cache holds; undefined when it is absent, can't be read or is damaged. */
export function readKept(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * Writes a file of a cache aside and moves it into place, so that nobody reads half of it. False on a read-only or full
 * disk: work goes on without a cache, and says nothing, because nothing is lost.
 */
export function keepFile(path: string, text: string): boolean {
  const aside = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(aside, text);
    renameSync(aside, path);
    return true;
  } catch {
    removeKept(aside);
    return false;
  }
}

/** Removes a file of a cache; what can't be removed is removed another time. */
export function removeKept(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Nothing stands on its absence.
  }
}
