import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What was not used for this long is removed, so that a folder does not grow for ever. */
export const KEPT_MS = 30 * 24 * 3_600_000;
/** Files that are kept besides those of the build at hand, which are kept however many they are. */
const MOST_OTHERS = 4_000;

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

/** Removes what was not used for a month, and of what is not in `used` what is beyond the most kept. */
export function sweepKept(folder: string, used: ReadonlySet<string>, now = Date.now()): void {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return;
  }
  const files = names
    .map((name) => join(folder, name))
    .filter((path) => !used.has(path))
    .map((path) => ({ path, at: usedAt(path) }))
    .sort((a, b) => b.at - a.at);
  for (const [index, { path, at }] of files.entries())
    if (index >= MOST_OTHERS || now - at > KEPT_MS) removeKept(path);
}

/** When a file of a cache was written, or touched by a use of it. */
export function usedAt(path: string): number {
  try {
    return statSync(path).mtimeMs;
  } catch {
    return 0;
  }
}

/** Removes a file of a cache; what can't be removed is removed another time. */
function removeKept(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Nothing stands on its absence.
  }
}
