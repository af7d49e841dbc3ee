import { IceError } from '../../contracts/errors.ts';
import { ENDED } from '../../contracts/events.ts';
import type { Plan } from '../../contracts/plan.ts';
import type { Change, ClaimRequest, NewRun, RunRow, RunStore } from '../../engine/ports.ts';
import { dueAt } from '../due.ts';
import { leaseLost, noSuchRun, otherContent } from '../refusals.ts';
import type { SqliteConnection } from './connection.ts';
import {
  eventOf,
  RUN_COLUMNS,
  runRow,
  SEQS,
  type StoredEvent,
  type StoredRun,
  TYPE_NUMBERS,
} from './run-row.ts';

/** Most heads of runs and plans kept in memory; beyond it the oldest is read again. */
const HEADS = 20_000;
const PLANS = 200;
/** Most results kept in the cache of nodes; the oldest go first. */
const CACHED = 20_000;

const EMPTY = '{}';

/** What a commit has to know of its run. */
interface StoredHead extends Pick<RunRow, 'state' | 'leaseOwner' | 'leaseUntil' | 'wakeAt'> {
  key: number;
  epoch: number;
  seq: number;
}
interface Head extends StoredHead {
  project: string;
}
const HEAD = `select key, state, lease_owner as leaseOwner, lease_until as leaseUntil, wake_at as wakeAt,
  lease_epoch as epoch, coalesce((select e.key from events e where e.key > runs.key * ${SEQS}
    and e.key < (runs.key + 1) * ${SEQS} order by e.key desc limit 1), 0) % ${SEQS} as seq
  from runs where project = ? and id = ?`;

/** Runs, journals and plans in SQLite. One instance a connection: it keeps the numbers of runs and parsed plans. */
export function createSqliteRuns(connection: SqliteConnection): RunStore {
  const sql = (text: string) => connection.prepare(text);
  const heads = new Map<string, Head>();
  let generation = -1;
  const plans = new Map<string, Plan>();
  /** Plans that are in the file, as far as nobody else has written since: another process may have pruned them. */
  const writtenPlans = new Set<string>();
  const listeners = new Set<(project: string, runId: string) => void>();
  let unwatch: (() => void) | undefined;
  let puts = 0;

  const insertEvent = sql(
    'insert into events (key, ts, type, path, attempt, data) values (?, ?, ?, ?, ?, ?)',
  );
  const rowOf = sql(`select ${RUN_COLUMNS} from runs where project = ? and id = ?`);

  const keep = <V>(map: Map<string, V>, key: string, value: V, most: number): void => {
    if (map.size >= most) map.delete(map.keys().next().value!);
    map.set(key, value);
  };
  const changed = (project: string, runId: string) => {
    for (const listener of listeners) listener(project, runId);
  };
  const stored = (project: string, runId: string) => rowOf.get(project, runId) as StoredRun | undefined;
  const keyOf = (project: string, runId: string): number | undefined => {
    const row = sql('select key from runs where project = ? and id = ?').get(project, runId);
    return row?.['key'] as number | undefined;
  };
  const forgetWhatMayHaveChanged = (): void => {
    if (generation === connection.generation) return;
    generation = connection.generation;
    heads.clear();
    writtenPlans.clear();
  };
  /** The head of a run, remembered while nothing else has written. Only inside of `write`. */
  const headOf = (project: string, runId: string): Head | undefined => {
    forgetWhatMayHaveChanged();
    let head = heads.get(runId);
    if (head?.project === project) return head;
    const row = sql(HEAD).get(project, runId) as StoredHead | undefined;
    if (!row) return undefined;
    head = { ...row, project };
    keep(heads, runId, head, HEADS);
    return head;
  };
  const append = (key: number, events: Change['events']): void => {
    for (const event of events) {
      if (event.seq >= SEQS) {
        throw new IceError('too_large', `The journal of ${event.runId} has reached ${SEQS} events`);
      }
      const data = JSON.stringify(event.data);
      insertEvent.run(
        key * SEQS + event.seq,
        event.ts,
        TYPE_NUMBERS[event.type],
        event.path ?? null,
        event.attempt ?? null,
        data === EMPTY ? null : data,
      );
    }
  };

  const madeBefore = (existing: StoredRun, asked: RunRow): { row: RunRow; created: boolean } => {
    if (existing['content_hash'] !== asked.contentHash) throw otherContent(asked.id);
    return { row: runRow(existing), created: false };
  };

  const insert = ({ row, plan, events }: NewRun, lease: { worker: string; leaseMs: number } | undefined) => {
    const made: RunRow = { ...row, seq: events.length };
    if (lease) {
      made.leaseOwner = lease.worker;
      made.leaseEpoch = 1;
      made.leaseUntil = row.createdAt + lease.leaseMs;
    }
    // Known plans were seen committed, so their text is not made again.
    forgetWhatMayHaveChanged();
    if (!writtenPlans.has(row.planDigest)) {
      const existing = stored(row.project, row.id);
      if (existing) return madeBefore(existing, row);
      sql('insert or ignore into plans (digest, plan) values (?, ?)').run(
        row.planDigest,
        JSON.stringify(plan),
      );
    }
    const { changes, lastInsertRowid } =
      sql(`insert into runs (project, id, state, name, version, digest, plan_digest,
      content_hash, created_at, created_by, started_at, ended_at, input_tokens, output_tokens, cost, max_cost,
      deadline_at, cancel_requested, lease_owner, lease_epoch, lease_until, wake_at, due_at, error)
      values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      on conflict (project, id) do nothing`).run(
        made.project,
        made.id,
        made.state,
        made.name,
        made.version,
        made.digest,
        made.planDigest,
        made.contentHash,
        made.createdAt,
        made.createdBy,
        made.startedAt,
        made.endedAt,
        made.usage.inputTokens,
        made.usage.outputTokens,
        made.cost,
        made.maxCost,
        made.deadlineAt,
        made.cancelRequested ? 1 : 0,
        made.leaseOwner,
        made.leaseEpoch,
        made.leaseUntil,
        made.wakeAt,
        dueAt(made),
        made.error ? JSON.stringify(made.error) : null,
      );
    if (changes === 0) return madeBefore(stored(row.project, row.id)!, row);
    const key = Number(lastInsertRowid);
    append(key, events);
    if (generation === connection.generation) {
      const { project, state, leaseOwner, leaseUntil, wakeAt, leaseEpoch: epoch, seq } = made;
      keep(heads, made.id, { project, key, state, leaseOwner, leaseUntil, wakeAt, epoch, seq }, HEADS);
    }
    return { row: made, created: true };
  };

  const apply = (change: Change): void => {
    const head = headOf(change.project, change.runId);
    if (!head) throw noSuchRun(change.runId);
    if (head.seq !== change.expectedSeq || (change.epoch !== undefined && head.epoch !== change.epoch)) {
      throw leaseLost(change.runId);
    }
    append(head.key, change.events);
    head.seq += change.events.length;
    patchRow(head, change);
    // Nobody writes to it for a while, or never again.
    if (change.release) heads.delete(change.runId);
  };

  const patchRow = (head: Head, { patch, release, epoch }: Change): void => {
    let columns = '';
    const values: (string | number | null)[] = [];
    const set = (name: string, value: string | number | null) => {
      columns += columns === '' ? `${name} = ?` : `, ${name} = ?`;
      values.push(value);
    };
    if (patch.startedAt !== undefined) set('started_at', patch.startedAt);
    if (patch.endedAt !== undefined) set('ended_at', patch.endedAt);
    if (patch.cost !== undefined) set('cost', patch.cost);
    if (patch.usage !== undefined) {
      set('input_tokens', patch.usage.inputTokens);
      set('output_tokens', patch.usage.outputTokens);
    }
    if (patch.cancelRequested !== undefined) set('cancel_requested', patch.cancelRequested ? 1 : 0);
    if (patch.error !== undefined) set('error', patch.error ? JSON.stringify(patch.error) : null);
    if (patch.state !== undefined) {
      head.state = patch.state;
      set('state', patch.state);
    }
    if (patch.wakeAt !== undefined) {
      head.wakeAt = patch.wakeAt;
      set('wake_at', patch.wakeAt);
    }
    if (release) {
      head.leaseOwner = null;
      head.leaseUntil = null;
      set('lease_owner', null);
      set('lease_until', null);
      if (epoch === undefined) {
        head.epoch += 1;
        set('lease_epoch', head.epoch);
      }
    }
    if (release || patch.state !== undefined || patch.wakeAt !== undefined) {
      // Another process may have asked for it to be cancelled, which the head does not know.
      const name =
        release && !ENDED.has(head.state) ? 'due_at = iif(cancel_requested = 1, 0, ?)' : 'due_at = ?';
      columns += columns === '' ? name : `, ${name}`;
      values.push(dueAt(head));
    }
    if (columns !== '') sql(`update runs set ${columns} where key = ?`).run(...values, head.key);
  };

  const claimable = ({ now, limit, only, force }: ClaimRequest): StoredRun[] => {
    if (!only) {
      const text = `select ${RUN_COLUMNS} from runs where due_at <= ? order by due_at limit ?`;
      return sql(text).all(now, limit) as StoredRun[];
    }
    const row = stored(only.project, only.runId);
    if (!row) return [];
    const due = sql('select due_at from runs where key = ?').get(row.key)!['due_at'] as number | null;
    const may = force ? !ENDED.has(row['state'] as RunRow['state']) : due !== null && due <= now;
    return may ? [row] : [];
  };

  return {
    create: (run, lease) =>
      connection
        .write(
          () => insert(run, lease),
          (made) => {
            if (!made.created) return;
            if (!plans.has(run.row.planDigest)) keep(plans, run.row.planDigest, run.plan, PLANS);
            if (writtenPlans.size >= HEADS) writtenPlans.clear();
            writtenPlans.add(run.row.planDigest);
            changed(run.row.project, run.row.id);
          },
        )
        .then(({ row, created }) => ({ row, created })),
    async get(project, runId) {
      const row = stored(project, runId);
      return row && runRow(row);
    },
    async list({ project, state, name, before, limit }) {
      const where = ['project = ?'];
      const values: (string | number)[] = [project];
      if (state) where.push('state = ?') && values.push(state);
      if (name) where.push('name = ?') && values.push(name);
      if (before) where.push('(created_at, id) < (?, ?)') && values.push(before.createdAt, before.id);
      const text = `select ${RUN_COLUMNS} from runs where ${where.join(' and ')}
        order by created_at desc, id desc limit ?`;
      return (sql(text).all(...values, limit) as StoredRun[]).map(runRow);
    },
    async plan(digest) {
      let plan = plans.get(digest);
      if (!plan) {
        const row = sql('select plan from plans where digest = ?').get(digest);
        if (!row) return undefined;
        plan = JSON.parse(row['plan'] as string) as Plan;
        keep(plans, digest, plan, PLANS);
      }
      return plan;
    },
    async events(project, runId, afterSeq = 0, limit = SEQS) {
      const key = keyOf(project, runId);
      if (key === undefined) return [];
      const rows = sql(
        'select key, ts, type, path, attempt, data from events where key > ? and key < ? order by key limit ?',
      );
      return (rows.all(key * SEQS + afterSeq, (key + 1) * SEQS, limit) as unknown as StoredEvent[]).map(
        (row) => eventOf(row, runId),
      );
    },
    commit: (change) =>
      connection.write(
        () => apply(change),
        () => changed(change.project, change.runId),
      ),
    claim: (request) =>
      connection.write(() => {
        const until = request.now + request.leaseMs;
        return claimable(request).map((row) => {
          heads.delete(row['id'] as string);
          sql(`update runs set lease_owner = ?, lease_epoch = lease_epoch + 1, lease_until = ?, due_at = ?
            where key = ?`).run(request.worker, until, until, row.key);
          return {
            ...runRow(row),
            leaseOwner: request.worker,
            leaseEpoch: (row['lease_epoch'] as number) + 1,
            leaseUntil: until,
          };
        });
      }),
    renew: (project, runId, epoch, until) =>
      connection.write(() => {
        const key = keyOf(project, runId);
        if (key === undefined) return false;
        heads.delete(runId);
        const text = `update runs set lease_until = ?1, due_at = iif(due_at is null, null, ?1)
          where key = ?2 and lease_epoch = ?3 and lease_owner is not null`;
        return sql(text).run(until, key, epoch).changes === 1;
      }),
    release: (project, runId, epoch) =>
      connection.write(
        () => {
          const row = stored(project, runId);
          if (!row || row['lease_epoch'] !== epoch) return;
          heads.delete(runId);
          const due = dueAt({ ...runRow(row), leaseOwner: null, leaseUntil: null });
          sql('update runs set lease_owner = null, lease_until = null, due_at = ? where key = ?').run(
            due,
            row.key,
          );
        },
        () => changed(project, runId),
      ),
    async held(worker, among) {
      const columns = 'select project, id, lease_epoch, cancel_requested from runs where lease_owner = ?';
      const rows = among
        ? among.map(({ project, runId }) =>
            sql(`${columns} and project = ? and id = ?`).get(worker, project, runId),
          )
        : sql(columns).all(worker);
      return rows
        .filter((row) => row !== undefined)
        .map((row) => ({
          project: row['project'] as string,
          runId: row['id'] as string,
          epoch: row['lease_epoch'] as number,
          cancelRequested: row['cancel_requested'] === 1,
        }));
    },
    async nextDue() {
      const row = sql('select min(due_at) as due from runs where due_at is not null').get()!;
      return (row['due'] as number | null) ?? undefined;
    },
    requestCancel: (project, runId) =>
      connection.write(
        () => {
          const row = stored(project, runId);
          if (!row) return undefined;
          const asked = { ...runRow(row), cancelRequested: true };
          sql('update runs set cancel_requested = 1, due_at = ? where key = ?').run(dueAt(asked), row.key);
          return asked;
        },
        (row) => row && changed(project, runId),
      ),
    async cacheGet(key, now) {
      const text =
        'select result, run_id from cache where key = ? and (expires_at is null or expires_at > ?)';
      const row = sql(text).get(key, now);
      return row && { result: JSON.parse(row['result'] as string), runId: row['run_id'] as string };
    },
    cachePut: (key, { result, runId, expiresAt }) =>
      connection.write(() => {
        const text = 'insert or replace into cache (key, result, run_id, expires_at) values (?, ?, ?, ?)';
        sql(text).run(key, JSON.stringify(result), runId, expiresAt);
        if (puts++ % 100 === 0) {
          sql('delete from cache where rowid <= (select max(rowid) from cache) - ?').run(CACHED);
        }
      }),
    onChange(listener) {
      listeners.add(listener);
      unwatch ??= connection.watch(() => changed('', ''));
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        unwatch?.();
        unwatch = undefined;
      };
    },
  };
}
