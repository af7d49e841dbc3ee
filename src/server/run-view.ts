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

/** What is known of a run whose inputs hold no secret, and need not be read again. */
export interface KnownRun {
  inputs?: Record<string, Json>;
  end?: AnyRunEvent | undefined;
}

/** A run with its inputs and, when it ended, what came of it: both are in the journal and nowhere else. */
export async function runView(services: Services, row: RunRow, known: KnownRun = {}): Promise<Run> {
  let outputs: Record<string, Json> | null = null;
  let handledFailures: string[] = [];
  let error: Run['error'] = row.error;
  if (ENDED.has(row.state)) {
    // The end of a run is the end of its journal.
    const last = known.end ?? (await services.runs.events(row.project, row.id, row.seq - 1, 1))[0];
    if (last?.type === 'run.succeeded') {
      outputs = last.data.outputs;
      handledFailures = last.data.handledFailures ?? [];
    } else if (last?.type === 'run.failed') error = last.data.error;
  }
  return {
    ...runSummary(row, services.clock.now()),
    inputs: known.inputs ?? (await inputsOf(services, row)),
    outputs,
    error,
    handledFailures,
  };
}

/** Inputs as anybody may see them: those that are `writeOnly` are ***. */
async function inputsOf({ runs }: Services, row: RunRow): Promise<Record<string, Json>> {
  const [created] = await runs.events(row.project, row.id, 0, 1);
  const plan = await runs.plan(row.planDigest);
  return hide(created?.type === 'run.created' ? created.data.inputs : {}, plan?.writeOnly ?? []);
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
