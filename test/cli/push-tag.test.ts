import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ice, temporary, toolProject, writeFiles } from '../support/ice.ts';

/** A push under a tag, over the built command line: what refers to the project means the versions of that push. */

let home: ReturnType<typeof temporary>;
let cwd: string;
const run = (...args: string[]) => ice([...args, '--json'], { cwd });

const price = (factor: number) => ({
  'tools/price.ts': `import { defineTool } from 'iceos';
import { z } from 'zod';
export default defineTool({
  name: 'price', version: '1.0.0', description: 'For the test',
  input: z.object({ cost: z.number() }), output: z.object({ price: z.number() }),
  run: ({ cost }) => ({ price: cost * ${factor} }),
});
`,
});
const WORKFLOWS = {
  'workflows/inner.yaml': `blueprint: 2
name: inner
version: 1.0.0
description: x
nodes:
  - id: both
    type: parallel
    branches:
      one: [{ id: a, type: tool, tool: price@^1, args: { cost: 1 } }]
      two: [{ id: b, type: tool, tool: std/csv-parse@^1, args: { text: "n\\n7" } }]
outputs: { price: "{{ both.one.a.price }}" }
`,
  'workflows/outer.yaml': `blueprint: 2
name: outer
version: 1.0.0
description: x
nodes: [{ id: inner, type: workflow, workflow: inner }]
outputs: { price: "{{ inner.price }}" }
`,
  'agents/clerk.yaml': `agent: 1
name: clerk
version: 1.0.0
description: x
model: echo/default
system: Price it
tools: [price, workflow/inner@1]
`,
};

beforeEach(async () => {
  home = temporary();
  cwd = await toolProject(home.dir);
  rmSync(join(cwd, 'tests'), { recursive: true, force: true });
  writeFiles(cwd, { ...price(2), ...WORKFLOWS });
});
afterEach(() => home.remove());

interface Entry {
  kind: string;
  name: string;
  version: string;
  action: string;
}
const push = async () => {
  const { exit, json } = await run('push', '--tag', 'dev', '--yes');
  expect(exit).toBe(0);
  const { entries } = json['plan'] as { entries: Entry[] };
  return new Map(entries.map((entry) => [entry.name, entry]));
};
/** Runs what the target has, not the sources. */
const outcome = async (ref: string) => {
  const elsewhere = join(home.dir, 'elsewhere');
  writeFiles(elsewhere, { 'ice.yaml': 'name: demo\n' });
  const { exit, json } = await ice(['run', ref, '--json'], {
    cwd: elsewhere,
    env: { ICE_DATABASE: join(cwd, '.ice/ice.db') },
  });
  return { exit, outputs: json['outputs'] };
};

test('a project of which nothing was ever pushed compiles and runs under its tag', async () => {
  const entries = await push();
  for (const { version } of entries.values()) expect(version).toMatch(/^1\.0\.0-dev\.[0-9a-f]{12}/);
  expect(await outcome('workflow/outer@dev')).toEqual({ exit: 0, outputs: { price: 2 } });

  const shown = await run('components', 'show', 'agent/clerk@dev');
  expect(shown.exit).toBe(0);
  // The same sources again are the same versions.
  const again = await push();
  expect([...again.values()].map(({ action }) => action)).toEqual([
    'unchanged',
    'unchanged',
    'unchanged',
    'unchanged',
  ]);
});

test('a changed tool is a new version of all that run it; an old version keeps on meaning what it was pushed with', async () => {
  const first = await push();
  writeFiles(cwd, price(100));
  const second = await push();
  for (const name of ['price', 'inner', 'outer', 'clerk'])
    expect(second.get(name)!.version).not.toBe(first.get(name)!.version);
  expect((await outcome('workflow/outer@dev')).outputs).toEqual({ price: 100 });
  expect((await outcome(`workflow/outer@${first.get('outer')!.version}`)).outputs).toEqual({ price: 2 });
});

test('releases stay what they were: they keep their ranges, and no range reaches what is under the tag', async () => {
  expect((await run('push', '--yes')).exit).toBe(0);
  writeFiles(cwd, price(100));
  await push();
  expect((await outcome('workflow/outer')).outputs).toEqual({ price: 2 });
  expect((await outcome('workflow/outer@dev')).outputs).toEqual({ price: 100 });
  const versions = (await run('components', 'versions', 'outer')).json['items'] as {
    version: string;
    tags: string[];
  }[];
  expect(versions.map(({ tags }) => tags).sort()).toEqual([['dev'], ['latest']]);
});

test('a component that is there under a tag alone is found, and the next step is one that works', async () => {
  await push();
  const missing = await run('components', 'show', 'outer');
  expect(missing.json['error']['hint']).toMatch(/^The newest is workflow\/outer@1\.0\.0-dev\./);
  expect((await run('components', 'versions', 'outer')).json['items']).toHaveLength(1);
  writeFiles(cwd, price(3));
  const text = await ice(['push', '--tag', 'dev', '--yes'], { cwd });
  expect(text.stderr).toContain('ice run price@dev');
});
