import { describe, expect, it } from 'vitest';
import { IceError } from '../../src/contracts/errors.ts';
import type { Attempt } from '../../src/engine/ports.ts';
import { createMemoryRuns } from '../../src/stores/memory.ts';
import { planOf, type TestNode } from './plan-of.ts';
import { engineOf, play, playedOf, request, type TestEffect } from './play.ts';

const tool = (id: string, more: Record<string, unknown> = {}): TestNode => ({ id, type: 'tool', ...more });
const set = (id: string, values: unknown, more: Record<string, unknown> = {}): TestNode => ({
  id,
  type: 'set',
  values,
  ...more,
});
/** Fails for the given ids (or paths), else echoes its args. */
const failing =
  (...ids: string[]): TestEffect =>
  (attempt) => {
    if (ids.includes(attempt.node.id) || ids.includes(attempt.path)) {
      throw new IceError('tool_failed', `${attempt.path} broke`, { hint: 'mend it', details: { a: 1 } });
    }
    return { result: attempt.args };
  };
/** Ends only when it is told to stop. */
const hang = (attempt: Attempt): Promise<never> =>
  new Promise((_, reject) => {
    attempt.signal.addEventListener('abort', () => reject(attempt.signal.reason));
  });

describe('skipping', () => {
  it('skips a node whose `if` is false, what reads it, and gives null for outputs that do', async () => {
    const plan = planOf({
      nodes: [
        set('a', { x: 1 }, { if: '{{ inputs.go }}' }),
        set('b', { y: '{{ a.x }}' }),
        set('c', { y: '{{ b.y }}' }),
        set('d', { state: '{{ nodes.a.state }}', has: '{{ has(nodes.a) }}' }),
      ],
      outputs: {
        c: '{{ c.y }}',
        mixed: { c: 'c is {{ c.y }}', d: '{{ d.state }}', list: ['{{ a.x }}', 1] },
        has: '{{ d.has }}',
        guarded: '{{ has(nodes.a) ? a.x : 7 }}',
      },
    });
    const played = await play(plan, { inputs: { go: false } });
    expect(played.outputs).toEqual({
      c: null,
      mixed: { c: null, d: 'skipped', list: [null, 1] },
      has: false,
      guarded: 7,
    });
    const reasons = played.events.filter((event) => event.type === 'node.skipped').map((event) => event.data);
    expect(reasons).toEqual([
      { reason: 'condition' },
      { reason: 'dependency', because: 'a' },
      { reason: 'dependency', because: 'b' },
    ]);
    expect((await play(plan, { inputs: { go: true } })).outputs).toMatchObject({ c: 1, guarded: 1 });
  });

  it('skips what `needs` a skipped node, and fails an `if` that is no boolean', async () => {
    const plan = planOf({
      nodes: [set('a', {}, { if: '{{ inputs.go }}' }), set('b', {}, { needs: ['a'] })],
    });
    expect((await play(plan, { inputs: { go: false } })).story).toContain('node.skipped b');
    const wrong = await play(plan, { inputs: { go: 'yes' } });
    expect(wrong).toMatchObject({ state: 'failed', failedPath: 'a', error: { code: 'expression_failed' } });
  });
});

describe('failing', () => {
  it('fails the run with the error and the path of what failed, and stops the other branches', async () => {
    let stopped = false;
    const plan = planOf({ nodes: [tool('slow'), tool('bad'), tool('after', { needs: ['slow'] })] });
    const played = await play(plan, {
      effect: (attempt) => {
        if (attempt.node.id === 'bad') throw new IceError('tool_failed', 'no', { details: { why: 'x' } });
        attempt.signal.addEventListener('abort', () => {
          stopped = true;
        });
        return hang(attempt);
      },
    });
    expect(played.state).toBe('failed');
    expect(played.error).toEqual({ code: 'tool_failed', message: 'no', details: { why: 'x' } });
    expect(played.failedPath).toBe('bad');
    expect(stopped).toBe(true);
    expect(played.story.slice(-3)).toEqual(['node.failed bad#1', 'node.cancelled slow#1', 'run.failed']);
    expect(played.story.join()).not.toContain('after');
  });

  it('goes on after `onError: continue` without the dependents, and lists what was handled', async () => {
    const plan = planOf({
      nodes: [
        tool('bad', { onError: 'continue' }),
        set('reads', { x: '{{ bad }}' }),
        set('soft', { code: '{{ nodes.bad.error.code }}', state: '{{ nodes.bad.state }}' }),
      ],
      outputs: { soft: '{{ soft }}', reads: '{{ reads }}' },
    });
    const played = await play(plan, { effect: failing('bad') });
    expect(played.outputs).toEqual({ soft: { code: 'tool_failed', state: 'failed' }, reads: null });
    expect(played.handledFailures).toEqual(['bad']);
  });

  it('gives dependents the value of `onError`, and keeps the state failed', async () => {
    const plan = planOf({
      nodes: [
        tool('bad', { onError: { value: { n: '{{ inputs.n }}' } } }),
        set('b', { n: '{{ bad.n + 1 }}', state: '{{ nodes.bad.state }}' }),
      ],
      outputs: { b: '{{ b }}' },
    });
    const played = await play(plan, { inputs: { n: 1 }, effect: failing('bad') });
    expect(played.outputs).toEqual({ b: { n: 2, state: 'failed' } });
    expect(played.handledFailures).toEqual(['bad']);
  });

  it('fails when the value of `onError` cannot be evaluated, and says both', async () => {
    const plan = planOf({ nodes: [tool('bad', { onError: { value: '{{ inputs.none }}' } })] });
    const played = await play(plan, { effect: failing('bad') });
    expect(played.state).toBe('failed');
    expect(played.error?.message).toMatch(/bad broke \(and the value of onError failed: .*none/);
  });

  it('fails a run whose output cannot be evaluated', async () => {
    const played = await play(planOf({ nodes: [], outputs: { x: '{{ inputs.none }}' } }));
    expect(played).toMatchObject({ state: 'failed', error: { code: 'expression_failed' } });
    expect(played.error?.message).toMatch(/^Output x: /);
  });

  it('fails args that cannot be evaluated, once, without calling the effect', async () => {
    let calls = 0;
    const retry = { maxAttempts: 3, backoff: 'fixed', initialMs: 1, maxMs: 1, jitter: false };
    const plan = planOf({ nodes: [tool('a', { args: { x: '{{ inputs.none.x }}' }, retry })] });
    const played = await play(plan, {
      effect: () => {
        calls += 1;
        return { result: 1 };
      },
    });
    expect(played).toMatchObject({ state: 'failed', failedPath: 'a', error: { code: 'expression_failed' } });
    expect(calls).toBe(0);
  });

  it('never shows a thrown stack, and calls what it does not know internal', async () => {
    const played = await play(planOf({ nodes: [tool('a')] }), {
      effect: () => {
        throw new TypeError('x is not a function');
      },
    });
    expect(played.error).toEqual({ code: 'internal', message: 'x is not a function' });
  });
});

describe('condition', () => {
  const plan = planOf({
    nodes: [
      {
        id: 'check',
        type: 'condition',
        expression: '{{ inputs.n > 1 }}',
        // biome-ignore lint/suspicious/noThenProperty: the plan's own word
        then: [set('big', { n: '{{ inputs.n }}' }), tool('notify', { args: { n: '{{ big.n }}' } })],
        else: [set('small', { n: 0 }), set('never', {}, { if: false })],
      },
      set('after', { branch: '{{ check.branch }}' }),
    ],
    outputs: { check: '{{ check }}', after: '{{ after.branch }}' },
  });

  it('runs the nodes of the branch taken and skips the other list', async () => {
    const played = await play(plan, { inputs: { n: 2 } });
    expect(played.outputs).toEqual({
      check: { branch: 'then', then: { big: { n: 2 }, notify: { n: 2 } } },
      after: 'then',
    });
    expect(played.story).toEqual([
      'run.created',
      'run.started',
      'node.started check#1',
      'node.skipped check.else.small',
      'node.skipped check.else.never',
      'node.succeeded check.then.big',
      'node.started check.then.notify#1',
      'node.succeeded check.then.notify#1',
      'node.succeeded check#1',
      'node.succeeded after',
      'run.succeeded',
    ]);
  });

  it('gives null for a nested node that was skipped', async () => {
    const played = await play(plan, { inputs: { n: 1 } });
    expect(played.outputs?.['check']).toEqual({ branch: 'else', else: { small: { n: 0 }, never: null } });
  });

  it('fails with what failed inside of it, unless it handles that', async () => {
    const played = await play(plan, { inputs: { n: 2 }, effect: failing('notify') });
    expect(played).toMatchObject({
      state: 'failed',
      failedPath: 'check.then.notify',
      error: { code: 'tool_failed', message: 'check.then.notify broke' },
    });
    expect(played.story).toContain('node.failed check#1');
    const handled = planOf({
      nodes: [{ ...(plan.nodes[0] as unknown as TestNode), onError: 'continue' }],
    });
    expect(await play(handled, { inputs: { n: 2 }, effect: failing('notify') })).toMatchObject({
      state: 'succeeded',
      handledFailures: ['check'],
    });
  });
});

describe('loop', () => {
  const loop = (more: Record<string, unknown> = {}): TestNode => ({
    id: 'priced',
    type: 'loop',
    items: '{{ inputs.rows }}',
    as: 'row',
    body: [tool('price', { args: { p: '{{ row.c * 2 }}', at: '{{ index }}' } })],
    result: { name: '{{ row.name }}', price: '{{ price.p }}', at: '{{ price.at }}' },
    ...more,
  });
  const rows = ['a', 'b', 'c'].map((name, i) => ({ name, c: i }));

  it('gives an array in the order of the items, whatever the order of the ends', async () => {
    const plan = planOf({ nodes: [loop()], outputs: { priced: '{{ priced }}' } });
    const played = await play(plan, {
      inputs: { rows },
      effect: async (attempt) => {
        await new Promise((resolve) => setTimeout(resolve, 12 - 5 * (attempt.args as { at: number }).at));
        return { result: attempt.args };
      },
    });
    expect(played.outputs).toEqual({
      priced: rows.map(({ name, c }, at) => ({ name, price: c * 2, at })),
    });
    expect(played.story).toContain('node.started priced[2].price#1');
  });

  it('gives `{ id: result }` of each item without `result`, and [] for no items', async () => {
    const plan = planOf({ nodes: [loop({ result: undefined })], outputs: { priced: '{{ priced }}' } });
    const played = await play(plan, { inputs: { rows: rows.slice(1, 2) } });
    expect(played.outputs).toEqual({ priced: [{ price: { p: 2, at: 0 } }] });
    expect((await play(plan, { inputs: { rows: [] } })).outputs).toEqual({ priced: [] });
  });

  it('runs at most `concurrency` items at once', async () => {
    let [now, most] = [0, 0];
    const plan = planOf({ nodes: [loop({ concurrency: 2 })], outputs: { n: '{{ size(priced) }}' } });
    const played = await play(plan, {
      inputs: { rows: Array.from({ length: 9 }, () => rows[0]!) },
      effect: async (attempt) => {
        most = Math.max(most, ++now);
        await new Promise((resolve) => setTimeout(resolve, 1));
        now -= 1;
        return { result: attempt.args };
      },
    });
    expect(played.outputs).toEqual({ n: 9 });
    expect(most).toBe(2);
  });

  it('fails with its first item that fails', async () => {
    const plan = planOf({ nodes: [loop({ concurrency: 1 })], outputs: { priced: '{{ priced }}' } });
    const played = await play(plan, { inputs: { rows }, effect: failing('priced[1].price') });
    expect(played).toMatchObject({ state: 'failed', failedPath: 'priced[1].price' });
    expect(played.story.join()).not.toContain('priced[2]');
  });

  it('goes on with `onItemError: continue`: null for the item, which is listed', async () => {
    const plan = planOf({ nodes: [loop({ onItemError: 'continue' })], outputs: { priced: '{{ priced }}' } });
    const played = await play(plan, { inputs: { rows }, effect: failing('priced[1].price') });
    expect((played.outputs?.['priced'] as unknown[])[1]).toBeNull();
    expect((played.outputs?.['priced'] as unknown[])[2]).toEqual({ name: 'c', price: 4, at: 2 });
    expect(played.handledFailures).toEqual(['priced[1].price']);
    const end = played.events.find((event) => event.type === 'node.succeeded' && event.path === 'priced');
    expect(end?.data).toMatchObject({ derived: true, failed: [1] });
    expect(end?.data).not.toHaveProperty('result');
  });

  it('fails an item whose `result` cannot be evaluated', async () => {
    const plan = planOf({ nodes: [loop({ result: '{{ row.none }}' })], outputs: { priced: '{{ priced }}' } });
    expect(await play(plan, { inputs: { rows } })).toMatchObject({
      state: 'failed',
      failedPath: 'priced',
      error: { code: 'expression_failed' },
    });
  });

  it('refuses items that are no array', async () => {
    const plan = planOf({ nodes: [loop()] });
    expect(await play(plan, { inputs: { rows: { a: 1 } } })).toMatchObject({
      state: 'failed',
      failedPath: 'priced',
      error: { code: 'expression_failed', message: 'The items of priced must be an array' },
    });
  });

  it('ends 10,000 items without nodes that run, and an empty body', async () => {
    const many = Array.from({ length: 10_000 }, (_, i) => i);
    const skipped = planOf({
      nodes: [
        {
          id: 'l',
          type: 'loop',
          items: '{{ inputs.rows }}',
          concurrency: 7,
          body: [set('a', 1, { if: false })],
        },
      ],
      outputs: { n: '{{ size(l) }}', first: '{{ l[0] }}' },
    });
    expect((await play(skipped, { inputs: { rows: many } })).outputs).toEqual({
      n: 10_000,
      first: { a: null },
    });
    const empty = planOf({
      nodes: [
        { id: 'l', type: 'loop', items: '{{ inputs.rows }}', concurrency: 1, body: [], result: '{{ item }}' },
      ],
      outputs: { last: '{{ l[9999] }}' },
    });
    expect((await play(empty, { inputs: { rows: many } })).outputs).toEqual({ last: 9_999 });
  });
});

describe('parallel', () => {
  const fan = (more: Record<string, unknown> = {}, branches = ['left', 'right', 'third']): TestNode => ({
    id: 'fan',
    type: 'parallel',
    branches: Object.fromEntries(branches.map((name) => [name, [tool(`${name}1`, { args: { name } })]])),
    ...more,
  });

  it('gives the results of all branches by name', async () => {
    const plan = planOf({ nodes: [fan()], outputs: { fan: '{{ fan }}' } });
    expect((await play(plan)).outputs).toEqual({
      fan: {
        left: { left1: { name: 'left' } },
        right: { right1: { name: 'right' } },
        third: { third1: { name: 'third' } },
      },
    });
  });

  it('with `wait: n` ends with the first n, and stops the rest', async () => {
    let stopped = 0;
    const plan = planOf({ nodes: [fan({ wait: 2 })], outputs: { fan: '{{ fan }}' } });
    const played = await play(plan, {
      effect: (attempt) => {
        if (attempt.node.id !== 'right1') return { result: attempt.node.id };
        attempt.signal.addEventListener('abort', () => {
          stopped += 1;
        });
        return hang(attempt);
      },
    });
    expect(played.outputs).toEqual({ fan: { left: { left1: 'left1' }, third: { third1: 'third1' } } });
    expect(stopped).toBe(1);
    expect(played.story).toContain('node.cancelled fan.right.right1#1');
  });

  it('with `wait: n` bears failures while n can still succeed', async () => {
    const plan = planOf({ nodes: [fan({ wait: 2 })], outputs: { fan: '{{ fan }}' } });
    const one = await play(plan, { effect: failing('left1') });
    expect(one.outputs).toEqual({
      fan: { right: { right1: { name: 'right' } }, third: { third1: { name: 'third' } } },
    });
    expect(one.handledFailures).toEqual(['fan.left.left1']);
    const two = await play(plan, { effect: failing('left1', 'third1') });
    expect(two).toMatchObject({ state: 'failed', failedPath: 'fan.left.left1' });
  });

  it('runs at most `concurrency` branches at once', async () => {
    const plan = planOf({ nodes: [fan({ concurrency: 1 })], outputs: { fan: '{{ size(fan) }}' } });
    const { story } = await play(plan);
    const order = story.filter((line) => line.includes('fan.'));
    expect(order.map((line) => line.split(' ')[0])).toEqual(
      Array.from({ length: 6 }, (_, i) => (i % 2 ? 'node.succeeded' : 'node.started')),
    );
  });
});

describe('workflow', () => {
  const plan = planOf({
    nodes: [
      set('a', { n: 5 }),
      { id: 'child', type: 'workflow', workflow: 'double', inputs: { n: '{{ a.n }}' } },
    ],
    outputs: { child: '{{ child }}' },
    workflows: {
      double: {
        inputs: {
          type: 'object',
          required: ['n'],
          properties: { n: { type: 'number' }, plus: { type: 'number', default: 1 } },
        },
        // The child's `a` is its own, whatever the parent has under that name.
        nodes: [
          tool('a', { args: { n: '{{ inputs.n * 2 + inputs.plus }}' } }),
          set('skipped', 1, { if: false }),
        ],
        outputs: { twice: '{{ a.n }}', none: '{{ skipped }}' },
      },
    },
  });

  it('runs in the journal of its parent, with its own inputs and names', async () => {
    const played = await play(plan);
    expect(played.outputs).toEqual({ child: { twice: 11, none: null } });
    expect(played.story).toContain('node.succeeded child.a#1');
  });

  it('checks its inputs', async () => {
    const played = await play(plan, { options: { checkSchema: () => 'n must be a string' } });
    expect(played).toMatchObject({ state: 'failed', failedPath: 'child', error: { code: 'input_invalid' } });
  });

  it('fails its parent with what failed in it', async () => {
    expect(await play(plan, { effect: failing('child.a') })).toMatchObject({
      state: 'failed',
      failedPath: 'child.a',
    });
  });
});

describe('nesting', () => {
  it('ends with every limit at 1, however deep', async () => {
    const inner = (depth: number): TestNode[] =>
      depth === 0
        ? [tool('leaf', { args: { x: '{{ index }}' } })]
        : [
            {
              id: `l${depth}`,
              type: 'loop',
              items: [1, 2],
              as: `i${depth}`,
              concurrency: 1,
              body: inner(depth - 1),
            },
            {
              id: `p${depth}`,
              type: 'parallel',
              concurrency: 1,
              branches: { a: [tool(`pa${depth}`)], b: [tool(`pb${depth}`)] },
            },
          ];
    let [now, most] = [0, 0];
    const plan = planOf({ nodes: inner(4), concurrency: 1, outputs: { n: '{{ size(l4) }}' } });
    const played = await play(plan, {
      effect: async (attempt) => {
        most = Math.max(most, ++now);
        await Promise.resolve();
        now -= 1;
        return { result: attempt.args };
      },
    });
    expect(played.outputs).toEqual({ n: 2 });
    expect(most).toBe(1);
  });

  it('ends 1,000 nodes of one level, and joins them', async () => {
    const nodes = Array.from({ length: 1_000 }, (_, i) => tool(`n${i}`, { args: { i } }));
    const plan = planOf({
      nodes: [...nodes, set('join', { last: '{{ n999.i }}' }, { needs: nodes.map((n) => n.id) })],
      outputs: { join: '{{ join }}' },
    });
    expect((await play(plan)).outputs).toEqual({ join: { last: 999 } });
  });
});

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
