/** Bounds of the engine. Each has an error that names it; none is reached by an honest workflow. */

/** Characters of one result's JSON, about bytes. */
export const MAX_RESULT = 8 * 1024 * 1024;
/** All results that a run holds, counted alike. */
export const MAX_RESULTS = 512 * 1024 * 1024;
/** Events in one journal; what is kept free lets the run end properly. */
export const MAX_EVENTS = 2_000_000;
/** Items of one loop. */
export const MAX_ITEMS = 100_000;
/** Log lines and their characters, for one attempt; later ones are dropped and counted. */
export const MAX_LOGS = 1_000;
export const MAX_LOG_CHARS = 256 * 1024;
/** One log message; longer ones are cut. */
export const MAX_LOG_LINE = 8 * 1024;
/** How long logs and progress are gathered before they are committed by themselves. */
export const GATHER_MS = 100;
/** How long a cancelled attempt may take to stop before the run ends without it. */
export const CANCEL_GRACE_MS = 5_000;

/**
 * About how many characters the JSON of a value has; stops counting beyond `limit`, so it also ends for a value that
 * holds itself.
 */
export function sizeOf(value: unknown, limit: number): number {
  if (typeof value !== 'object' || value === null) return typeof value === 'string' ? value.length + 2 : 5;
  let size = 0;
  const open: object[] = [value];
  while (open.length > 0 && size <= limit) {
    const next = open.pop()!;
    size += 2;
    for (const key in next) {
      const child = (next as Record<string, unknown>)[key];
      size += Array.isArray(next) ? 1 : key.length + 4;
      if (typeof child === 'string') size += child.length + 2;
      else if (typeof child === 'object' && child !== null) open.push(child);
      else size += 5;
    }
  }
  return size;
}
