import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ice, temporary, toolProject, writeFiles } from '../support/ice.ts';
import { readXml } from './render/graph/read-xml.ts';

const { dir, remove } = temporary();
afterAll(remove);
const cwd = await toolProject(dir);
writeFiles(cwd, {
  'workflows/outer.yaml': `blueprint: 2
name: outer
version: 1.0.0
inputs: { costs: { type: array, items: { type: number } } }
nodes:
  - id: each
    type: loop
    items: "{{ inputs.costs }}"
    as: cost
    body: [{ id: price, type: tool, tool: price, args: { cost: "{{ cost }}" } }]
    result: "{{ price.price }}"
  - { id: child, type: workflow, workflow: inner, inputs: { prices: "{{ each }}" } }
outputs: { total: "{{ child.total }}" }
`,
  'workflows/inner.yaml': `blueprint: 2
name: inner
version: 1.0.0
inputs: { prices: { type: array, items: { type: number } } }
nodes:
  - { id: total, type: set, values: { t: "{{ sum(inputs.prices) }}" } }
outputs: { total: "{{ total.t }}" }
`,
  'workflows/asking.yaml': `blueprint: 2
name: asking
version: 1.0.0
nodes:
  - { id: clerk, type: agent, model: echo/default, input: hi, tools: [price, workflow/inner] }
outputs: { text: "{{ clerk.text }}" }
`,
  'workflows/broken.yaml': 'blueprint: 2\nname: broken\nnodes:\n  - { id: a, type: toool }\n',
});

test('a file and a name are drawn without building anything; a child of the project inside its node', async () => {
  const file = await ice(['graph', 'workflows/outer.yaml'], { cwd });
  expect(file.exit, file.stderr).toBe(0);
  expect(file.stdout).toContain('╭─ each  loop over inputs.costs');
  expect(file.stdout).toContain('╭─ child  workflow inner');
  expect(file.stdout).toContain('│ total │');
  expect((await ice(['graph', 'outer'], { cwd })).stdout).toBe(file.stdout);
  expect((await ice(['graph', 'outer'], { cwd, env: { ICE_ASCII: '1' } })).stdout).toMatch(
    /^[\x20-\x7e\n]+$/,
  );
});

test('an agent is drawn with what it may call, and the workflows among it inside', async () => {
  const { stdout, stderr, exit } = await ice(['graph', 'asking', '--format', 'mermaid'], { cwd });
  expect(exit, stderr).toBe(0);
  expect(stdout).toContain('calls price, workflow/inner');
  expect(stdout).toContain('total');
});

test('Mermaid, SVG and JSON; the ending of a file says which', async () => {
  expect((await ice(['graph', 'outer', '--format', 'mermaid'], { cwd })).stdout).toMatch(
    /^---\ntitle: "outer 1.0.0"\n---\nflowchart TD\n/,
  );
  const svg = await ice(['graph', 'outer', '--out', 'out.svg', '--json'], { cwd });
  expect(svg.json).toMatchObject({ ok: true, format: 'svg', nodes: 4, file: 'out.svg', run: null });
  expect(readXml(readFileSync(join(cwd, 'out.svg'), 'utf8')).name).toBe('svg');
  const { json } = await ice(['graph', 'outer', '--json'], { cwd });
  expect(json.graph).toMatchObject([
    { id: 'each', after: [], lists: [{ name: 'body' }] },
    { id: 'child', after: ['each'] },
  ]);
});

test('a run, with what became of each node', async () => {
  const run = await ice(['run', 'outer', '-i', 'costs=[1,2,3]', '--json'], { cwd });
  expect(run.exit, run.stdout + run.stderr).toBe(0);
  const drawn = await ice(['graph', '--run', 'last'], { cwd });
  expect(drawn.exit, drawn.stderr).toBe(0);
  expect(drawn.stdout).toContain(`${run.json.run.id}  succeeded`);
  expect(drawn.stdout).toMatch(/✓ price/);
  expect(drawn.stdout).toContain('3 rounds');
  expect((await ice(['graph', '--run', run.json.run.id, '--json'], { cwd })).json).toMatchObject({
    run: { state: 'succeeded' },
    graph: [
      { id: 'each', figures: { state: 'succeeded' } },
      {
        id: 'child',
        after: ['each'],
        lists: [{ nodes: [{ id: 'total', figures: { state: 'succeeded' } }] }],
      },
    ],
  });
  const colored = await ice(['graph', '--run', 'last'], { cwd, env: { FORCE_COLOR: '1' } });
  expect(colored.stdout).toContain('\x1b[32m');
});

test.each([
  [['graph'], 2, 'usage'],
  [['graph', 'outer', '--run', 'last'], 2, 'usage'],
  [['graph', 'nope'], 11, 'not_found'],
  [['graph', 'nope.yaml'], 11, 'not_found'],
  [['graph', 'workflows/broken.yaml'], 3, 'validation_failed'],
  [['graph', 'tools/price.ts'], 2, 'usage'],
  [['graph', '--run', 'run_0'], 2, 'usage'],
  [['graph', 'outer', '--out', 'no/such/folder/x.svg'], 11, 'not_found'],
  [['graph', 'outer', '--format', 'png'], 2, 'usage'],
])('%j ends with %i', async (args, exit, code) => {
  const done = await ice([...args, '--json'], { cwd });
  expect(done.exit, done.stdout + done.stderr).toBe(exit);
  expect(done.json).toMatchObject({ ok: false, error: { code } });
  expect(done.json.error.hint ?? done.json.error.message).toBeTruthy();
});

test('what is wrong with a file is shown at its line', async () => {
  const done = await ice(['graph', 'workflows/broken.yaml'], { cwd });
  expect(done.stderr).toContain('workflows/broken.yaml:4:');
  expect(done.stdout).toBe('');
});

test('an ending that is no picture of ours is refused, not filled with text', async () => {
  const { exit, stderr } = await ice(['graph', 'outer', '--out', 'outer.png'], { cwd });
  expect([exit, stderr]).toEqual([2, expect.stringContaining('.svg')]);
  expect(existsSync(`${cwd}/outer.png`)).toBe(false);
  expect((await ice(['graph', 'outer', '--out', 'outer.html', '--format', 'svg'], { cwd })).exit).toBe(0);
});
