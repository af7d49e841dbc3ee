import { describe, expect, test } from 'vitest';
import { IceError } from '../../src/contracts/errors.ts';
import type { AnyRunEvent } from '../../src/contracts/events.ts';
import type { Json } from '../../src/contracts/json.ts';
import { RunView } from '../../src/contracts/run-view.ts';
import type { Attempt, AttemptResult, CallEnd } from '../../src/engine/ports.ts';
import { outlineOf } from '../../src/language/index.ts';
import { createMemoryRuns } from '../../src/stores/memory.ts';
import { planOf, type TestPlan } from './plan-of.ts';
import { engineOf, play, playedOf, request } from './play.ts';

const usage = { inputTokens: 1, outputTokens: 1 };
const refund: NonNullable<TestPlan['workflows']>[string] = {
  inputs: {
    type: 'object',
    properties: { order: { type: 'string' }, amount: { type: 'number', default: 5 } },
  },
  nodes: [
    { id: 'check', type: 'llm', args: { of: '{{ inputs.order }}' } },
    { id: 'pay', type: 'tool', args: { check: '{{ check.of }}', amount: '{{ inputs.amount }}' } },
  ],
  outputs: { paid: '{{ pay.amount }}', of: '{{ pay.check }}' },
};
const clerk = { id: 'clerk', type: 'agent' as const, config: { tools: { refund: 'refund' } } };

/** An agent that calls `refund` once for each of these inputs, one after the other, and gives what came back. */
const caller =
  (
    inputs: { [key: string]: Json }[],
    inner: (attempt: Attempt) => Promise<AttemptResult> | AttemptResult = (attempt) => ({
      result: attempt.args,
      usage,
      cost: 0.01,
    }),
  ) =>
  async (attempt: Attempt): Promise<AttemptResult> => {
    if (attempt.node.type !== 'agent') return inner(attempt);
    const ends: CallEnd[] = [];
    for (const [step, input] of inputs.entries()) {
      if (attempt.steps[step]) continue;
      const call = { name: 'refund', kind: 'workflow' as const, ref: 'refund@1.0.0', workflow: 'refund' };
      const end = await attempt.call({ step, ...call, inputs: input });
      ends.push(end);
      await attempt.step({
        kind: 'tool',
        name: 'refund',
        result: (end.result ?? { error: { ...end.error! } }) as Json,
        within: { usage: end.usage, cost: end.cost },
      });
    }
    return { result: ends as unknown as Json, usage, cost: 0.001 };
  };

/** What the agent gave: how its calls ended. */
const endOf = (events: AnyRunEvent[]): { result: CallEnd[] } =>
  events.findLast((event) => event.type === 'node.succeeded')!.data as unknown as { result: CallEnd[] };

test('runs in the journal of the run, under the agent, the tool and the step', async () => {
  const played = await play(planOf({ nodes: [clerk], workflows: { refund } }), {
    effect: caller([{ order: 'A7' }, { order: '{{ inputs.x }}', amount: 2 }]),
  });
  expect(played.state).toBe('succeeded');
  expect(played.story.filter((line) => line.startsWith('node.'))).toEqual([
    'node.started clerk#1',
    'node.started clerk.refund[0]#1',
    'node.started clerk.refund[0].check#1',
    'node.succeeded clerk.refund[0].check#1',
    'node.started clerk.refund[0].pay#1',
    'node.succeeded clerk.refund[0].pay#1',
    'node.succeeded clerk.refund[0]#1',
    'node.step clerk#1',
    'node.started clerk.refund[1]#1',
    'node.started clerk.refund[1].check#1',
    'node.succeeded clerk.refund[1].check#1',
    'node.started clerk.refund[1].pay#1',
    'node.succeeded clerk.refund[1].pay#1',
    'node.succeeded clerk.refund[1]#1',
    'node.step clerk#1',
    'node.succeeded clerk#1',
  ]);
  const end = endOf(played.events);
  expect(end.result.map(({ result }) => result)).toEqual([
    { paid: 5, of: 'A7' },
    // What a model writes is never a template.
    { paid: 2, of: '{{ inputs.x }}' },
  ]);
  expect(end.result[0]).toMatchObject({ cost: 0.02, usage: { inputTokens: 2, outputTokens: 2 } });
});

test('each dollar is counted once', async () => {
  const store = createMemoryRuns();
  const plan = planOf({ nodes: [clerk], workflows: { refund } });
  const { events } = await play(plan, { store, effect: caller([{ order: 'A' }, { order: 'B' }]) });
  const [row] = await store.list({ project: 'demo', limit: 1 });
  // Two calls of two nodes each, and the agent itself.
  expect(row!.cost).toBe(0.041);
  expect(row!.usage).toEqual({ inputTokens: 5, outputTokens: 5 });
  const view = new RunView(outlineOf(plan));
  for (const event of events) view.apply(event);
  expect(view.cost).toBeCloseTo(0.041, 9);
});

test('concurrency 1 finishes: who waits for a call does not hold the place of it', async () => {
  const nodes = ['a', 'b', 'c'].map((id) => ({ ...clerk, id }));
  let most = 0;
  let now = 0;
  const inner = async (attempt: Attempt): Promise<AttemptResult> => {
    now += 1;
    most = Math.max(most, now);
    await new Promise((resolve) => setTimeout(resolve, 1));
    now -= 1;
    return { result: attempt.args };
  };
  const played = await play(planOf({ nodes, concurrency: 1, workflows: { refund } }), {
    effect: caller([{ order: 'A' }, { order: 'B' }], inner),
  });
  expect(played.state).toBe('succeeded');
  expect(most).toBe(1);
});

test('the agent is told of a failure, and what failed is listed as handled', async () => {
  const played = await play(planOf({ nodes: [clerk], workflows: { refund } }), {
    effect: caller([{ order: 'A' }], ({ node }) => {
      if (node.id === 'pay') throw new IceError('tool_failed', 'No money');
      return { result: { of: 'x' }, cost: 0.01 };
    }),
  });
  expect(played.state).toBe('succeeded');
  expect(played.handledFailures).toEqual(['clerk.refund[0]']);
  const end = endOf(played.events);
  expect(end.result).toMatchObject([{ error: { code: 'tool_failed', message: 'No money' }, cost: 0.01 }]);
});

describe('money', () => {
  test("the run's budget ends the run, not the agent alone, and nothing hangs", async () => {
    const played = await play(planOf({ nodes: [clerk], maxCost: 0.015, workflows: { refund } }), {
      effect: caller(Array.from({ length: 5 }, () => ({ order: 'A' }))),
    });
    expect(played).toMatchObject({ state: 'failed', error: { code: 'budget_exceeded' } });
    expect(played.story.filter((line) => line.startsWith('node.succeeded'))).toEqual([
      'node.succeeded clerk.refund[0].check#1',
      'node.succeeded clerk.refund[0].pay#1',
    ]);
  });

  test('what an agent may spend is what is left for the nodes that it calls', async () => {
    const left: (number | undefined)[] = [];
    const capped = { ...clerk, config: { ...clerk.config, maxCost: 0.1 } };
    await play(planOf({ nodes: [capped], maxCost: 10, workflows: { refund } }), {
      effect: caller([{ order: 'A' }, { order: 'B' }], (attempt) => {
        left.push(attempt.budgetLeft);
        return { result: attempt.args, cost: 0.01 };
      }),
    });
    expect(left.map((dollars) => Number(dollars!.toFixed(6)))).toEqual([0.1, 0.09, 0.08, 0.07]);
  });
});

describe('interrupted in the middle of a call', () => {
  const done = (events: { type: string; path?: string }[]) =>
    events.filter((event) => event.type === 'node.succeeded').map((event) => event.path);

  test('a pause waits for what is under way; resumed, nothing that finished is executed again', async () => {
    const store = createMemoryRuns();
    const plan = planOf({ nodes: [clerk], workflows: { refund } });
    const counts = new Map<string, number>();
    let reached!: () => void;
    const first = new Promise<void>((resolve) => {
      reached = resolve;
    });
    let go!: () => void;
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    const effect = caller([{ order: 'A' }], async (attempt) => {
      counts.set(attempt.path, (counts.get(attempt.path) ?? 0) + 1);
      if (attempt.node.id === 'check') {
        reached();
        await gate;
      }
      return { result: attempt.args };
    });
    const engine = engineOf(store, effect);
    const made = request(plan);
    await engine.create({ ...made, drive: true });
    const driven = engine.drive('demo', made.id);
    await first;
    await engine.pause('demo', made.id);
    go();
    await driven;
    expect((await store.get('demo', made.id))!.state).toBe('paused');
    await engine.resume('demo', made.id);
    await engine.drive('demo', made.id);
    const played = await playedOf(store, made.id);
    expect(played.state).toBe('succeeded');
    expect([...counts]).toEqual([
      ['clerk.refund[0].check', 1],
      ['clerk.refund[0].pay', 1],
    ]);
  });

  test('a time limit of the agent stops what it called; its next attempt goes on where that was', async () => {
    const counts = new Map<string, number>();
    const plan = planOf({
      nodes: [
        {
          ...clerk,
          timeoutMs: 60,
          retry: { maxAttempts: 3, backoff: 'fixed', initialMs: 1, maxMs: 1, jitter: false },
        },
      ],
      workflows: { refund },
    });
    const played = await play(plan, {
      effect: caller([{ order: 'A' }], async (attempt) => {
        const count = (counts.get(attempt.path) ?? 0) + 1;
        counts.set(attempt.path, count);
        if (attempt.node.id === 'pay' && count === 1)
          await new Promise((_, reject) => {
            attempt.signal.addEventListener('abort', () => reject(attempt.signal.reason));
          });
        return { result: attempt.args };
      }),
    });
    expect(played.state).toBe('succeeded');
    expect([...counts]).toEqual([
      ['clerk.refund[0].check', 1],
      ['clerk.refund[0].pay', 2],
    ]);
    expect(played.story).toContain('node.cancelled clerk.refund[0].pay#1');
    expect(played.story).toContain('node.started clerk.refund[0]#2');
    expect(done(played.events)).toEqual([
      'clerk.refund[0].check',
      'clerk.refund[0].pay',
      'clerk.refund[0]',
      'clerk',
    ]);
  });

  test('cancel lets what it called stop first, then the agent', async () => {
    const store = createMemoryRuns();
    let reached!: () => void;
    const first = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const effect = caller([{ order: 'A' }], async (attempt) => {
      reached();
      await new Promise((_, reject) => {
        attempt.signal.addEventListener('abort', () => reject(attempt.signal.reason));
      });
      return { result: null };
    });
    const engine = engineOf(store, effect);
    const made = request(planOf({ nodes: [clerk], workflows: { refund } }));
    await engine.create({ ...made, drive: true });
    const driven = engine.drive('demo', made.id);
    await first;
    await engine.cancel('demo', made.id, { by: 'me' });
    await driven;
    const { state, story } = await playedOf(store, made.id);
    expect(state).toBe('cancelled');
    expect(story.filter((line) => line.startsWith('node.cancelled'))).toEqual([
      'node.cancelled clerk.refund[0].check#1',
      'node.cancelled clerk.refund[0]#1',
      'node.cancelled clerk#1',
    ]);
  });
});

test('a view has the calls of an agent as nodes under it, the last twelve open', async () => {
  const plan = planOf({ nodes: [clerk], workflows: { refund } });
  const { events } = await play(plan, {
    effect: caller(Array.from({ length: 14 }, (_, i) => ({ order: `O${i}` }))),
  });
  const view = new RunView(outlineOf(plan));
  for (const event of events) view.apply(event);
  const [agent] = view.nodes;
  expect(agent).toMatchObject({ state: 'succeeded', folded: 2 });
  expect(agent!.children.map(({ id, type, state, path }) => `${id} ${type} ${state} ${path}`)).toEqual(
    Array.from({ length: 12 }, (_, i) => `refund workflow succeeded clerk.refund[${i + 2}]`),
  );
  expect(agent!.children[0]!.children.map(({ id, state }) => `${id} ${state}`)).toEqual([
    'check succeeded',
    'pay succeeded',
  ]);
});
