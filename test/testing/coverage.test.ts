import { expect, test } from 'vitest';
import type { AnyRunEvent } from '../../src/contracts/events.ts';
import { compilePlan, EMPTY_CATALOG, parseBlueprint } from '../../src/language/index.ts';
import { Coverage } from '../../src/testing/coverage.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const plan = compilePlan(
  parseBlueprint({
    file: 'a.yaml',
    text: `
blueprint: 2
name: flow
version: 1.0.0
inputs: { n: { type: integer } }
nodes:
  - { id: alert, type: set, if: "{{ inputs.n > 3 }}", values: { x: 1 } }
  - id: each
    type: loop
    items: "{{ [1, 2] }}"
    body:
      - id: sort
        type: condition
        expression: "{{ item > 1 }}"
        then: [{ id: high, type: set, values: { x: 1 } }]
  - id: both
    type: parallel
    branches:
      left: [{ id: a, type: set, values: { x: 1 } }]
      right: [{ id: b, type: set, values: { x: 1 } }]
outputs: {}
`,
  }).blueprint!,
  DIGEST,
  EMPTY_CATALOG,
);
const events = (...entries: [string, string, object?][]): AnyRunEvent[] =>
  entries.map(([type, path, data = {}], i) => ({
    v: 1,
    seq: i + 1,
    ts: 0,
    runId: 'run_1',
    type,
    path,
    data,
  })) as unknown as AnyRunEvent[];

test('knows what there is to run before anything ran', () => {
  const coverage = new Coverage();
  coverage.declare(plan);
  const [flow] = coverage.report();
  expect(flow).toMatchObject({ workflow: 'flow', nodes: { total: 7, covered: 0 } });
  expect(flow!.nodes.missing).toEqual([
    'alert',
    'each',
    'each.sort',
    'each.sort.then.high',
    'both',
    'both.left.a',
    'both.right.b',
  ]);
  expect(flow!.branches.missing).toEqual([
    'alert (run)',
    'alert (skipped)',
    'each.sort.then',
    'each.sort.else',
  ]);
});

test('counts rounds of a loop as one node, branches that are empty too, and what was skipped as not run', () => {
  const coverage = new Coverage();
  coverage.add(
    plan,
    events(
      ['node.skipped', 'alert', { reason: 'condition' }],
      ['node.started', 'each', { items: 2 }],
      ['node.started', 'each[0].sort', { branch: 'else' }],
      ['node.skipped', 'both', { reason: 'dependency' }],
    ),
  );
  expect(coverage.report()[0]).toMatchObject({
    nodes: { covered: 2, missing: ['alert', 'each.sort.then.high', 'both', 'both.left.a', 'both.right.b'] },
    branches: { covered: 2, missing: ['alert (run)', 'each.sort.then'] },
  });
  coverage.add(
    plan,
    events(
      ['node.succeeded', 'alert'],
      ['node.started', 'each[7].sort', { branch: 'then' }],
      ['node.failed', 'each[7].sort.then.high', { error: { code: 'x', message: '' } }],
      ['node.started', 'both'],
      ['node.succeeded', 'both.left.a'],
      ['node.succeeded', 'both.right.b'],
    ),
  );
  expect(coverage.report()[0]).toMatchObject({ nodes: { missing: [] }, branches: { missing: [] } });
});
