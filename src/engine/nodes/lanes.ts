import type { Failure, NodeRecord } from '../fold.ts';

/** How a container with a single lane ends: as the lane does. */
export function onlyLane({ lanes }: NodeRecord): 'succeeded' | Failure | undefined {
  return lanes!.failures.get(0) ?? (lanes!.results.has(0) ? 'succeeded' : undefined);
}
