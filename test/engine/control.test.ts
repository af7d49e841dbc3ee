import { describe, expect, it } from 'vitest';
import { IceError } from '../../src/contracts/errors.ts';
import type { AnyRunEvent } from '../../src/contracts/events.ts';
import { createMemoryRuns } from '../../src/stores/memory.ts';
import { gate } from './gate.ts';
import { holdStore } from './held-store.ts';
import { planOf, type TestNode } from './plan-of.ts';
import { engineOf, playedOf, request, storyOf } from './play.ts';

const tool = (id: string, more: Record<string, unknown> = {}): TestNode => ({ id, type: 'tool', ...more });
const chain = (n: number) =>
  planOf({
    nodes: Array.from({ length: n }, (_, i) => tool(`n${i}`, i > 0 ? { needs: [`n${i - 1}`] } : {})),
  });

describe('cancel', () => {
  it('stops what runs, starts nothing, and ends cancelled with its reason', async () => {
    const { effect, next } = gate();
    const store = createMemoryRuns();
    const engine = engineOf(store, effect);
    const made = request(chain(3));
    await engine.create({ ...made, drive: true });
    const { attempt } = await next();
    const row = await engine.cancel('demo', made.id, { by: 'me', reason: 'enough' });
    expect(row.cancelRequested).toBe(true);
    expect(await engine.drive('demo', made.id)).toBe('ended');
    expect(attempt.signal.aborted).toBe(true);
    const { story, events, state } = await playedOf(store, made.id);
    expect(state).toBe('cancelled');
    expect(story.slice(-3)).toEqual(['run.cancelling', 'node.cancelled n0#1', 'run.cancelled']);
    expect(events.at(-1)?.data).toEqual({ reason: 'enough' });
    await expect(engine.cancel('demo', made.id)).resolves.toMatchObject({ state: 'cancelled' });
  });

  it('does not wait for an effect that does not listen when it is forced', async () => {
    const store = createMemoryRuns();
    const engine = engineOf(store, () => new Promise<never>(() => {}));
    const made = request(chain(1));
    await engine.create({ ...made, drive: true });
    await new Promise((resolve) => setImmediate(resolve));
    await engine.cancel('demo', made.id, { force: true });
    expect(await engine.drive('demo', made.id)).toBe('ended');
    expect((await playedOf(store, made.id)).state).toBe('cancelled');
  });

  it('ends a run that nobody drives, and refuses one that has ended', async () => {
    const store = createMemoryRuns();
    const engine = engineOf(store);
    const made = request(chain(1));
    await engine.create({ ...made, drive: false });
    expect(await engine.cancel('demo', made.id)).toMatchObject({ state: 'cancelled', leaseOwner: null });
    const other = request(chain(1));
    await engine.create({ ...other, drive: true });
    await engine.drive('demo', other.id);
    await expect(engine.cancel('demo', other.id)).rejects.toMatchObject({ code: 'run_ended' });
    await expect(engine.cancel('demo', 'run_none')).rejects.toMatchObject({ code: 'not_found' });
    expect(await engine.drive('demo', made.id)).toBe('ended');
  });
});

const slowRelease = () => holdStore('commit', { when: ({ release }) => release === true });

describe('a word that comes while the run is being given back', () => {
  async function givingBack() {
    const { effect, next } = gate();
    const { store, reached, pass } = slowRelease();
    const engine = engineOf(store, effect);
    const made = request(chain(2));
    await engine.create({ ...made, drive: true });
    const first = await next();
    await engine.pause('demo', made.id);
    first.end();
    await reached;
    return { engine, store, made, next, pass };
  }

  it('resumes it', async () => {
    const { engine, store, made, next, pass } = await givingBack();
    const resumed = engine.resume('demo', made.id);
    pass();
    expect(await resumed).toMatchObject({ state: 'queued' });
    const driven = engine.drive('demo', made.id);
    (await next()).end();
    expect(await driven).toBe('ended');
    expect((await playedOf(store, made.id)).state).toBe('succeeded');
  });

  it('pauses it, as it is already', async () => {
    const { engine, made, pass } = await givingBack();
    const paused = engine.pause('demo', made.id);
    pass();
    expect(await paused).toMatchObject({ state: 'paused', leaseOwner: null });
  });

  it('cancels it', async () => {
    const { engine, made, pass } = await givingBack();
    const cancelled = engine.cancel('demo', made.id, { reason: 'enough' });
    pass();
    expect(await cancelled).toMatchObject({ state: 'cancelled' });
  });

  it('cancels it when the word comes from another process', async () => {
    const { engine, store, made, pass } = await givingBack();
    await store.requestCancel('demo', made.id);
    pass();
    await engine.drive('demo', made.id);
    expect(await engine.drive('demo', made.id)).toBe('ended');
    expect((await playedOf(store, made.id)).state).toBe('cancelled');
  });

  it('says that it has ended, when that is how it was given back', async () => {
    for (const act of ['cancel', 'pause', 'resume'] as const) {
      const { effect, next } = gate();
      const { store, reached, pass } = slowRelease();
      const engine = engineOf(store, effect);
      const made = request(chain(1));
      await engine.create({ ...made, drive: true });
      (await next()).end();
      await reached;
      const answer = engine[act]('demo', made.id);
      pass();
      await expect(answer, act).rejects.toMatchObject({ code: 'run_ended' });
    }
  });
});

describe('pause', () => {
  it('lets attempts finish, starts nothing, gives the run back, and goes on when resumed', async () => {
    const { effect, next } = gate();
    const store = createMemoryRuns();
    const engine = engineOf(store, effect);
    const made = request(chain(2));
    await engine.create({ ...made, drive: true });
    const driven = engine.drive('demo', made.id);
    const first = await next();
    expect(await engine.pause('demo', made.id)).toMatchObject({ state: 'paused' });
    expect(first.attempt.signal.aborted).toBe(false);
    first.end();
    expect(await driven).toBe('paused');
    expect(await store.get('demo', made.id)).toMatchObject({ state: 'paused', leaseOwner: null });
    expect(await engine.drive('demo', made.id)).toBe('paused');
    expect(await engine.resume('demo', made.id, 'me')).toMatchObject({ state: 'queued' });
    const again = engine.drive('demo', made.id);
    (await next()).end();
    expect(await again).toBe('ended');
    expect((await playedOf(store, made.id)).story).toEqual([
      'run.created',
      'run.started',
      'node.started n0#1',
      'run.paused',
      'node.succeeded n0#1',
      'run.resumed',
      'run.started',
      'node.started n1#1',
      'node.succeeded n1#1',
      'run.succeeded',
    ]);
  });

  it('by suspending stops attempts, which are started again, and count as no crash', async () => {
    const { effect, next } = gate();
    const store = createMemoryRuns();
    const engine = engineOf(store, effect);
    const made = request(planOf({ nodes: [tool('a', { maxCrashes: 1 })] }));
    await engine.create({ ...made, drive: true });
    const { attempt } = await next();
    await engine.suspendAll();
    expect(attempt.signal.aborted).toBe(true);
    expect(await store.get('demo', made.id)).toMatchObject({ state: 'paused', leaseOwner: null });
    await engine.resume('demo', made.id);
    const driven = engine.drive('demo', made.id);
    const again = await next();
    expect(again.attempt.attempt).toBe(2);
    expect(again.attempt.idempotencyKey).toBe(attempt.idempotencyKey);
    again.end();
    expect(await driven).toBe('ended');
    const { events, state } = await playedOf(store, made.id);
    expect(state).toBe('succeeded');
    expect(events.find((event) => event.type === 'run.paused')?.data).toEqual({ reason: 'detached' });
  });

  it('can be taken back while attempts still run', async () => {
    const { effect, next } = gate();
    const store = createMemoryRuns();
    const engine = engineOf(store, effect);
    const made = request(chain(2));
    await engine.create({ ...made, drive: true });
    const first = await next();
    await engine.pause('demo', made.id);
    await engine.resume('demo', made.id);
    first.end();
    (await next()).end();
    expect(await engine.drive('demo', made.id)).toBe('ended');
    expect((await playedOf(store, made.id)).state).toBe('succeeded');
  });
});

describe('stopping a worker', () => {
  it('hands its runs to the next one, without a crash counted', async () => {
    const { effect, next } = gate();
    const store = createMemoryRuns();
    const made = request(planOf({ nodes: [tool('a', { maxCrashes: 1 })] }));
    const first = engineOf(store, effect);
    first.start();
    await first.create(made);
    const { attempt } = await next();
    await first.stop();
    expect(attempt.signal.aborted).toBe(true);
    const second = engineOf(store, effect, { workerId: 'w2' });
    second.start();
    const ended = second.wait('demo', made.id, 120_000);
    const again = await next();
    expect(again.attempt.attempt).toBe(2);
    again.end();
    expect((await ended).row.state).toBe('succeeded');
    await second.stop();
  });
});

describe('two workers', () => {
  it('leave a live one its runs, and take those of a dead one', async () => {
    const { effect, next } = gate();
    const store = createMemoryRuns();
    const made = request(chain(1));
    const first = engineOf(store, effect);
    await first.create({ ...made, drive: true });
    await next();
    const second = engineOf(store, effect, { workerId: 'w2' });
    expect(await second.drive('demo', made.id)).toBe('busy');
    const knowing = engineOf(store, effect, { workerId: 'w3', isWorkerAlive: (id) => id !== 'w1' });
    const driven = knowing.drive('demo', made.id);
    const again = await next();
    expect(again.attempt.attempt).toBe(2);
    again.end();
    expect(await driven).toBe('ended');
    // The first one finds out when it writes next.
    await first.cancel('demo', made.id).catch(() => {});
    expect(await first.drive('demo', made.id)).toBe('ended');
    expect((await playedOf(store, made.id)).state).toBe('succeeded');
  });

  it('follow the run of the other one, and take it up when it is let go', async () => {
    const { effect, next } = gate();
    const store = createMemoryRuns();
    const made = request(chain(1));
    const first = engineOf(store, effect);
    await first.create({ ...made, drive: true });
    await next();
    const second = engineOf(store, effect, { workerId: 'w2' });
    const watching = second.driveWhenFree('demo', made.id);
    await first.suspend('demo', made.id);
    expect(await watching).toBe('paused');
    await second.resume('demo', made.id);
    const driven = second.driveWhenFree('demo', made.id);
    (await next()).end();
    expect(await driven).toBe('ended');
  });
});

describe('following', () => {
  it('gives every event once and in order, from any point, with live text between', async () => {
    const store = createMemoryRuns();
    const engine = engineOf(store, async (attempt) => {
      attempt.delta('hel');
      attempt.delta('lo');
      attempt.log('info', 'said hello', { n: 1 });
      attempt.progress({ done: 1, total: 2 });
      return { result: 1 };
    });
    const made = request(chain(3));
    await engine.create({ ...made, drive: false });
    const seen: AnyRunEvent[] = [];
    let text = '';
    const following = (async () => {
      for await (const frame of engine.follow('demo', made.id, 0)) {
        if (frame.kind === 'event') seen.push(frame.event);
        else text += frame.frame.text;
      }
    })();
    await engine.drive('demo', made.id);
    await following;
    const { events } = await playedOf(store, made.id);
    expect(seen).toEqual(events);
    expect(text).toBe('hello'.repeat(3));
    expect(storyOf(events)).toContain('node.log n1#1');
    expect(storyOf(events)).toContain('node.progress n1#1');
    const rest: number[] = [];
    for await (const frame of engine.follow('demo', made.id, 5)) {
      if (frame.kind === 'event') rest.push(frame.event.seq);
    }
    expect(rest).toEqual(events.slice(5).map((event) => event.seq));
    for await (const _ of engine.follow('demo', made.id, events.length)) throw new Error('nothing is left');
    await expect(engine.follow('demo', 'run_none', 0).next()).rejects.toMatchObject({ code: 'not_found' });
  });

  it('ends when it is told to, and waits no longer than it was asked to', async () => {
    const store = createMemoryRuns();
    const engine = engineOf(store);
    const made = request(chain(1));
    await engine.create({ ...made, drive: false });
    const stop = new AbortController();
    const seen: number[] = [];
    const following = (async () => {
      for await (const frame of engine.follow('demo', made.id, 0, stop.signal)) {
        if (frame.kind === 'event') seen.push(frame.event.seq);
        setTimeout(() => stop.abort(), 5);
      }
    })();
    await following;
    expect(seen).toEqual([1]);
    expect((await engine.wait('demo', made.id, 10)).row.state).toBe('queued');
    const waiting = engine.wait('demo', made.id, 120_000);
    await engine.drive('demo', made.id);
    expect((await waiting).row.state).toBe('succeeded');
  });

  it('keeps a slow follower whole: nothing is lost, nothing comes twice', async () => {
    const store = createMemoryRuns();
    const engine = engineOf(store);
    const plan = planOf({
      nodes: [{ id: 'l', type: 'loop', items: '{{ inputs.items }}', concurrency: 100, body: [tool('a')] }],
    });
    const made = request(plan, { items: Array.from({ length: 3_000 }, (_, i) => i) });
    await engine.create({ ...made, drive: true });
    let last = 0;
    for await (const frame of engine.follow('demo', made.id, 0)) {
      if (frame.kind !== 'event') continue;
      expect(frame.event.seq).toBe(last + 1);
      last = frame.event.seq;
      if (last % 500 === 0) await new Promise((resolve) => setTimeout(resolve, 3));
    }
    expect(last).toBe((await store.get('demo', made.id))!.seq);
  });
});

describe('cache', () => {
  const cached = (more: Record<string, unknown> = {}) =>
    planOf({
      nodes: [
        tool('a', {
          cache: {},
          args: { n: '{{ inputs.n }}' },
          config: { component: 'sha256:tool' },
          ...more,
        }),
      ],
      outputs: { a: '{{ a }}' },
    });

  it('takes a result of the same component and args, at no cost, and says from where', async () => {
    const store = createMemoryRuns();
    let calls = 0;
    const engine = engineOf(store, (attempt) => {
      calls += 1;
      if ((attempt.args as { n: number }).n === 13) throw new IceError('tool_failed', 'no');
      return { result: { n: (attempt.args as { n: number }).n, calls }, cost: 1 };
    });
    const run = async (n: number, plan = cached(), project = 'demo') => {
      const made = { ...request(plan, { n }), project };
      await engine.create({ ...made, drive: true });
      await engine.drive(project, made.id);
      const events = await store.events(project, made.id);
      return { id: made.id, events, story: storyOf(events), row: (await store.get(project, made.id))! };
    };
    const first = await run(1);
    const hit = await run(1);
    expect(calls).toBe(1);
    expect(hit.story).toContain('node.cached a#1');
    expect(hit.events.find((event) => event.type === 'node.cached')?.data).toEqual({
      result: { n: 1, calls: 1 },
      from: first.id,
    });
    expect(hit.row).toMatchObject({ state: 'succeeded', cost: 0 });
    await run(2);
    await run(1, cached({ config: { component: 'sha256:other' } }));
    await run(1, cached(), 'elsewhere');
    expect(calls).toBe(4);
    await run(13);
    await run(13);
    expect(calls).toBe(6);
  });
});

describe('logs', () => {
  it('are bounded by number and size, and what is left out is counted', async () => {
    const store = createMemoryRuns();
    const engine = engineOf(store, async (attempt) => {
      attempt.log('info', 'x'.repeat(20_000), { big: 'y'.repeat(20_000) });
      for (let i = 0; i < 5_000; i++) attempt.log('debug', `line ${i}`);
      return { result: 1 };
    });
    const made = request(chain(1));
    await engine.create({ ...made, drive: true });
    await engine.drive('demo', made.id);
    const logs = (await store.events('demo', made.id)).filter((event) => event.type === 'node.log');
    expect(logs.length).toBe(1_001);
    expect(logs[0]?.data.message.length).toBe(8 * 1024);
    expect(logs[0]?.data.fields).toBeUndefined();
    expect(logs.at(-1)?.data.message).toMatch(/^4001 more log lines were dropped/);
  });
});
