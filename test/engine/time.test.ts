import { describe, expect, it } from 'vitest';
import { IceError } from '../../src/contracts/errors.ts';
import type { Attempt } from '../../src/engine/ports.ts';
import { retryable, retryDelay } from '../../src/engine/retry.ts';
import { createMemoryRuns } from '../../src/stores/memory.ts';
import { randomOf, VirtualTime } from '../simulation/virtual-clock.ts';
import { planOf, type TestNode } from './plan-of.ts';
import { engineOf, playedOf, request, type TestEffect } from './play.ts';

const tool = (id: string, more: Record<string, unknown> = {}): TestNode => ({ id, type: 'tool', ...more });
const retry = (more: Record<string, unknown> = {}) => ({
  maxAttempts: 3,
  backoff: 'exponential',
  initialMs: 1_000,
  maxMs: 60_000,
  jitter: false,
  ...more,
});

/** Plays a plan in simulated time; gives how it ended and how long it took. */
async function played(
  plan: ReturnType<typeof planOf>,
  effect: (time: VirtualTime) => TestEffect,
  more: { deadlineMs?: number } = {},
) {
  const time = new VirtualTime();
  const start = time.now;
  const store = createMemoryRuns();
  const engine = engineOf(store, effect(time), { clock: time.clock(randomOf(1)) });
  const made = { ...request(plan), ...more };
  await engine.create({ ...made, drive: true });
  let ended = false;
  engine.drive('demo', made.id).then(() => {
    ended = true;
  });
  await time.run(() => ended);
  return { ...(await playedOf(store, made.id)), ms: time.now - start };
}

const broken: TestEffect = () => {
  throw new IceError('tool_failed', 'no');
};

describe('retry', () => {
  it('waits longer each time, and gives up after its attempts', async () => {
    const plan = planOf({ nodes: [tool('a', { retry: retry({ maxAttempts: 4 }) })] });
    const result = await played(plan, () => broken);
    expect(result.state).toBe('failed');
    expect(result.ms).toBe(1_000 + 2_000 + 4_000);
    expect(result.story.filter((line) => line.startsWith('node.started'))).toEqual(
      [1, 2, 3, 4].map((n) => `node.started a#${n}`),
    );
  });

  it('does not try again what a TerminalError or a wrong argument ended', async () => {
    const plan = planOf({ nodes: [tool('a', { retry: retry() })] });
    const terminal = await played(plan, () => () => {
      throw new IceError('tool_failed', 'gone', { terminal: true });
    });
    expect(terminal.story).toContain('node.failed a#1');
    expect(retryable(new IceError('input_invalid', 'x'))).toBe(false);
    expect(retryable(new IceError('timeout', 'x'))).toBe(true);
    expect(retryable(new Error('x'))).toBe(true);
  });

  it('waits at least as long as it was asked to', async () => {
    const plan = planOf({ nodes: [tool('a', { retry: retry({ maxMs: 2_000 }) })] });
    const result = await played(plan, () => (attempt) => {
      if (attempt.attempt === 1) throw new IceError('provider_failed', 'busy', { retryAfterMs: 30_000 });
      return { result: 1 };
    });
    expect(result).toMatchObject({ state: 'succeeded', ms: 30_000 });
  });

  it('draws the wait between half and all of it', () => {
    const of = (
      backoff: 'fixed' | 'linear' | 'exponential',
      failures: number,
      random: number,
      jitter = true,
    ) => retryDelay({ maxAttempts: 100, backoff, initialMs: 100, maxMs: 1_000, jitter }, failures, random);
    expect([of('fixed', 3, 0), of('fixed', 3, 1)]).toEqual([50, 100]);
    expect([of('linear', 3, 0), of('linear', 30, 0.5)]).toEqual([150, 750]);
    expect([of('exponential', 3, 0, false), of('exponential', 99, 0, false)]).toEqual([400, 1_000]);
    expect(of('fixed', 100, 0)).toBeUndefined();
    expect(retryDelay(undefined, 1, 0)).toBeUndefined();
  });

  it('gives the same idempotency key to all attempts of a node', async () => {
    const keys = new Set<string>();
    const plan = planOf({ nodes: [tool('a', { retry: retry() })] });
    const result = await played(plan, () => (attempt) => {
      keys.add(attempt.idempotencyKey);
      return broken(attempt);
    });
    expect([...keys]).toEqual([`${result.events[0]!.runId}:a`]);
  });

  it('of a container keeps what succeeded in it, and does the rest again', async () => {
    const calls = new Map<string, number>();
    const plan = planOf({
      nodes: [
        {
          id: 'l',
          type: 'loop',
          items: [0, 1, 2],
          retry: retry(),
          body: [tool('a', { args: { at: '{{ index }}' } }), tool('b', { args: { at: '{{ a.at }}' } })],
          result: '{{ b.at }}',
        },
      ],
      outputs: { l: '{{ l }}' },
    });
    const result = await played(plan, () => (attempt) => {
      const n = (calls.get(attempt.path) ?? 0) + 1;
      calls.set(attempt.path, n);
      if (attempt.path === 'l[1].b' && n < 3) throw new IceError('tool_failed', 'not yet');
      return { result: attempt.args };
    });
    expect(result.outputs).toEqual({ l: [0, 1, 2] });
    expect(calls.get('l[1].b')).toBe(3);
    expect(calls.get('l[1].a')).toBe(1);
    expect(calls.get('l[0].a')).toBe(1);
    expect(result.story).toContain('node.started l[1].b#3');
    expect(result.story).toContain('node.retrying l#2');
  });
});

describe('timeout', () => {
  it('fails an attempt whose effect does not listen, frees its place, and ignores what it says later', async () => {
    const plan = planOf({
      concurrency: 1,
      nodes: [tool('a', { timeoutMs: 500, onError: 'continue' }), tool('b')],
    });
    let aborted: unknown;
    const result = await played(plan, (time) => async (attempt) => {
      attempt.signal.addEventListener('abort', () => {
        aborted = attempt.signal.reason;
      });
      await time.sleep(attempt.node.id === 'a' ? 800 : 1_000);
      return { result: 'late' };
    });
    expect(aborted).toMatchObject({ code: 'timeout' });
    expect(result).toMatchObject({ state: 'succeeded', ms: 1_500, handledFailures: ['a'] });
    expect(result.story.filter((line) => line.includes(' a#'))).toEqual([
      'node.started a#1',
      'node.failed a#1',
    ]);
  });

  it('is of each attempt, and is tried again', async () => {
    const plan = planOf({ nodes: [tool('a', { timeoutMs: 500, retry: retry({ backoff: 'fixed' }) })] });
    const result = await played(plan, (time) => async (attempt) => {
      if (attempt.attempt < 3) await time.sleep(9_000);
      return { result: 1 };
    });
    expect(result).toMatchObject({ state: 'succeeded', ms: 500 + 1_000 + 500 + 1_000 });
  });

  it('of a container stops what runs in it', async () => {
    const plan = planOf({
      nodes: [{ id: 'l', type: 'loop', items: [1, 2], timeoutMs: 700, body: [tool('a')] }],
    });
    const stopped: string[] = [];
    const result = await played(plan, (time) => async (attempt) => {
      attempt.signal.addEventListener('abort', () => stopped.push(attempt.path));
      await time.sleep(5_000);
      return { result: 1 };
    });
    expect(result).toMatchObject({ state: 'failed', ms: 700, failedPath: 'l', error: { code: 'timeout' } });
    expect(stopped).toEqual(['l[0].a', 'l[1].a']);
  });

  it('of the run is its deadline, which holds in a child workflow too', async () => {
    const slow = (time: VirtualTime) => async (attempt: Attempt) => {
      await time.sleep(5_000);
      return { result: attempt.path };
    };
    const plan = planOf({ nodes: [tool('a')] });
    const run = await played(plan, slow, { deadlineMs: 900 });
    expect(run).toMatchObject({ state: 'failed', ms: 900, error: { code: 'deadline_exceeded' } });
    expect(run.story.slice(-2)).toEqual(['node.cancelled a#1', 'run.failed']);
    const child = planOf({
      nodes: [{ id: 'c', type: 'workflow', workflow: 'w', inputs: {} }],
      workflows: { w: { nodes: [tool('a')], deadlineMs: 300 } },
    });
    expect(await played(child, slow)).toMatchObject({
      state: 'failed',
      ms: 300,
      failedPath: 'c',
      error: { code: 'deadline_exceeded' },
    });
  });
});

describe('the worker loop', () => {
  it('gives a run back that waits long, and takes it up when it is due', async () => {
    const time = new VirtualTime();
    const store = createMemoryRuns();
    const engine = engineOf(
      store,
      (attempt) => {
        if (attempt.attempt === 1) throw new IceError('provider_failed', 'busy', { retryAfterMs: 60_000 });
        return { result: 1 };
      },
      { clock: time.clock(randomOf(1)) },
    );
    engine.start();
    const made = request(planOf({ nodes: [tool('a', { retry: retry() })] }));
    const row = async () => (await store.get('demo', made.id))!;
    let state = '';
    store.onChange(() => {
      row().then((found) => {
        state = found.state;
      });
    });
    const began = time.now;
    await engine.create(made);
    await time.run(() => state === 'waiting');
    expect(await row()).toMatchObject({ leaseOwner: null, wakeAt: began + 60_000 });
    expect(engine.drives('demo', made.id)).toBe(false);
    await time.run(() => state === 'succeeded');
    expect(time.now - began).toBe(60_000);
    expect((await playedOf(store, made.id)).story).toEqual([
      'run.created',
      'run.started',
      'node.started a#1',
      'node.retrying a#1',
      'run.waiting',
      'run.started',
      'node.started a#2',
      'node.succeeded a#2',
      'run.succeeded',
    ]);
    await engine.stop();
  });

  it('an agent that gets on between the deaths of its workers goes on', async () => {
    const time = new VirtualTime();
    const store = createMemoryRuns();
    const made = request(planOf({ nodes: [{ id: 'a', type: 'agent', maxCrashes: 2 }] }));
    // Each worker makes one step and dies; the fifth finds four and ends.
    const steps: TestEffect = async (attempt) => {
      if (attempt.steps.length === 4) return { result: 'done' };
      await attempt.step({ kind: 'model', name: 'm', result: attempt.steps.length });
      return new Promise<never>(() => {});
    };
    for (const name of ['w1', 'w2', 'w3', 'w4', 'w5']) {
      const engine = engineOf(store, steps, { clock: time.clock(randomOf(1)), workerId: name });
      if (name === 'w1') await engine.create(made);
      engine.drive('demo', made.id);
      await time.run(() => true);
      time.now += 20_000;
      const run = (await store.get('demo', made.id))!;
      if (run.state === 'running') await store.renew('demo', made.id, run.leaseEpoch, time.now - 1);
    }
    expect(await playedOf(store, made.id)).toMatchObject({ state: 'succeeded' });
  });

  it('ends a run whose node takes its worker down each time', async () => {
    const time = new VirtualTime();
    const store = createMemoryRuns();
    const made = request(planOf({ nodes: [tool('a', { maxCrashes: 2 })] }));
    for (const name of ['w1', 'w2', 'w3']) {
      const engine = engineOf(store, () => new Promise<never>(() => {}), {
        clock: time.clock(randomOf(1)),
        workerId: name,
      });
      if (name === 'w1') await engine.create(made);
      engine.drive('demo', made.id);
      // The process is gone: nobody renews its lease.
      await time.run(() => true);
      time.now += 20_000;
      await store.renew('demo', made.id, (await store.get('demo', made.id))!.leaseEpoch, time.now - 1);
    }
    const { state, error, story } = await playedOf(store, made.id);
    expect(state).toBe('failed');
    expect(error).toMatchObject({
      code: 'max_crashes',
      message: 'a was running when its worker died, 2 times',
    });
    expect(story.filter((line) => line.startsWith('node.started'))).toEqual([
      'node.started a#1',
      'node.started a#2',
    ]);
  });
});
