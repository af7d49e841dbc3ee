import type { AnyRunEvent, EventData } from '../contracts/events.ts';
import { ENDED } from '../contracts/events.ts';
import type { Json } from '../contracts/json.ts';
import type { Run, RunSummary } from '../contracts/runs.ts';
import type { RunRow } from '../engine/ports.ts';
import type { Services } from './services.ts';

const iso = (time: number | null): string | null => (time === null ? null : new Date(time).toISOString());

/** A row of the list. */
export function runSummary(row: RunRow, now: number): RunSummary {
  return {
    id: row.id,
    project: row.project,
    state: row.state,
    name: row.name,
    version: row.version,
    digest: row.digest,
    plan: row.planDigest,
    error: row.error,
    createdAt: new Date(row.createdAt).toISOString(),
    startedAt: iso(row.startedAt),
    endedAt: iso(row.endedAt),
    createdBy: row.createdBy,
    usage: row.usage,
    cost: row.cost,
    maxCost: row.maxCost,
    cancelRequested: row.cancelRequested,
    seq: row.seq,
    driven: row.leaseOwner !== null && row.leaseUntil !== null && row.leaseUntil > now,
  };
}

/** A run with its inputs and, when it ended, what came of it: both are in the journal and nowhere else. */
export async function runView(services: Services, row: RunRow): Promise<Run> {
  const { runs } = services;
  const [created] = await runs.events(row.project, row.id, 0, 1);
  const inputs = created?.type === 'run.created' ? created.data.inputs : {};
  let outputs: Record<string, Json> | null = null;
  let handledFailures: string[] = [];
  let error: Run['error'] = row.error;
  if (ENDED.has(row.state)) {
    // The end of a run is the end of its journal.
    const [last] = await runs.events(row.project, row.id, row.seq - 1, 1);
    if (last?.type === 'run.succeeded') {
      outputs = last.data.outputs;
      handledFailures = last.data.handledFailures ?? [];
    } else if (last?.type === 'run.failed') error = last.data.error;
  }
  return {
    ...runSummary(row, services.clock.now()),
    inputs: await masked(services, row, inputs),
    outputs,
    error,
    handledFailures,
  };
}

/** Inputs as anybody may see them: those that are `writeOnly` are ***. */
async function masked(
  services: Services,
  row: RunRow,
  inputs: Record<string, Json>,
): Promise<Record<string, Json>> {
  const plan = await services.runs.plan(row.planDigest);
  return hide(inputs, plan?.writeOnly ?? []);
}

const hide = (inputs: Record<string, Json>, names: readonly string[]): Record<string, Json> => {
  if (names.length === 0) return inputs;
  const out = { ...inputs };
  for (const name of names) if (name in out) out[name] = '***';
  return out;
};

/** The journal as anybody may see it. */
export function shownEvent(event: AnyRunEvent, writeOnly: readonly string[]): AnyRunEvent {
  if (event.type !== 'run.created' || writeOnly.length === 0) return event;
  const data: EventData['run.created'] = { ...event.data, inputs: hide(event.data.inputs, writeOnly) };
  return { ...event, data };
}

/**
 * The validator of a run: its last event's number, and what may change without an event (who drives it, whether it is
 * to be cancelled).
 */
export const runEtag = (run: { seq: number; driven: boolean; cancelRequested: boolean }): string =>
  `${run.seq}${run.driven ? 'd' : ''}${run.cancelRequested ? 'c' : ''}`;

/** How often a waiting call looks again although nothing was said: for writers in other processes. */
const BACKSTOP_MS = 1_000;

/** The run's row once it has ended, or as it is after `seconds`, or when the caller has gone. */
export async function waitForEnd(
  services: Services,
  row: RunRow,
  seconds: number,
  signal: AbortSignal,
): Promise<RunRow> {
  if (seconds <= 0 || ENDED.has(row.state)) return row;
  const { runs } = services;
  const until = services.clock.now() + seconds * 1000;
  let wake = (): void => {};
  let changed = false;
  const off = runs.onChange((project, id) => {
    // Without names: another process wrote, and the store can't tell what.
    if (id !== '' && (project !== row.project || id !== row.id)) return;
    changed = true;
    wake();
  });
  const gone = (): void => wake();
  signal.addEventListener('abort', gone);
  try {
    for (;;) {
      changed = false;
      const now = (await runs.get(row.project, row.id)) ?? row;
      const left = until - services.clock.now();
      if (ENDED.has(now.state) || left <= 0 || signal.aborted) return now;
      if (changed) continue;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(left, BACKSTOP_MS));
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  } finally {
    off();
    signal.removeEventListener('abort', gone);
  }
}
