import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AnyRunEvent } from '../../src/contracts/events.ts';
import type { Plan } from '../../src/contracts/plan.ts';
import type { Change, NewRun, RunRow, RunStore } from '../../src/engine/ports.ts';

export const emptyPlan = (name = 'flow'): Plan => ({
  plan: 1,
  name,
  version: '1.0.0',
  digest: `sha256:${'a'.repeat(64)}`,
  inputs: { type: 'object' },
  writeOnly: [],
  nodes: [],
  outputs: {},
  concurrency: 100,
  components: {},
  workflows: {},
});

let counter = 0;
export function newRun(change: Partial<RunRow> = {}, plan: Plan = emptyPlan()): NewRun {
  counter += 1;
  const id = change.id ?? `run_${String(counter).padStart(26, '0')}`;
  const row: RunRow = {
    project: 'demo',
    id,
    state: 'queued',
    name: plan.name,
    version: plan.version,
    digest: plan.digest,
    planDigest: `sha256:${plan.name}`,
    contentHash: `hash-of-${id}`,
    createdAt: 1_000,
    startedAt: null,
    endedAt: null,
    createdBy: 'tester',
    usage: { inputTokens: 0, outputTokens: 0 },
    cost: 0,
    maxCost: null,
    deadlineAt: null,
    cancelRequested: false,
    seq: 1,
    leaseOwner: null,
    leaseEpoch: 0,
    leaseUntil: null,
    wakeAt: null,
    error: null,
    ...change,
  };
  const data = { name: plan.name, version: plan.version, plan: row.planDigest, inputs: {}, by: 'tester' };
  return { row, plan, events: [{ v: 1, seq: 1, ts: 1_000, runId: id, type: 'run.created', data }] };
}

const log = (runId: string, seq: number, message = `m${seq}`): AnyRunEvent => ({
  v: 1,
  seq,
  ts: 1_000 + seq,
  runId,
  type: 'node.log',
  path: 'a[0].b',
  attempt: 1,
  data: { level: 'info', message, fields: { n: seq } },
});

/** What every run store does, written once. */
export function runStoreSuite(
  name: string,
  open: () => Promise<{ store: RunStore; close(): Promise<void> }>,
) {
  describe(`${name}: the run store`, () => {
    let store: RunStore;
    let close: () => Promise<void>;
    beforeEach(async () => {
      ({ store, close } = await open());
    });
    afterEach(() => close());

    const change = (row: RunRow, more: Partial<Change> = {}): Change => ({
      project: row.project,
      runId: row.id,
      expectedSeq: 1,
      events: [log(row.id, 2)],
      patch: {},
      ...more,
    });

    it('makes a run once, and returns the one that is there for the same content', async () => {
      const run = newRun();
      expect((await store.create(run)).created).toBe(true);
      const again = await store.create(run);
      expect(again.created).toBe(false);
      expect(again.row).toEqual({ ...run.row, seq: 1 });
      expect(await store.get('demo', run.row.id)).toEqual(run.row);
      await expect(store.create({ ...run, row: { ...run.row, contentHash: 'other' } })).rejects.toMatchObject(
        {
          code: 'idempotency_mismatch',
        },
      );
    });

    it('keeps projects apart: the same id is another run', async () => {
      const one = newRun();
      const other = newRun({ id: one.row.id, project: 'other', contentHash: 'x' });
      await store.create(one);
      expect((await store.create(other)).created).toBe(true);
      await store.commit(change(one.row));
      expect((await store.events('other', one.row.id)).length).toBe(1);
      expect(await store.get('nobody', one.row.id)).toBeUndefined();
      expect(await store.events('nobody', one.row.id)).toEqual([]);
    });

    it('appends events and reads back exactly what was written', async () => {
      const run = newRun();
      await store.create(run);
      const events = [log(run.row.id, 2, 'a "quoted" ü 😀'), log(run.row.id, 3)];
      await store.commit(change(run.row, { events, patch: { state: 'running', startedAt: 5 } }));
      expect(await store.events('demo', run.row.id)).toEqual([...run.events, ...events]);
      expect(await store.events('demo', run.row.id, 1, 1)).toEqual([events[0]]);
      expect(await store.events('demo', run.row.id, 3)).toEqual([]);
      expect(await store.get('demo', run.row.id)).toMatchObject({ seq: 3, state: 'running', startedAt: 5 });
    });

    it('patches every column that a commit may change', async () => {
      const run = newRun();
      await store.create(run);
      const patch = {
        state: 'failed' as const,
        startedAt: 2,
        endedAt: 3,
        usage: { inputTokens: 4, outputTokens: 5 },
        cost: 0.25,
        cancelRequested: true,
        wakeAt: 7,
        error: { code: 'x', message: 'y' },
      };
      await store.commit(change(run.row, { patch }));
      expect(await store.get('demo', run.row.id)).toMatchObject(patch);
    });

    it('refuses a commit at another seq, and only that one of a group', async () => {
      const [a, b, c] = [newRun(), newRun(), newRun()];
      for (const run of [a, b, c]) await store.create(run);
      const results = await Promise.allSettled([
        store.commit(change(a.row)),
        store.commit(change(b.row, { expectedSeq: 5 })),
        store.commit(change(c.row)),
        store.commit(change(a.row, { expectedSeq: 2, events: [log(a.row.id, 3)] })),
      ]);
      expect(results.map((result) => result.status)).toEqual([
        'fulfilled',
        'rejected',
        'fulfilled',
        'fulfilled',
      ]);
      expect((results[1] as PromiseRejectedResult).reason).toMatchObject({ code: 'lease_lost' });
      expect((await store.get('demo', a.row.id))?.seq).toBe(3);
      expect((await store.get('demo', b.row.id))?.seq).toBe(1);
      expect((await store.events('demo', c.row.id)).length).toBe(2);
    });

    it('fences a worker whose lease was taken over', async () => {
      const run = newRun();
      await store.create(run, { worker: 'w1', leaseMs: 100 });
      expect(await store.claim({ worker: 'w2', leaseMs: 100, now: 1_050, limit: 10 })).toEqual([]);
      const [taken] = await store.claim({ worker: 'w2', leaseMs: 100, now: 1_101, limit: 10 });
      expect(taken).toMatchObject({ id: run.row.id, leaseOwner: 'w2', leaseEpoch: 2, leaseUntil: 1_201 });
      await expect(store.commit(change(run.row, { epoch: 1 }))).rejects.toMatchObject({ code: 'lease_lost' });
      expect(await store.renew('demo', run.row.id, 1, 9_999)).toBe(false);
      expect(await store.renew('demo', run.row.id, 2, 5_000)).toBe(true);
      expect(await store.claim({ worker: 'w3', leaseMs: 100, now: 4_999, limit: 10 })).toEqual([]);
      await store.commit(change(run.row, { epoch: 2 }));
      const mine = [{ project: 'demo', runId: run.row.id }];
      expect(await store.held('w2', mine)).toEqual([
        { project: 'demo', runId: run.row.id, epoch: 2, cancelRequested: false },
      ]);
      expect(await store.held('w1', mine)).toEqual([]);
    });

    it('never gives one run to two workers', async () => {
      for (let i = 0; i < 20; i++) await store.create(newRun());
      const claims = await Promise.all(
        ['w1', 'w2', 'w3'].map((worker) => store.claim({ worker, leaseMs: 100, now: 2_000, limit: 9 })),
      );
      const ids = claims.flat().map((row) => row.id);
      expect(ids.length).toBe(20);
      expect(new Set(ids).size).toBe(20);
    });

    it('gives a waiting run when it is due, and a paused or ended one never', async () => {
      const run = newRun();
      await store.create(run, { worker: 'w1', leaseMs: 100 });
      await store.commit(
        change(run.row, { epoch: 1, patch: { state: 'waiting', wakeAt: 5_000 }, release: true }),
      );
      expect(await store.nextDue()).toBe(5_000);
      expect(await store.claim({ worker: 'w2', leaseMs: 100, now: 4_999, limit: 1 })).toEqual([]);
      const [row] = await store.claim({ worker: 'w2', leaseMs: 100, now: 5_000, limit: 1 });
      expect(row?.id).toBe(run.row.id);
      for (const state of ['paused', 'succeeded'] as const) {
        const expectedSeq = (await store.get('demo', run.row.id))!.seq;
        await store.commit(
          change(run.row, {
            expectedSeq,
            events: [log(run.row.id, expectedSeq + 1)],
            patch: { state },
            release: true,
          }),
        );
        expect(await store.nextDue()).toBeUndefined();
        expect(await store.claim({ worker: 'w3', leaseMs: 100, now: 1e9, limit: 1 })).toEqual([]);
      }
    });

    it('claims one asked-for run, and by force also one that is leased, but none that ended', async () => {
      const run = newRun();
      const other = newRun();
      await store.create(other);
      await store.create(run, { worker: 'w1', leaseMs: 1_000 });
      const only = { project: 'demo', runId: run.row.id };
      const request = { worker: 'w2', leaseMs: 1_000, now: 1_001, limit: 1, only };
      expect(await store.claim(request)).toEqual([]);
      expect((await store.claim({ ...request, force: true })).map((row) => row.leaseEpoch)).toEqual([2]);
      await expect(store.commit(change(run.row, { epoch: 1 }))).rejects.toMatchObject({ code: 'lease_lost' });
      await store.commit(change(run.row, { epoch: 2, patch: { state: 'cancelled' }, release: true }));
      expect(await store.claim({ ...request, force: true })).toEqual([]);
    });

    it('takes the lease away with a release that needs none', async () => {
      const run = newRun();
      await store.create(run, { worker: 'w1', leaseMs: 1_000 });
      await store.commit(change(run.row, { patch: { state: 'paused' }, release: true }));
      const late = change(run.row, { epoch: 1, expectedSeq: 2, events: [log(run.row.id, 3)] });
      await expect(store.commit(late)).rejects.toMatchObject({ code: 'lease_lost' });
    });

    it('gives a run back, so that another worker may take it at once', async () => {
      const run = newRun();
      await store.create(run, { worker: 'w1', leaseMs: 1_000 });
      await store.release('demo', run.row.id, 7);
      expect(await store.claim({ worker: 'w2', leaseMs: 1_000, now: 1_001, limit: 1 })).toEqual([]);
      await store.release('demo', run.row.id, 1);
      expect((await store.claim({ worker: 'w2', leaseMs: 1_000, now: 1_001, limit: 1 })).length).toBe(1);
    });

    it('marks a run to be cancelled', async () => {
      const run = newRun();
      await store.create(run, { worker: 'w1', leaseMs: 1_000 });
      expect(await store.requestCancel('demo', run.row.id)).toMatchObject({ cancelRequested: true });
      const mine = [{ project: 'demo', runId: run.row.id }];
      expect((await store.held('w1', mine))[0]?.cancelRequested).toBe(true);
      expect(await store.requestCancel('demo', 'run_none')).toBeUndefined();
    });

    it('has a run that is to be cancelled taken up at once, whatever it was given back as', async () => {
      for (const [state, wakeAt] of [
        ['paused', null],
        ['waiting', 1e12],
      ] as const) {
        for (const first of ['asked', 'given back']) {
          const run = newRun();
          await store.create(run, { worker: 'w1', leaseMs: 1_000 });
          if (first === 'asked') await store.requestCancel('demo', run.row.id);
          const patch = { state, wakeAt };
          await store.commit(change(run.row, { epoch: 1, patch, release: true }));
          if (first !== 'asked') await store.requestCancel('demo', run.row.id);
          const [taken] = await store.claim({ worker: 'w2', leaseMs: 1_000, now: 1_000, limit: 1 });
          expect(taken, `${state}, ${first} first`).toMatchObject({ id: run.row.id, cancelRequested: true });
        }
      }
    });

    it('lists the newest first, page by page, by state and name', async () => {
      const runs: NewRun[] = [];
      for (let i = 0; i < 5; i++) {
        const plan = emptyPlan(i % 2 ? 'odd' : 'even');
        runs.push(newRun({ createdAt: 1_000 + Math.floor(i / 2) }, plan));
        await store.create(runs[i]!);
      }
      await store.create(newRun({ project: 'other' }));
      const first = await store.list({ project: 'demo', limit: 2 });
      expect(first.map((row) => row.id)).toEqual([runs[4]!.row.id, runs[3]!.row.id]);
      const last = first.at(-1)!;
      const next = await store.list({
        project: 'demo',
        limit: 9,
        before: { createdAt: last.createdAt, id: last.id },
      });
      expect(next.map((row) => row.id)).toEqual([2, 1, 0].map((i) => runs[i]!.row.id));
      expect((await store.list({ project: 'demo', name: 'odd', limit: 9 })).length).toBe(2);
      expect(await store.list({ project: 'demo', state: 'failed', limit: 9 })).toEqual([]);
    });

    it('keeps plans by digest', async () => {
      const run = newRun();
      await store.create(run);
      expect(await store.plan(run.row.planDigest)).toEqual(run.plan);
      expect(await store.plan('sha256:none')).toBeUndefined();
    });

    it('keeps cached results until they expire', async () => {
      await store.cachePut('k', { result: { a: [1] }, runId: 'run_1', expiresAt: 2_000 });
      await store.cachePut('for-ever', { result: null, runId: 'run_2', expiresAt: null });
      expect(await store.cacheGet('k', 1_999)).toEqual({ result: { a: [1] }, runId: 'run_1' });
      expect(await store.cacheGet('k', 2_000)).toBeUndefined();
      expect(await store.cacheGet('for-ever', 1e12)).toEqual({ result: null, runId: 'run_2' });
      await store.cachePut('k', { result: 2, runId: 'run_3', expiresAt: null });
      expect(await store.cacheGet('k', 1e12)).toEqual({ result: 2, runId: 'run_3' });
    });

    it('tells who listens of every change, until they leave', async () => {
      const heard: string[] = [];
      const leave = store.onChange((project, runId) => heard.push(`${project}/${runId}`));
      const run = newRun();
      await store.create(run);
      await store.create(run);
      await store.commit(change(run.row));
      expect(heard).toEqual([`demo/${run.row.id}`, `demo/${run.row.id}`]);
      leave();
      await store.requestCancel('demo', run.row.id);
      expect(heard.length).toBe(2);
    });

    it('refuses what belongs to no run', async () => {
      await expect(store.commit(change(newRun().row))).rejects.toMatchObject({ code: 'not_found' });
    });
  });
}
