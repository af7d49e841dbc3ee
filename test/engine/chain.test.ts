import { describe, expect, it } from 'vitest';
import { planOf } from './plan-of.ts';
import { play } from './play.ts';

describe('a chain of nodes', () => {
  it('gives each node what it reads, keeps types, and ends with the outputs', async () => {
    const plan = planOf({
      nodes: [
        { id: 'a', type: 'set', values: { n: '{{ inputs.n + 1 }}', list: ['{{ inputs.n }}'] } },
        { id: 'b', type: 'tool', args: { n: '{{ a.n * 2 }}', text: 'n is {{ a.n }}' } },
        { id: 'c', type: 'set', values: { sum: '{{ a.n + b.n }}', list: '{{ a.list }}' } },
      ],
      outputs: { c: '{{ c }}', id: '{{ size(run.id) }}' },
    });
    const played = await play(plan, { inputs: { n: 3 } });
    expect(played.outputs).toEqual({ c: { sum: 12, list: [3] }, id: 30 });
    expect(played.story).toEqual([
      'run.created',
      'run.started',
      'node.succeeded a',
      'node.started b#1',
      'node.succeeded b#1',
      'node.succeeded c',
      'run.succeeded',
    ]);
    expect(played.events.map((event) => event.seq)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });
});
