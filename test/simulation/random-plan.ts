import type { Json } from '../../src/contracts/json.ts';
import { planOf, type TestNode, type TestPlan } from '../engine/plan-of.ts';

/**
 * A random plan: all node types in each other, retries, failures, timeouts, limits. What an effect does stands in its
 * args, so that it is the same in every world: `ok`, `slow` (takes `ms`), `flaky` (fails its first attempts), `fail`,
 * `hang` (until it is stopped), `item` (fails for one item of a loop).
 */
export function randomPlan(random: () => number) {
  let ids = 0;
  const chance = (p: number) => random() < p;
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  const whole = (from: number, to: number) => from + Math.floor(random() * (to - from + 1));

  const expression = (seen: string[], inLoop: boolean): Json => {
    const choices = [() => whole(0, 9) as Json, () => '{{ inputs.n }}'];
    if (seen.length > 0) {
      choices.push(
        () => `{{ ${pick(seen)} }}`,
        () => `text {{ size(nodes.${pick(seen)}.state) }}`,
      );
    }
    if (inLoop) choices.push(() => '{{ index }}');
    return pick(choices)();
  };

  const settings = (seen: string[], inLoop: boolean): Record<string, unknown> => {
    const found: Record<string, unknown> = { maxCrashes: 1_000 };
    if (chance(0.15))
      found['if'] = pick([
        '{{ inputs.yes }}',
        '{{ !inputs.yes }}',
        ...(inLoop ? ['{{ index % 2 == 0 }}'] : []),
      ]);
    if (chance(0.2)) found['onError'] = pick(['continue', { value: expression(seen, inLoop) }]);
    if (seen.length > 0 && chance(0.2)) found['needs'] = [pick(seen)];
    return found;
  };

  const retry = () => ({
    maxAttempts: whole(3, 5),
    backoff: pick(['fixed', 'linear', 'exponential']),
    initialMs: pick([1, 50, 3_000]),
    maxMs: 10_000,
    jitter: chance(0.5),
  });

  const list = (depth: number, outside: string[], inLoop: boolean, most: number): TestNode[] => {
    const nodes: TestNode[] = [];
    const seen = [...outside];
    for (let left = whole(depth === 0 ? 2 : 1, most); left > 0; left--) {
      const node = one(depth, seen, inLoop);
      nodes.push(node);
      seen.push(node.id);
    }
    return nodes;
  };

  const one = (depth: number, seen: string[], inLoop: boolean): TestNode => {
    ids += 1;
    const id = `n${ids}`;
    const base = { id, ...settings(seen, inLoop) };
    const kinds = [
      'tool',
      'tool',
      'llm',
      'set',
      'agent',
      ...(depth < 3 ? ['condition', 'loop', 'parallel', 'workflow'] : []),
    ];
    switch (pick(kinds)) {
      case 'set':
        return { ...base, type: 'set', values: { v: expression(seen, inLoop) } };
      case 'condition':
        return {
          ...base,
          ...(chance(0.3) ? { retry: retry() } : {}),
          type: 'condition',
          expression: pick(['{{ inputs.yes }}', '{{ inputs.n > 100 }}']),
          then: list(depth + 1, seen, inLoop, 2),
          else: list(depth + 1, seen, inLoop, 2),
        };
      case 'loop': {
        const as = `it${ids}`;
        return {
          ...base,
          ...(chance(0.3) ? { retry: retry() } : {}),
          type: 'loop',
          items: Array.from({ length: whole(0, 4) }, (_, i) => i),
          as,
          concurrency: whole(1, 3),
          onItemError: pick(['fail', 'continue']),
          body: list(depth + 1, seen, true, 2),
          ...(chance(0.5) ? { result: { at: '{{ index }}', item: `{{ ${as} }}` } } : {}),
        };
      }
      case 'parallel':
        return {
          ...base,
          ...(chance(0.3) ? { retry: retry() } : {}),
          type: 'parallel',
          concurrency: whole(1, 3),
          branches: Object.fromEntries(
            ['left', 'right', 'third']
              .slice(0, whole(1, 3))
              .map((name) => [name, list(depth + 1, seen, inLoop, 2)]),
          ),
          ...(chance(0.2) ? { wait: 1 } : {}),
        };
      case 'workflow':
        return { ...base, type: 'workflow', workflow: 'child', inputs: { n: 7, yes: '{{ inputs.yes }}' } };
      // Calls workflows before it does what the other effects do.
      case 'agent': {
        const effect = pick(['ok', 'ok', 'slow', 'flaky', 'fail']);
        return {
          ...base,
          ...(effect === 'flaky' || chance(0.3) ? { retry: retry() } : {}),
          ...(effect === 'fail' && chance(0.6) ? { onError: 'continue' } : {}),
          ...(chance(0.2) ? { timeoutMs: whole(100, 2_000) } : {}),
          type: 'agent',
          args: {
            do: effect,
            ms: whole(1, 400),
            at: 0,
            reads: expression(seen, inLoop),
            calls: Array.from({ length: whole(1, 3) }, () => pick(['child', 'child', 'broken'])),
          },
        };
      }
      default: {
        const effect = pick(['ok', 'ok', 'ok', 'ok', 'slow', 'slow', 'flaky', 'hang', 'fail', 'item']);
        const rarely = effect === 'fail' || effect === 'hang' || effect === 'item';
        return {
          ...base,
          ...(rarely && chance(0.6) ? { onError: 'continue' } : {}),
          ...(effect === 'flaky' || chance(0.2) ? { retry: retry() } : {}),
          ...(effect === 'hang' || chance(0.2) ? { timeoutMs: 1_000 } : {}),
          type: pick(['tool', 'llm', 'code']),
          args: {
            do: effect === 'item' && !inLoop ? 'ok' : effect,
            ms: whole(1, 800),
            at: inLoop ? '{{ index }}' : 0,
            reads: expression(seen, inLoop),
          },
        };
      }
    }
  };

  const child: TestPlan = {
    nodes: [
      {
        id: 'a',
        type: 'tool',
        maxCrashes: 1_000,
        args: { do: 'slow', ms: whole(1, 300), at: 0, reads: '{{ inputs.n }}' },
      },
      { id: 'b', type: 'set', values: { v: '{{ a.reads }}' } },
    ],
    outputs: { v: '{{ b.v }}' },
  };
  const broken: TestPlan = {
    nodes: [
      { id: 'c', type: 'tool', maxCrashes: 1_000, args: { do: 'slow', ms: whole(1, 300), at: 0, reads: 1 } },
      {
        id: 'd',
        type: 'tool',
        maxCrashes: 1_000,
        needs: ['c'],
        args: { do: 'fail', ms: 0, at: 0, reads: 1 },
      },
    ],
  };
  const nodes = list(0, [], false, 5);
  const plan: TestPlan = {
    nodes,
    outputs: Object.fromEntries(nodes.map((node) => [node.id, `{{ ${node.id} }}`])),
    concurrency: whole(1, 4),
    workflows: { child, broken },
  };
  // What is left to chance in time may end differently after a crash: the first of several branches, or of several failures.
  return { plan: planOf(plan), timely: JSON.stringify(nodes).includes('"wait"') };
}
