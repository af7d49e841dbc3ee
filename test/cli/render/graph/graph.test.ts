import { expect, test } from 'vitest';
import { modelOfBlueprint, modelOfRun } from '../../../../src/cli/graph-model.ts';
import {
  type GraphModel,
  type GraphNode,
  graphMermaid,
  graphSvg,
  graphText,
} from '../../../../src/cli/render/graph/index.ts';
import { reduced } from '../../../../src/cli/render/graph/model.ts';
import { textWidth, withoutControl } from '../../../../src/cli/render/text-width.ts';
import { themeFor } from '../../../../src/cli/render/theme.ts';
import type { Blueprint } from '../../../../src/contracts/blueprint.ts';
import type { AnyRunEvent } from '../../../../src/contracts/events.ts';
import type { OutlineNode, Run } from '../../../../src/contracts/runs.ts';
import { parseBlueprint } from '../../../../src/language/index.ts';
import { readDrawing } from './read-drawing.ts';
import { readXml } from './read-xml.ts';

const plain = (over: Partial<Parameters<typeof graphText>[1]> = {}) => ({
  theme: themeFor({ color: false, unicode: over.unicode ?? true }),
  columns: 100,
  unicode: true,
  ...over,
});
const set = (id: string, ...after: string[]): GraphNode => ({ id, type: 'set', after, lists: [] });
const model = (...nodes: GraphNode[]): GraphModel => ({ name: 'm', nodes });

const LISTINGS = `blueprint: 2
name: listings
version: 1.2.0
inputs: { csv: { type: string } }
nodes:
  - { id: load, type: tool, tool: std/csv-parse@^1, args: { text: "{{ inputs.csv }}" } }
  - { id: margin, type: set, values: { v: 1 } }
  - id: priced
    type: loop
    items: "{{ load.rows }}"
    as: row
    body:
      - { id: price, type: tool, tool: price, args: { c: "{{ row.cost }}", m: "{{ margin.v }}" } }
      - { id: copy, type: llm, model: echo/default, prompt: "Sell {{ price.x }}" }
    result: "{{ copy.text }}"
  - id: check
    type: condition
    expression: "{{ size(priced) > 5 && size(load.rows) > 2 }}"
    then: [{ id: ask, type: tool, tool: mail, args: {} }]
    else: [{ id: skip, type: set, values: {} }]
outputs: { all: "{{ priced }}" }
`;
const parsed = (text: string): Blueprint => {
  const { blueprint, diagnostics } = parseBlueprint({ text, file: 'a.yaml' });
  expect(diagnostics.filter((each) => each.severity === 'error')).toEqual([]);
  return blueprint!;
};
const listings = () => modelOfBlueprint(parsed(LISTINGS), async () => undefined);

test('boxes in the terminal', async () => {
  expect(graphText(await listings(), plain()).join('\n')).toBe(`listings  1.2.0  8 nodes

┌───────────────────────┐   ┌────────┐
│ load                  │   │ margin │
│ tool std/csv-parse@^1 │   │ set    │
└───────────┬───────────┘   └────┬───┘
            ╰─────────┬──────────╯
                      ▼
      ╭─ priced  loop over load.rows ─╮
      │        ┌────────────┐         │
      │        │ price      │         │
      │        │ tool price │         │
      │        └──────┬─────┘         │
      │               ▼               │
      │     ┌──────────────────┐      │
      │     │ copy             │      │
      │     │ llm echo/default │      │
      │     └──────────────────┘      │
      ╰───────────────┬───────────────╯
                      ▼
 ╭─ check  condition size(priced) > 5 &&… ─╮
 │    ╭─ then ────────╮   ╭─ else ────╮    │
 │    │ ┌───────────┐ │   │ ┌───────┐ │    │
 │    │ │ ask       │ │   │ │ skip  │ │    │
 │    │ │ tool mail │ │   │ │ set   │ │    │
 │    │ └───────────┘ │   │ └───────┘ │    │
 │    ╰───────────────╯   ╰───────────╯    │
 ╰─────────────────────────────────────────╯`);
});

test('where boxes do not fit, or are too many, a list that names what is waited for', async () => {
  const expected = `listings  1.2.0  8 nodes

load    tool std/csv-parse@^1
margin  set
priced  loop over load.rows             → after load, margin
├─ price  tool price
└─ copy   llm echo/default              → after price
check   condition size(priced) > 5 &&…  → after priced
├─ then
│  └─ ask  tool mail
└─ else
   └─ skip  set`;
  const drawn = await listings();
  const shown = graphText(drawn, plain({ list: true })).join('\n');
  expect(shown).toBe(expected);
  expect(graphText(drawn, plain({ columns: 30 })).join('\n')).toContain('after');
  const many = graphText(
    model(...Array.from({ length: 1000 }, (_, i) => set(`n${i}`, ...(i === 0 ? [] : [`n${i - 1}`])))),
    plain(),
  );
  expect(many).toHaveLength(1002);
  expect(many.at(-1)).toMatch(/^n999 +set +→ after n998$/);
});

test('ASCII alone where the terminal has no more, and nothing wider than it is', async () => {
  const drawn = await listings();
  for (const list of [true, false])
    for (const columns of [20, 44, 60, 100]) {
      const lines = graphText(drawn, plain({ unicode: false, list, columns }));
      expect(lines.join('\n')).toMatch(/^[\x20-\x7e\n]*$/);
      for (const line of lines.slice(1)) expect(textWidth(line)).toBeLessThanOrEqual(columns);
    }
});

function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    return state / 0x7fffffff;
  };
}

test.each(Array.from({ length: 100 }, (_, i) => i))(
  'what one reads off the picture is the graph (%i)',
  (seed) => {
    const draw = random(seed * 7919 + 13);
    const count = 3 + Math.floor(draw() * 22);
    const nodes = Array.from({ length: count }, (_, i) => {
      const after = new Set<string>();
      const reach = draw() < 0.5 ? i : Math.min(i, 5);
      for (let k = Math.floor(draw() * 3.4); k > 0 && i > 0; k--)
        after.add(`n${i - 1 - Math.floor(draw() * reach)}`);
      return set(`n${i}`, ...after);
    });
    const allEdges = seed % 2 === 0;
    const lines = graphText(model(...nodes), plain({ columns: 400, allEdges }));
    const { nodes: seen, edges } = readDrawing(lines.slice(2));
    expect(seen).toEqual(nodes.map((node) => node.id).sort());
    const wanted = reduced(nodes, allEdges).flatMap((node) =>
      node.after.map((before) => `${before} -> ${node.id}`),
    );
    expect(edges, lines.join('\n')).toEqual(wanted.sort());
  },
);

test('lines that others imply are left out, unless asked for; what is not there is no line', () => {
  const nodes = [set('a'), set('b', 'a'), set('c', 'a', 'b', 'b', 'nowhere', 'c'), set('d', 'a', 'c')];
  expect(reduced(nodes).map((node) => node.after)).toEqual([[], ['a'], ['b'], ['c']]);
  expect(reduced(nodes, true).map((node) => node.after)).toEqual([[], ['a'], ['a', 'b'], ['a', 'c']]);
});

test('a cycle is drawn with all of its nodes, and ends', () => {
  const drawn = model(set('a', 'c'), set('b', 'a'), set('c', 'b'));
  for (const text of [graphText(drawn, plain()).join('\n'), graphSvg(drawn), graphMermaid(drawn)])
    for (const id of ['a', 'b', 'c']) expect(text).toContain(id);
});

test('SVG: well-formed, with a title, boxes that do not overlap, containers around what they hold', async () => {
  const svg = graphSvg(await listings());
  const root = readXml(svg);
  expect(root.name).toBe('svg');
  expect(root.attributes).toMatchObject({ role: 'img', 'aria-labelledby': 'title desc' });
  expect(svg).toContain('<title id="title">listings 1.2.0</title>');
  expect(svg).toContain('prefers-color-scheme:dark');
  expect(svg).not.toMatch(/(?:href|src)="?http|<script|url\(http/);
  const rects = [
    ...svg.matchAll(/<rect class="(box|frame)" x="(\d+)" y="(\d+)" width="(\d+)" height="(\d+)"/g),
  ].map(([, kind, x, y, width, height]) => ({
    kind,
    x: Number(x),
    y: Number(y),
    right: Number(x) + Number(width),
    bottom: Number(y) + Number(height),
  }));
  expect(rects.filter((rect) => rect.kind === 'box')).toHaveLength(6);
  expect(rects.filter((rect) => rect.kind === 'frame')).toHaveLength(4);
  for (const a of rects)
    for (const b of rects) {
      if (a === b) continue;
      const apart = a.right <= b.x || b.right <= a.x || a.bottom <= b.y || b.bottom <= a.y;
      const inside = (p: typeof a, q: typeof a) =>
        p.x >= q.x && p.right <= q.right && p.y >= q.y && p.bottom <= q.bottom;
      expect(apart || (a.kind === 'frame' && inside(b, a)) || (b.kind === 'frame' && inside(a, b))).toBe(
        true,
      );
    }
});

const HOSTILE =
  '<script>alert("1")</script>]]> & \u0000\u202e --> `"]; click x "javascript:1" \n subgraph end #quot; 日本語 😀';
test('names of others do no harm in any form', () => {
  const node: GraphNode = {
    id: 'end',
    type: 'tool',
    label: HOSTILE,
    detail: HOSTILE,
    after: [],
    lists: [
      { name: HOSTILE, nodes: [set('x')] },
      { name: 'b', nodes: [set('y')] },
    ],
  };
  const drawn: GraphModel = {
    name: HOSTILE,
    version: HOSTILE,
    nodes: [node, { ...set('z', 'end'), label: HOSTILE }],
  };
  const svg = graphSvg(drawn);
  readXml(svg);
  expect(svg).not.toMatch(/<script|\u0000|\u202e/);
  const mermaid = graphMermaid(drawn);
  const [, ...lines] = mermaid.split('flowchart TD\n')[1]!.split('\n');
  for (const line of lines)
    expect(line).toMatch(
      /^ *(?:end|(?:subgraph )?n\d+[[({/]*"(?:[\p{L}\p{N} ._/@^~:,+×$-]|#\d+;|<b>|<\/b>|<br\/>)*"[\])}/]*|n\d+ --> n\d+)?$/u,
    );
  for (const list of [true, false]) {
    const text = graphText(drawn, plain({ list, columns: 300 })).join('\n');
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  }
});

test('Mermaid: containers are subgraphs, nodes keep their lines', async () => {
  expect(graphMermaid(await listings())).toBe(`---
title: "listings 1.2.0"
---
flowchart TD
  n0["<b>load</b><br/>tool std/csv-parse@^1"]
  n1("<b>margin</b><br/>set")
  subgraph n2["<b>priced</b><br/>loop over load.rows"]
    n4["<b>price</b><br/>tool price"]
    n5(["<b>copy</b><br/>llm echo/default"])
    n4 --> n5
  end
  subgraph n3["<b>check</b><br/>condition size#40;priced#41; #62; 5 #38;#38; size#40;load.rows#41; #62; 2"]
    subgraph n6["then"]
      n7["<b>ask</b><br/>tool mail"]
    end
    subgraph n8["else"]
      n9("<b>skip</b><br/>set")
    end
  end
  n0 --> n2
  n1 --> n2
  n2 --> n3
`);
});

test('child workflows are drawn inside; one that runs itself ends', async () => {
  const parent = parsed(`blueprint: 2
name: parent
nodes:
  - { id: one, type: workflow, workflow: child@^1, inputs: {} }
  - { id: two, type: workflow, workflow: far, inputs: { x: "{{ one.y }}" } }
`);
  const child = parsed(
    'blueprint: 2\nname: child\nnodes:\n  - { id: again, type: workflow, workflow: child@^1, inputs: {} }\n',
  );
  const { nodes } = await modelOfBlueprint(parent, async (ref) => (ref === 'child@^1' ? child : undefined));
  expect(nodes).toMatchObject([
    { id: 'one', lists: [{ name: 'child', nodes: [{ id: 'again', lists: [] }] }] },
    { id: 'two', after: ['one'], lists: [] },
  ]);
});

test('a run: states, times and costs, rounds of a loop together', () => {
  const outline: OutlineNode[] = [
    { id: 'load', type: 'tool' },
    { id: 'each', type: 'loop', after: ['load'], lists: { body: [{ id: 'ask', type: 'llm' }] } },
    {
      id: 'check',
      type: 'condition',
      after: ['each'],
      lists: { then: [{ id: 'mail', type: 'tool' }], else: [{ id: 'no', type: 'set' }] },
    },
    { id: 'end', type: 'tool', after: ['check'] },
  ];
  let seq = 0;
  const event = (ts: number, type: string, path?: string, data: object = {}) =>
    ({
      v: 1,
      seq: ++seq,
      ts,
      runId: 'run_1',
      type,
      ...(path ? { path } : {}),
      data,
    }) as unknown as AnyRunEvent;
  const events = [
    event(0, 'run.created', undefined, { name: 'r', version: '1.0.0', plan: '', inputs: {}, by: '' }),
    event(0, 'run.started', undefined, { worker: 'w', epoch: 1 }),
    event(10, 'node.started', 'load'),
    event(60, 'node.succeeded', 'load', { result: 1 }),
    event(60, 'node.started', 'each', { items: 3 }),
    ...[0, 1, 2].flatMap((i) => [
      event(60, 'node.started', `each[${i}].ask`),
      i === 1
        ? event(160, 'node.failed', `each[${i}].ask`, {
            error: { code: 'timeout', message: 'too slow' },
            handled: true,
          })
        : event(160, 'node.succeeded', `each[${i}].ask`, { result: 1, cost: 0.25 }),
    ]),
    event(200, 'node.succeeded', 'each', { derived: true, failed: [1] }),
    event(200, 'node.started', 'check', { branch: 'then' }),
    event(200, 'node.skipped', 'check.else.no', { reason: 'branch' }),
    event(210, 'node.started', 'check.then.mail'),
  ];
  const run = { id: 'run_1', name: 'r', version: '1.0.0', state: 'running', cost: 0.5 } as Run;
  const drawn = modelOfRun(run, outline, events, 1210);
  const [load, each, check, end] = drawn.nodes as [GraphNode, GraphNode, GraphNode, GraphNode];
  expect(load.figures).toEqual({ state: 'succeeded', ms: 50 });
  expect(each.figures).toMatchObject({ state: 'succeeded', ms: 140, cost: 0.5 });
  expect(each.lists[0]!.nodes[0]!.figures).toEqual({
    state: 'failed',
    ms: 300,
    cost: 0.5,
    rounds: { total: 3, failed: 1 },
    note: 'timeout: too slow',
  });
  expect(check.figures).toMatchObject({ state: 'running', ms: 1010 });
  expect(check.lists.map((list) => list.nodes[0]!.figures!.state)).toEqual(['running', 'skipped']);
  expect(end.figures).toEqual({ state: 'pending' });

  const colored = graphText(drawn, { ...plain(), theme: themeFor({ color: true, unicode: true }) }).join(
    '\n',
  );
  expect(colored).toMatch(/\x1B\[32m╭─ ✓ each/);
  expect(colored).toMatch(/\x1B\[31m│ ✗ ask/);
  expect(withoutControl(colored)).toContain('300 ms  $0.50  3 rounds, 1 failed');
  const svg = graphSvg(drawn);
  readXml(svg);
  expect(svg).toMatch(/<g class="node llm failed">/);
  expect(svg).toContain('timeout: too slow');
  expect(graphMermaid(drawn)).toMatch(/class n\d+ failed/);
});
