import type { AnyRunEvent } from '../contracts/events.ts';
import type { RunFold } from './fold.ts';
import type { RunPatch } from './ports.ts';

/** The columns of the run's row that these events change; `reported` is what the row says of cost, and is brought up to date. */
export function patchOf(
  fold: RunFold,
  events: readonly AnyRunEvent[],
  reported: { cost: number; tokens: number },
): RunPatch {
  const patch: RunPatch = {};
  for (const event of events) {
    switch (event.type) {
      case 'run.started':
        Object.assign(patch, { state: 'running', startedAt: fold.startedAt, wakeAt: null });
        break;
      case 'run.waiting':
        Object.assign(patch, { state: 'waiting', wakeAt: event.data.until ?? null });
        break;
      case 'run.paused':
      case 'run.resumed':
        patch.state = fold.state;
        break;
      case 'run.cancelling':
        patch.cancelRequested = true;
        break;
      case 'run.failed':
      case 'run.succeeded':
      case 'run.cancelled':
        Object.assign(patch, { state: fold.state, endedAt: fold.endedAt });
        if (fold.error) patch.error = { code: fold.error.code, message: fold.error.message };
    }
  }
  const tokens = fold.usage.inputTokens + fold.usage.outputTokens;
  if (fold.cost !== reported.cost || tokens !== reported.tokens) {
    Object.assign(reported, { cost: fold.cost, tokens });
    patch.cost = fold.cost;
    patch.usage = { ...fold.usage };
  }
  return patch;
}
