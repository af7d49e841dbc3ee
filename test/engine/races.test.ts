import { describe, expect, it } from 'vitest';
import type { HeldRun, RunStore } from '../../src/engine/ports.ts';
import { createMemoryRuns } from '../../src/stores/memory.ts';
import { randomOf, VirtualTime } from '../simulation/virtual-clock.ts';
import { gate } from './gate.ts';
import { holdStore } from './held-store.ts';
import { planOf } from './plan-of.ts';
import { engineOf, playedOf, request, type TestEffect } from './play.ts';

/** Each of these forces what is otherwise a matter of a moment: the store waits at the place where it matters. */

const one = planOf({ nodes: [{ id: 'a', type: 'tool' }] });
const never: TestEffect = () => {
  throw new Error('no attempt may start');
};

describe('a cancel that comes while a run', () => {
  it('is being made ends it', async () => {
    const { store, reached, pass } = holdStore('create', { answered: true });
    const engine = engineOf(store, gate().effect);
    const made = request(one);
    const creating = engine.create({ ...made, drive: true });
    await reached;
    const cancelling = engine.cancel('demo', made.id);
    pass();
    await creating;
    await cancelling;
    expect(await engine.drive('demo', made.id)).toBe('ended');
    expect((await playedOf(store, made.id)).state).toBe('cancelled');
  });

  const moments = {
    'has been claimed': holdStore('claim', { answered: true }),
    'is being read': holdStore('events'),
    'was read': holdStore('events', { answered: true }),
  };
  for (const [moment, { store, reached, pass }] of Object.entries(moments)) {
    it(`${moment} and has no driver yet ends it`, async () => {
      const engine = engineOf(store, gate().effect);
      const made = request(one);
      await engine.create({ ...made, drive: false });
      const driven = engine.drive('demo', made.id);
      await reached;
      const cancelling = engine.cancel('demo', made.id);
      // All that can be done before the claim is through.
      await new Promise((resolve) => setImmediate(resolve));
      pass();
      await cancelling;
      expect(await driven).toBe('ended');
      expect((await playedOf(store, made.id)).state).toBe('cancelled');
    });
  }
});

describe('a worker that stops', () => {
  it('gives back what it had just claimed, and starts nothing of it', async () => {
    const { store, reached, pass } = holdStore('claim', { answered: true });
    const engine = engineOf(store, never);
    const made = request(one);
    await engine.create({ ...made, drive: false });
    engine.start();
    await reached;
    const stopping = engine.stop();
    pass();
    await stopping;
    expect(engine.drives('demo', made.id)).toBe(false);
    expect(await store.get('demo', made.id)).toMatchObject({ state: 'queued', leaseOwner: null });
  });

  it('gives back what it was making or taking up', async () => {
    for (const method of ['create', 'events'] as const) {
      const { store, reached, pass } = holdStore(method);
      const engine = engineOf(store, gate().effect);
      const made = request(one);
      const working =
        method === 'create'
          ? engine.create({ ...made, drive: true })
          : engine.create({ ...made, drive: false }).then(() => engine.drive('demo', made.id));
      await reached;
      const stopping = engine.stop();
      pass();
      await stopping;
      await working;
      expect(engine.drives('demo', made.id), method).toBe(false);
      expect(await store.get('demo', made.id), method).toMatchObject({ state: 'waiting', leaseOwner: null });
    }
  });

  it('suspends what it was taking up', async () => {
    const { store, reached, pass } = holdStore('events');
    const engine = engineOf(store, gate().effect);
    const made = request(one);
    await engine.create({ ...made, drive: false });
    const driven = engine.drive('demo', made.id);
    await reached;
    const suspended = engine.suspend('demo', made.id);
    pass();
    await suspended;
    expect(await driven).toBe('paused');
    expect(await store.get('demo', made.id)).toMatchObject({ state: 'paused', leaseOwner: null });
  });
});

describe('a run whose last commit is under way', () => {
  /** Its commit is made when `reached` resolves, and answered when `pass` is called. */
  async function ending() {
    const time = new VirtualTime();
    const { store, reached, pass } = holdStore('commit', {
      answered: true,
      when: ({ release }) => release === true,
    });
    const { effect, next } = gate();
    const engine = engineOf(store, effect, { clock: time.clock(randomOf(1)), leaseMs: 3_000 });
    const made = request(one);
    await engine.create({ ...made, drive: true });
    const driven = engine.drive('demo', made.id);
    return { time, engine, made, driven, next, reached, pass };
  }

  it('has ended, and was not lost, when its lease is looked at meanwhile', async () => {
    const { time, engine, made, driven, next, reached, pass } = await ending();
    const waiting = engine.wait('demo', made.id, 3_600_000);
    (await next()).end();
    await reached;
    // The leases are renewed, and there is none of this run any more.
    const began = time.now;
    await time.run(() => time.now > began);
    pass();
    expect(await driven).toBe('ended');
    expect((await waiting).end).toMatchObject({ type: 'run.succeeded' });
  });

  it('has ended, and was not lost, when the commit took longer than the lease', async () => {
    const { time, driven, next, reached, pass } = await ending();
    (await next()).end();
    await reached;
    time.now += 3_000;
    pass();
    expect(await driven).toBe('ended');
  });
});

it('starts nothing more when the run is lost while its lease is renewed late', async () => {
  const time = new VirtualTime();
  const { store: slow, reached, pass } = holdStore('commit', { answered: true });
  const renewed = Promise.withResolvers<void>();
  const heard = Promise.withResolvers<void>();
  let renewals = 0;
  const store: RunStore = {
    ...slow,
    renew: async (...of) => {
      const answer = await slow.renew(...of);
      renewals += 1;
      if (renewals > 1) return answer;
      renewed.resolve();
      await heard.promise;
      return answer;
    },
  };
  const { effect, next } = gate();
  const started: string[] = [];
  const plan = planOf({
    nodes: [
      { id: 'a', type: 'tool' },
      { id: 'b', type: 'tool', needs: ['a'] },
    ],
  });
  const counted: TestEffect = (attempt) => {
    started.push(attempt.path);
    return effect(attempt);
  };
  const engine = engineOf(store, counted, { clock: time.clock(randomOf(1)), leaseMs: 3_000 });
  const made = request(plan);
  await engine.create({ ...made, drive: true });
  const driven = engine.drive('demo', made.id);
  (await next()).end();
  await reached;
  time.now += 3_000;
  pass();
  await renewed.promise;
  const asked = { worker: 'w2', leaseMs: 3_000, now: time.now, limit: 1 };
  await store.claim({ ...asked, only: { project: 'demo', runId: made.id }, force: true });
  // The next renewal, which is due by now, finds that it is another's.
  const began = time.now;
  await time.run(() => renewals > 1 || time.now > began + 10_000);
  expect(await driven).toBe('lost');
  heard.resolve();
  await new Promise((resolve) => setImmediate(resolve));
  expect(started).toEqual(['a']);
});

describe('a word of another process that comes while the last one is looked into', () => {
  it('is heard as well', async () => {
    const runs = createMemoryRuns();
    const listeners = new Set<(project: string, runId: string) => void>();
    const elsewhere = () => {
      for (const listener of listeners) listener('', '');
    };
    const looked = Promise.withResolvers<void>();
    const passed = Promise.withResolvers<void>();
    let looks = 0;
    const store: RunStore = {
      ...runs,
      onChange: (listener) => {
        listeners.add(listener);
        const leave = runs.onChange(listener);
        return () => {
          listeners.delete(listener);
          leave();
        };
      },
      held: async (...of): Promise<HeldRun[]> => {
        const answer = await runs.held(...of);
        looks += 1;
        if (looks > 1) return answer;
        looked.resolve();
        await passed.promise;
        return answer;
      },
    };
    const engine = engineOf(store, gate().effect);
    const made = request(one);
    await engine.create({ ...made, drive: true });
    const driven = engine.drive('demo', made.id);
    elsewhere();
    await looked.promise;
    await runs.requestCancel('demo', made.id);
    elsewhere();
    passed.resolve();
    expect(await driven).toBe('ended');
    expect((await playedOf(store, made.id)).state).toBe('cancelled');
  });
});

describe('two who take a run that nobody drives, at the same time', () => {
  for (const act of ['cancel', 'pause'] as const) {
    it(`both ${act} it`, async () => {
      const store = createMemoryRuns();
      const [first, second] = [engineOf(store), engineOf(store, never, { workerId: 'w2' })];
      const made = request(one);
      await first.create({ ...made, drive: false });
      const state = act === 'cancel' ? 'cancelled' : 'paused';
      expect(await Promise.all([first[act]('demo', made.id), second[act]('demo', made.id)])).toMatchObject([
        { state },
        { state },
      ]);
    });
  }

  it('both resume it', async () => {
    const store = createMemoryRuns();
    const [first, second] = [engineOf(store), engineOf(store, never, { workerId: 'w2' })];
    const made = request(one);
    await first.create({ ...made, drive: false });
    await first.pause('demo', made.id);
    const rows = await Promise.all([first.resume('demo', made.id), second.resume('demo', made.id)]);
    expect(rows.map((row) => row.leaseOwner === null || row.state === 'queued')).toEqual([true, true]);
    expect(await first.drive('demo', made.id)).toBe('ended');
  });
});

it('waits on for a run that another worker took away, until that one has ended it', async () => {
  const store = createMemoryRuns();
  const { effect, next } = gate();
  const made = request(one);
  const first = engineOf(store, effect);
  await first.create({ ...made, drive: true });
  const driven = first.driveWhenFree('demo', made.id);
  const lost = await next();
  const second = engineOf(store, effect, { workerId: 'w2', isWorkerAlive: () => false });
  const taken = second.drive('demo', made.id);
  const again = await next();
  // The first one finds out when it writes.
  lost.end();
  again.end();
  expect(await taken).toBe('ended');
  expect(await driven).toBe('ended');
});
