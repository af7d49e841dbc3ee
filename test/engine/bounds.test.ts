import { describe, expect, it } from 'vitest';
import { IceError } from '../../src/contracts/errors.ts';
import { createMemoryRuns } from '../../src/stores/memory.ts';
import { set, tool } from './nodes.ts';
import { planOf, type TestNode } from './plan-of.ts';
import { engineOf, play, playedOf, request, type TestEffect } from './play.ts';

describe('output schemas', () => {
  const checkSchema = (schema: unknown, value: unknown) =>
    (schema as { type?: string }).type === 'string' && typeof value !== 'string'
      ? 'must be a string'
      : undefined;

  it('fails an attempt whose result does not match, and tries again', async () => {
    const retry = { maxAttempts: 2, backoff: 'fixed', initialMs: 1, maxMs: 1, jitter: false };
    const plan = planOf({
      nodes: [tool('a', { output: { type: 'string' }, retry })],
      outputs: { a: '{{ a }}' },
    });
    const effect: TestEffect = (attempt) => ({ result: attempt.attempt === 2 ? 'text' : 5 });
    const played = await play(plan, { options: { checkSchema }, effect });
    expect(played.outputs).toEqual({ a: 'text' });
    expect(played.events.find((event) => event.type === 'node.retrying')?.data).toMatchObject({
      error: { code: 'output_invalid' },
    });
  });

  it('checks the object of a model, and the values of a set', async () => {
    const llm = planOf({
      nodes: [{ id: 'a', type: 'llm', output: { type: 'string' } }],
      outputs: { a: '{{ a.object }}' },
    });
    const good = await play(llm, {
      options: { checkSchema },
      effect: () => ({ result: { text: '', object: 'x' } }),
    });
    expect(good.outputs).toEqual({ a: 'x' });
    const none = await play(llm, { options: { checkSchema }, effect: () => ({ result: { text: '' } }) });
    expect(none.error).toMatchObject({ code: 'output_invalid' });
    const pure = planOf({ nodes: [set('a', { x: 1 }, { output: { type: 'string' } })] });
    expect((await play(pure, { options: { checkSchema } })).error).toMatchObject({ code: 'output_invalid' });
  });

  it('refuses a result larger than 8 MiB, and one that holds itself', async () => {
    const plan = planOf({ nodes: [tool('a')] });
    const large = await play(plan, { effect: () => ({ result: 'x'.repeat(9 * 1024 * 1024) }) });
    expect(large.error).toMatchObject({ code: 'output_invalid' });
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    expect((await play(plan, { effect: () => ({ result: cycle }) as never })).error).toMatchObject({
      code: 'output_invalid',
    });
  });
});

describe('cost', () => {
  const llm = (id: string, more: Record<string, unknown> = {}): TestNode => ({ id, type: 'llm', ...more });
  const paid: TestEffect = (attempt) => ({
    result: { text: attempt.path },
    usage: { inputTokens: 10, outputTokens: 5 },
    cost: 0.1,
    model: 'echo/default',
  });

  it('adds usage and cost up in the row', async () => {
    const store = createMemoryRuns();
    const plan = planOf({ nodes: [llm('a'), llm('b', { needs: ['a'] }), llm('c', { needs: ['b'] })] });
    const { events } = await play(plan, { effect: paid, store });
    expect(await store.get('demo', events[0]!.runId)).toMatchObject({
      cost: 0.3,
      usage: { inputTokens: 30, outputTokens: 15 },
    });
  });

  it('stops before it spends more than its budget', async () => {
    const plan = planOf({
      maxCost: 0.15,
      nodes: [llm('a'), llm('b', { needs: ['a'] }), llm('c', { needs: ['b'] }), tool('t', { needs: ['b'] })],
    });
    const played = await play(plan, { effect: paid });
    expect(played).toMatchObject({ state: 'failed', error: { code: 'budget_exceeded' } });
    expect(played.story.join()).not.toContain(' c#1');
    expect(played.story.join()).not.toContain(' t#1');
  });

  it('succeeds when it spends exactly its budget, but starts no model after that', async () => {
    const exact = planOf({ maxCost: 0.1, nodes: [llm('a'), tool('t', { needs: ['a'] })] });
    const onlyModels: TestEffect = (attempt) => (attempt.node.type === 'llm' ? paid(attempt) : { result: 1 });
    expect((await play(exact, { effect: onlyModels })).state).toBe('succeeded');
    const more = planOf({ maxCost: 0.1, nodes: [llm('a'), llm('b', { needs: ['a'] })] });
    const played = await play(more, { effect: paid });
    expect(played.error).toMatchObject({ code: 'budget_exceeded' });
    expect(played.story.join()).not.toContain(' b#1');
  });

  it('of a workflow that is called holds for all within it, and for each call by itself', async () => {
    const left: Record<string, number | undefined> = {};
    const plan = planOf({
      maxCost: 10,
      nodes: [
        llm('before'),
        { id: 'one', type: 'workflow', workflow: 'child', inputs: {}, needs: ['before'] },
        { id: 'two', type: 'workflow', workflow: 'child', inputs: {}, needs: ['one'] },
        llm('after', { needs: ['two'] }),
      ],
      workflows: {
        child: {
          maxCost: 0.25,
          nodes: [llm('a'), { id: 'each', type: 'loop', items: [1], body: [llm('b')], needs: ['a'] }],
        },
      },
    });
    await play(plan, {
      effect: (attempt) => {
        left[attempt.path] = attempt.budgetLeft && Number(attempt.budgetLeft.toFixed(6));
        return paid(attempt);
      },
    });
    expect(left).toEqual({
      before: 10,
      'one.a': 0.25,
      'one.each[0].b': 0.15,
      'two.a': 0.25,
      'two.each[0].b': 0.15,
      after: 9.5,
    });
  });

  it('counts what failed attempts cost', async () => {
    const store = createMemoryRuns();
    const retry = { maxAttempts: 2, backoff: 'fixed', initialMs: 1, maxMs: 1, jitter: false };
    const { events, state } = await play(planOf({ nodes: [llm('a', { retry })] }), {
      store,
      effect: (attempt) => {
        if (attempt.attempt === 2) return paid(attempt);
        const usage = { inputTokens: 1, outputTokens: 1 };
        throw new IceError('provider_failed', 'half a stream', {
          details: { usage, cost: 0.05, status: 500 },
        });
      },
    });
    expect(state).toBe('succeeded');
    expect(await store.get('demo', events[0]!.runId)).toMatchObject({
      cost: 0.15,
      usage: { inputTokens: 11 },
    });
    const retrying = events.find((event) => event.type === 'node.retrying');
    expect(retrying?.data).toMatchObject({ cost: 0.05, error: { details: { status: 500 } } });
    expect(JSON.stringify(retrying?.data)).not.toContain('"details":{"usage"');
  });
});

describe('steps of an agent', () => {
  it('are durable before it goes on, and handed back to the next attempt', async () => {
    const store = createMemoryRuns();
    const seen: number[] = [];
    const retry = { maxAttempts: 2, backoff: 'fixed', initialMs: 1, maxMs: 1, jitter: false };
    const plan = planOf({ nodes: [{ id: 'a', type: 'agent', retry }] });
    const { events } = await play(plan, {
      store,
      effect: async (attempt) => {
        seen.push(attempt.steps.length);
        const from = attempt.steps.length;
        for (let i = from; i < 3; i++) {
          const step = {
            kind: 'model' as const,
            name: 'echo/default',
            result: i,
            cost: 1,
            usage: { inputTokens: 1, outputTokens: 0 },
          };
          await attempt.step(step);
          const journal = await store.events('demo', attempt.runId);
          expect(journal.at(-1)).toMatchObject({ type: 'node.step', data: { index: i, result: i } });
          if (i === 1 && attempt.attempt === 1) throw new IceError('provider_failed', 'down');
        }
        return { result: 'done', cost: 3, usage: { inputTokens: 3, outputTokens: 0 } };
      },
    });
    expect(seen).toEqual([0, 2]);
    expect(events.filter((event) => event.type === 'node.step').length).toBe(3);
    expect(await store.get('demo', events[0]!.runId)).toMatchObject({ cost: 3, usage: { inputTokens: 3 } });
  });
});

describe('a bug in the rules', () => {
  it('fails the run, and is told once', async () => {
    const told: unknown[] = [];
    const bug = new Error('no such rule');
    // No validated plan is like this.
    const broken = planOf({ nodes: [set('a', { x: 1 }), tool('b', { needs: ['a'] })] });
    Object.defineProperty(broken.nodes[1], 'reads', {
      get() {
        throw bug;
      },
    });
    const failed = await play(broken, { options: { onError: (error) => told.push(error) } });
    expect(failed).toMatchObject({ state: 'failed', error: { code: 'internal', message: 'no such rule' } });
    expect(failed.story).toEqual(['run.created', 'run.started', 'run.failed']);
    expect(told).toEqual([bug]);
  });
});

describe('two runs at once', () => {
  it('never see each other: 100 times with other inputs', async () => {
    const store = createMemoryRuns();
    const plan = planOf({
      nodes: [tool('a', { args: { n: '{{ inputs.n }}' } }), set('b', { n: '{{ a.n }}', id: '{{ run.id }}' })],
      outputs: { b: '{{ b }}' },
    });
    const engine = engineOf(store, async (attempt) => {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
      return { result: attempt.args };
    });
    const requests = Array.from({ length: 100 }, (_, n) => request(plan, { n }));
    for (const each of requests) await engine.create({ ...each, drive: true });
    await Promise.all(requests.map((each) => engine.drive('demo', each.id)));
    for (const [n, each] of requests.entries()) {
      expect((await playedOf(store, each.id)).outputs).toEqual({ b: { n, id: each.id } });
    }
  });
});
