import { describe, expect, it } from 'vitest';
import type { AnyRunEvent } from '../../src/contracts/events.ts';
import type { Plan } from '../../src/contracts/plan.ts';
import type { RunStore } from '../../src/engine/ports.ts';
import { createMemoryRuns } from '../../src/stores/memory.ts';
import { planOf, type TestNode } from './plan-of.ts';
import { engineOf, play, request } from './play.ts';

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

describe('commits', () => {
  /** What each commit wrote, and how often the store was asked for the run. */
  async function commitsOf(plan: Plan) {
    const memory = createMemoryRuns();
    const commits: string[] = [];
    let reads = 0;
    const say = (events: AnyRunEvent[]) =>
      commits.push(events.map(({ type, path }) => (path ? `${type} ${path}` : type)).join(', '));
    const store: RunStore = {
      ...memory,
      create: (run, lease) => {
        say(run.events);
        return memory.create(run, lease);
      },
      commit: (change) => {
        say(change.events);
        return memory.commit(change);
      },
      get: (...args) => {
        reads += 1;
        return memory.get(...args);
      },
    };
    const engine = engineOf(store);
    const made = request(plan);
    await engine.create({ ...made, drive: true });
    const { row, end } = await engine.wait('demo', made.id, 120_000);
    expect(row).toEqual(await memory.get('demo', made.id));
    expect(end).toEqual((await memory.events('demo', made.id)).at(-1));
    return { commits, reads };
  }
  const steps = (type: 'tool' | 'set'): TestNode[] =>
    ['a', 'b', 'c'].map((id, i, all) => ({
      id,
      type,
      needs: i === 0 ? [] : [all[i - 1]!],
      ...(type === 'set' ? { values: { n: 1 } } : {}),
    }));

  it('are one a step: a tool ends in the commit that starts the next, the first starts with the run', async () => {
    expect(await commitsOf(planOf({ nodes: steps('tool') }))).toEqual({
      commits: [
        'run.created, run.started, node.started a',
        'node.succeeded a, node.started b',
        'node.succeeded b, node.started c',
        'node.succeeded c, run.succeeded',
      ],
      reads: 0,
    });
  });

  it('are one a step for pure nodes too', async () => {
    const { commits } = await commitsOf(planOf({ nodes: steps('set') }));
    expect(commits).toEqual([
      'run.created, run.started',
      'node.succeeded a',
      'node.succeeded b',
      'node.succeeded c, run.succeeded',
    ]);
  });
});
