import { type AnyRunEvent, ENDED } from '../contracts/events.ts';
import type { Json } from '../contracts/json.ts';
import type { Plan } from '../contracts/plan.ts';
import type { RunRow, RunStore } from '../engine/ports.ts';
import { dueAt } from './due.ts';
import { leaseLost, noSuchRun, otherContent } from './refusals.ts';

interface Entry {
  row: RunRow;
  events: AnyRunEvent[];
}

/** Runs in memory: for tests and the simulation. It refuses what the real stores refuse, and shares no row with its callers. */
export function createMemoryRuns(): RunStore {
  const runs = new Map<string, Entry>();
  const plans = new Map<string, Plan>();
  const cache = new Map<string, { result: Json; runId: string; expiresAt: number | null }>();
  const listeners = new Set<(project: string, runId: string) => void>();
  const keyOf = (project: string, runId: string) => `${project}/${runId}`;
  const copy = (row: RunRow): RunRow => ({ ...row, usage: { ...row.usage } });
  const changed = (row: RunRow) => {
    for (const listener of listeners) listener(row.project, row.id);
  };
  const find = (project: string, runId: string): Entry => {
    const entry = runs.get(keyOf(project, runId));
    if (!entry) throw noSuchRun(runId);
    return entry;
  };

  return {
    async create({ row, plan, events }, lease) {
      const existing = runs.get(keyOf(row.project, row.id));
      if (existing) {
        if (existing.row.contentHash !== row.contentHash) throw otherContent(row.id);
        return { row: copy(existing.row), created: false };
      }
      if (!plans.has(row.planDigest)) plans.set(row.planDigest, plan);
      const made = { ...copy(row), seq: events.length };
      if (lease) {
        Object.assign(made, {
          leaseOwner: lease.worker,
          leaseEpoch: 1,
          leaseUntil: row.createdAt + lease.leaseMs,
        });
      }
      runs.set(keyOf(row.project, row.id), { row: made, events: [...events] });
      changed(made);
      return { row: copy(made), created: true };
    },
    async get(project, runId) {
      const entry = runs.get(keyOf(project, runId));
      return entry && copy(entry.row);
    },
    async list({ project, state, name, before, limit }) {
      return [...runs.values()]
        .map((entry) => entry.row)
        .filter(
          (row) => row.project === project && (!state || row.state === state) && (!name || row.name === name),
        )
        .filter(
          (row) =>
            !before ||
            row.createdAt < before.createdAt ||
            (row.createdAt === before.createdAt && row.id < before.id),
        )
        .sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1))
        .slice(0, limit)
        .map(copy);
    },
    async plan(digest) {
      return plans.get(digest);
    },
    async events(project, runId, afterSeq = 0, limit) {
      const entry = runs.get(keyOf(project, runId));
      return entry?.events.slice(afterSeq, limit === undefined ? undefined : afterSeq + limit) ?? [];
    },
    async commit({ project, runId, expectedSeq, epoch, events, patch, release }) {
      const entry = find(project, runId);
      const { row } = entry;
      if (row.seq !== expectedSeq || (epoch !== undefined && row.leaseEpoch !== epoch))
        throw leaseLost(runId);
      entry.events.push(...events);
      Object.assign(row, patch, { seq: expectedSeq + events.length });
      if (release) {
        Object.assign(row, { leaseOwner: null, leaseUntil: null });
        if (epoch === undefined) row.leaseEpoch += 1;
      }
      changed(row);
    },
    async claim({ worker, leaseMs, now, limit, only, force }) {
      const claimed: RunRow[] = [];
      const candidates = only ? [runs.get(keyOf(only.project, only.runId))] : runs.values();
      for (const entry of candidates) {
        if (claimed.length >= limit) break;
        if (!entry) continue;
        const due = dueAt(entry.row);
        const may = only && force ? !ENDED.has(entry.row.state) : due !== null && due <= now;
        if (!may) continue;
        Object.assign(entry.row, {
          leaseOwner: worker,
          leaseEpoch: entry.row.leaseEpoch + 1,
          leaseUntil: now + leaseMs,
        });
        claimed.push(copy(entry.row));
      }
      return claimed;
    },
    async renew(project, runId, epoch, until) {
      const row = runs.get(keyOf(project, runId))?.row;
      if (!row || row.leaseEpoch !== epoch || row.leaseOwner === null) return false;
      row.leaseUntil = until;
      return true;
    },
    async release(project, runId, epoch) {
      const row = runs.get(keyOf(project, runId))?.row;
      if (!row || row.leaseEpoch !== epoch) return;
      Object.assign(row, { leaseOwner: null, leaseUntil: null });
      changed(row);
    },
    async held(worker, among) {
      const entries = among
        ? among.map(({ project, runId }) => runs.get(keyOf(project, runId)))
        : [...runs.values()];
      return entries
        .filter((entry) => entry?.row.leaseOwner === worker)
        .map((entry) => ({
          project: entry!.row.project,
          runId: entry!.row.id,
          epoch: entry!.row.leaseEpoch,
          cancelRequested: entry!.row.cancelRequested,
        }));
    },
    async nextDue() {
      let next: number | undefined;
      for (const { row } of runs.values()) {
        const due = dueAt(row);
        if (due !== null && (next === undefined || due < next)) next = due;
      }
      return next;
    },
    async requestCancel(project, runId) {
      const entry = runs.get(keyOf(project, runId));
      if (!entry) return undefined;
      entry.row.cancelRequested = true;
      changed(entry.row);
      return copy(entry.row);
    },
    async cacheGet(key, now) {
      const hit = cache.get(key);
      return hit && (hit.expiresAt === null || hit.expiresAt > now)
        ? { result: hit.result, runId: hit.runId }
        : undefined;
    },
    async cachePut(key, entry) {
      cache.set(key, entry);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
