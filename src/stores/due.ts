import { ENDED } from '../contracts/events.ts';
import type { RunRow } from '../engine/ports.ts';

/**
 * From when on a worker may take a run, in epoch milliseconds: at once when it is queued, was given back, or is to be
 * cancelled; at `wakeAt` when it waits; when its lease runs out while it is driven; null when never (it ended, or is
 * paused).
 */
export function dueAt(
  row: Pick<RunRow, 'state' | 'leaseOwner' | 'leaseUntil' | 'wakeAt'> & { cancelRequested?: boolean },
): number | null {
  if (ENDED.has(row.state) || (row.state === 'paused' && !row.cancelRequested)) return null;
  if (row.leaseOwner !== null) return row.leaseUntil;
  return row.state === 'waiting' && !row.cancelRequested ? row.wakeAt : 0;
}
