import type { AnyRunEvent, EventType } from '../../contracts/events.ts';
import type { RunRow } from '../../engine/ports.ts';

/** The form of runs and events in the tables. */

/** An event's key is `run * SEQS + seq`; a journal has less than this many events. */
export const SEQS = 2 ** 22;

/** Event types as small numbers. A number is never used again for another type. */
export const TYPE_NUMBERS: Record<EventType, number> = {
  'run.created': 1,
  'run.started': 2,
  'run.waiting': 3,
  'run.paused': 4,
  'run.resumed': 5,
  'run.alert': 6,
  'run.cancelling': 7,
  'run.succeeded': 8,
  'run.failed': 9,
  'run.cancelled': 10,
  'node.scheduled': 11,
  'node.started': 12,
  'node.log': 13,
  'node.progress': 14,
  'node.step': 15,
  'node.cached': 16,
  'node.retrying': 17,
  'node.waiting': 18,
  'node.answered': 19,
  'node.signalled': 20,
  'node.succeeded': 21,
  'node.failed': 22,
  'node.skipped': 23,
  'node.cancelled': 24,
};
const TYPES: EventType[] = [];
for (const [type, number] of Object.entries(TYPE_NUMBERS)) TYPES[number] = type as EventType;

/** Columns of a run, its last event's number among them. */
export const RUN_COLUMNS = `
  key, project, id, state, name, version, digest, plan_digest, content_hash, created_at, created_by, started_at,
  ended_at, input_tokens, output_tokens, cost, max_cost, deadline_at, cancel_requested, lease_owner, lease_epoch,
  lease_until, wake_at, error,
  coalesce((select e.key from events e where e.key > runs.key * ${SEQS} and e.key < (runs.key + 1) * ${SEQS}
    order by e.key desc limit 1), 0) % ${SEQS} as seq`;

export type StoredRun = Record<string, string | number | null> & { key: number };

export function runRow(row: StoredRun): RunRow {
  return {
    project: row['project'] as string,
    id: row['id'] as string,
    state: row['state'] as RunRow['state'],
    name: row['name'] as string,
    version: row['version'] as string,
    digest: row['digest'] as string,
    planDigest: row['plan_digest'] as string,
    contentHash: row['content_hash'] as string,
    createdAt: row['created_at'] as number,
    startedAt: row['started_at'] as number | null,
    endedAt: row['ended_at'] as number | null,
    createdBy: row['created_by'] as string,
    usage: { inputTokens: row['input_tokens'] as number, outputTokens: row['output_tokens'] as number },
    cost: row['cost'] as number,
    maxCost: row['max_cost'] as number | null,
    deadlineAt: row['deadline_at'] as number | null,
    cancelRequested: row['cancel_requested'] === 1,
    seq: row['seq'] as number,
    leaseOwner: row['lease_owner'] as string | null,
    leaseEpoch: row['lease_epoch'] as number,
    leaseUntil: row['lease_until'] as number | null,
    wakeAt: row['wake_at'] as number | null,
    error: row['error'] === null ? null : JSON.parse(row['error'] as string),
  };
}

export interface StoredEvent {
  key: number;
  ts: number;
  type: number;
  path: string | null;
  attempt: number | null;
  data: string | null;
}

export function eventOf(row: StoredEvent, runId: string): AnyRunEvent {
  const event: Record<string, unknown> = {
    v: 1,
    seq: row.key % SEQS,
    ts: row.ts,
    runId,
    type: TYPES[row.type],
  };
  if (row.path !== null) event['path'] = row.path;
  if (row.attempt !== null) event['attempt'] = row.attempt;
  event['data'] = row.data === null ? {} : JSON.parse(row.data);
  return event as unknown as AnyRunEvent;
}
