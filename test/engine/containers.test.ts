import { describe, expect, it } from 'vitest';
import { failing, hang, set, tool } from './nodes.ts';
import { planOf, type TestNode } from './plan-of.ts';
import { play } from './play.ts';

describe('condition', () => {
  const plan = planOf({
    nodes: [
      {
        id: 'check',
        type: 'condition',
        expression: '{{ inputs.n > 1 }}',
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
    expect(played.outputs).toMatchObject({ priced: [{ at: 0 }, null, { name: 'c', price: 4, at: 2 }] });
    expect(played.handledFailures).toEqual(['priced[1].price']);
    const end = played.events.find((event) => event.type === 'node.succeeded' && event.path === 'priced');
    expect(end?.data).toMatchObject({ derived: true, failed: [1] });
    expect(end?.data).not.toHaveProperty('result');
  });

  it('lists the items that failed in `nodes.X.failed`, in their order, also read again from the journal', async () => {
    const nodes = [
      loop({ onItemError: 'continue', concurrency: 3 }),
      { id: 'report', type: 'set' as const, values: { failed: '{{ nodes.priced.failed }}' } },
    ];
    const outputs = { failed: '{{ report.failed }}', count: '{{ size(nodes.priced.failed) }}' };
    const played = await play(planOf({ nodes, outputs }), {
      inputs: { rows },
      effect: failing('priced[2].price', 'priced[0].price'),
    });
    const error = (path: string) => ({ code: 'tool_failed', message: `${path} broke` });
    expect(played.outputs).toEqual({
      failed: [
        { index: 0, error: error('priced[0].price') },
        { index: 2, error: error('priced[2].price') },
      ],
      count: 2,
    });
    const whole = await play(planOf({ nodes, outputs }), { inputs: { rows } });
    expect(whole.outputs).toEqual({ failed: [], count: 0 });
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
