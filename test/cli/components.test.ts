import { afterEach, beforeEach, expect, test } from 'vitest';
import { ice, temporary, writeFiles } from '../support/ice.ts';

/** diff, tag, archive and restore over the built command line. */

let home: ReturnType<typeof temporary>;
let cwd: string;
const run = (...args: string[]) => ice([...args, '--json'], { cwd });
const tool = (version: string, output: string, more = '') => ({
  'tools/price.ts': `import { defineTool } from 'iceos';
import { z } from 'zod';
export default defineTool({
  name: 'price',
  version: '${version}',
  description: 'For the test',
  input: z.object({ cost: z.number() }),
  output: z.object({ ${output} }),
  ${more}
  run: ({ cost }) => ({ price: cost }),
});
`,
});
const flow = (version: string, nodes: string) => ({
  'workflows/flow.yaml': `blueprint: 2
name: flow
version: ${version}
description: For the test
inputs: { cost: { type: number } }
nodes:
  - { id: p, type: tool, tool: price, args: { cost: '{{ inputs.cost }}' } }
${nodes}outputs: { price: '{{ p.price }}' }
`,
});

beforeEach(async () => {
  home = temporary();
  cwd = `${home.dir}/demo`;
  writeFiles(cwd, {
    'ice.yaml': 'name: demo\n',
    ...tool('1.0.0', 'price: z.number()'),
    ...flow('1.0.0', ''),
  });
  const pushed = await run('push', '--yes');
  expect(pushed.exit, pushed.stdout).toBe(0);
});
afterEach(() => home.remove());

test('diff: the project against the target, then two versions: callers, permissions, nodes', async () => {
  expect((await run('components', 'diff')).json).toMatchObject({ different: 0 });
  writeFiles(cwd, {
    ...tool('1.1.0', 'price: z.number().nullable()', `permissions: { net: ['api.example.com'] },`),
    ...flow('1.1.0', "  - { id: more, type: set, values: { a: '{{ p.price }}' } }\n"),
  });
  const local = await run('components', 'diff');
  expect(local.json['diffs']).toMatchObject([
    {
      name: 'price',
      from: { version: '1.0.0', where: 'target' },
      to: { version: '1.1.0', where: 'tools/price.ts' },
      breaking: true,
      asksForPermissions: true,
      schema: [{ where: 'output', path: 'price', breaking: true }],
      permissions: [{ what: 'net', added: ['api.example.com'], removed: [] }],
    },
    { name: 'flow', document: [{ part: 'node more', change: 'added' }] },
  ]);
  const one = await ice(['components', 'diff', 'price'], { cwd });
  expect(one.stdout).toMatch(/breaking +output price/);
  expect(one.stdout).toContain('newly asks for net: api.example.com');

  await run('push', '--yes', '--allow-breaking', '--allow-permissions');
  expect((await run('components', 'diff', 'price@1.0.0', 'price@1.1.0')).json['diffs']).toMatchObject([
    { from: { version: '1.0.0' }, to: { version: '1.1.0', where: 'target' }, breaking: true },
  ]);
  // The other way round the permission goes away.
  expect((await run('components', 'diff', 'price@1.1.0', 'price@1.0.0')).json['diffs'][0]).toMatchObject({
    asksForPermissions: false,
    permissions: [{ added: [], removed: ['api.example.com'] }],
  });
  for (const [args, exit] of [
    [['nothing'], 11],
    [['price@9.0.0'], 11],
    [['price', 'flow'], 2],
    [['a b'], 2],
  ] as const)
    expect((await run('components', 'diff', ...args)).exit, args.join(' ')).toBe(exit);
});

test('a release is taken back: latest, then archive; runs without a version follow', async () => {
  writeFiles(cwd, tool('1.1.0', 'price: z.number(), note: z.string().optional()'));
  await run('push', '--yes');
  const shown = async () => (await run('components', 'show', 'price')).json['component']?.version;
  expect(await shown()).toBe('1.1.0');
  const moved = await run('components', 'tag', 'price@1.0.0', 'latest', '--if-at', '1.1.0');
  expect(moved.json).toMatchObject({ from: '1.1.0', version: '1.0.0' });
  expect(await shown()).toBe('1.0.0');
  expect((await run('components', 'tag', 'price@1.1.0', 'latest', '--if-at', '1.1.0')).json).toMatchObject({
    exitCode: 12,
    error: { code: 'stale', details: { actual: '1.0.0' } },
  });

  await run('components', 'archive', 'price@1.0.0');
  expect(await shown()).toBe('1.1.0');
  await run('components', 'archive', 'tool/price');
  expect((await run('components', 'show', 'price')).exit).toBe(11);
  expect((await run('components', 'archive', 'price')).json).toMatchObject({ versions: [] });
  const back = await run('components', 'restore', 'price');
  expect(back.json['versions'].sort()).toEqual(['1.0.0', '1.1.0']);
  expect(await shown()).toBe('1.1.0');

  for (const [args, exit] of [
    [['tag', 'price', 'stable'], 2],
    [['tag', 'price@1.0.0', '1.x'], 2],
    [['tag', 'price', 'latest', '--remove'], 12],
    [['tag', 'price', 'nothing', '--remove'], 11],
    [['archive', 'price@^1'], 2],
    [['archive', 'std/csv-parse'], 12],
    [['restore', 'nothing'], 11],
  ] as const) {
    const done = await run('components', ...args);
    expect(done.exit, args.join(' ')).toBe(exit);
    expect(done.json['error'].hint, args.join(' ')).toEqual(expect.any(String));
  }
});

test('a name that is none says what may have been meant: another name, another kind, another version', async () => {
  for (const [ref, hint] of [
    ['prise', 'Did you mean price?'],
    ['csv-pars', 'Did you mean std/csv-parse?'],
    ['workflow/price', 'price is a tool here: tool/price'],
    ['price@9', 'ice components versions tool/price'],
    ['nothing-like-it', 'ice components list'],
  ]) {
    const shown = await run('components', 'show', ref!);
    expect(shown).toMatchObject({ exit: 11, json: { error: { code: 'not_found' } } });
    expect((shown.json['error'] as { hint: string }).hint).toContain(hint);
  }
  // What the project has and has not pushed may be meant, too.
  writeFiles(cwd, {
    'workflows/other.yaml': flow('1.0.0', '')['workflows/flow.yaml'].replace('flow', 'other'),
  });
  const ran = await run('run', 'othr');
  expect((ran.json['error'] as { hint: string }).hint).toContain('Did you mean other?');
});
