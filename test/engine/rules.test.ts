import { describe, expect, it } from 'vitest';
import { IceError } from '../../src/contracts/errors.ts';
import { failing, hang, set, tool } from './nodes.ts';
import { planOf } from './plan-of.ts';
import { play } from './play.ts';

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
