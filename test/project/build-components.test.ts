import { chmodSync, cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { IceError } from '../../src/contracts/errors.ts';
import { type BuiltProject, buildComponents, manifestBytes } from '../../src/project/build-components.ts';
import { catalogOf, unansweredRefs } from '../../src/project/catalog.ts';
import { loadProject } from '../../src/project/load-project.ts';
import { createNodeRuntime } from '../../src/sandbox/node/index.ts';
import type { Bundle } from '../../src/sandbox/port.ts';
import { tempFolder, writeInto } from '../support/temp-folder.ts';
import { unprivileged } from '../support/unprivileged.ts';

const runtime = createNodeRuntime();
afterAll(() => runtime.close());

let extractions = 0;
const extract = (bundle: Bundle) => {
  extractions += 1;
  return runtime.extract(bundle);
};
const build = (root: string): Promise<BuiltProject> =>
  loadProject(root).then(({ project }) =>
    buildComponents(project!, { extract, document: (bundle) => runtime.document(bundle) }),
  );

const tool = (name: string, more = '', code = 'return { price: cost * 2 }'): string => `
import { defineTool } from 'iceos';
import { z } from 'zod';
export default defineTool({
  name: '${name}',
  version: '1.0.0',
  description: 'Doubles',
  input: z.object({ cost: z.number() }),
  output: z.object({ price: z.number() }),
  ${more}
  run({ cost }) { ${code} },
});
`;
const flow = (name: string, rest = ''): string =>
  `blueprint: 2\nname: ${name}\nversion: 1.0.0\ndescription: x\ninputs: { cost: { type: number } }\nnodes:\n  - { id: a, type: set, values: { x: 1 } }\noutputs: { x: "{{ a.x }}" }\n${rest}`;

const project = (files: Record<string, string>): string =>
  tempFolder({ 'ice.yaml': 'name: shop\n', ...files });
const said = (built: BuiltProject): string[] =>
  built.diagnostics.map(
    ({ code, severity, file, range }) => `${severity} ${code} ${file}:${range?.start.line ?? '-'}`,
  );

describe('what is built', () => {
  test('tools and workflows, with their identity', async () => {
    const root = project({
      'tools/price.ts': tool('price', 'examples: [{ input: { cost: 1 }, output: { price: 2 } }],'),
      'workflows/listing.yaml': flow('listing'),
    });
    const { components, diagnostics } = await build(root);
    expect(diagnostics).toEqual([]);
    expect(components.map(({ kind, name, version, file }) => ({ kind, name, version, file }))).toEqual([
      { kind: 'tool', name: 'price', version: '1.0.0', file: 'tools/price.ts' },
      { kind: 'workflow', name: 'listing', version: '1.0.0', file: 'workflows/listing.yaml' },
    ]);
    const [price, listing] = components;
    expect(price!.manifest).toMatchObject({
      runtime: 'sandbox',
      permissions: { net: [], secrets: [], limits: {} },
    });
    expect(price!.info).toMatchObject({ description: 'Doubles', examples: [{ input: { cost: 1 } }] });
    expect(Buffer.from(manifestBytes(price!.manifest)).toString()).toMatch(
      /^\{"entry":"sha256:[0-9a-f]{64}","input":/,
    );
    expect(listing!.blueprint?.nodes).toHaveLength(1);
    expect(listing!.manifest.input).toMatchObject({ required: ['cost'] });
    expect(Buffer.from(listing!.entry).toString()).not.toContain('version');
  });

  test('the same sources in two folders, with other line ends, give one digest', async () => {
    const sources = { 'tools/price.ts': tool('price'), 'workflows/listing.yaml': flow('listing') };
    const one = await build(project(sources));
    const other = await build(
      project(
        Object.fromEntries(
          Object.entries(sources).map(([file, text]) => [file, text.replaceAll('\n', '\r\n')]),
        ),
      ),
    );
    expect(other.components.map((component) => component.digest)).toEqual(
      one.components.map((component) => component.digest),
    );
  });

  test('version, description and examples are not part of the identity; code is', async () => {
    const first = (await build(project({ 'tools/price.ts': tool('price') }))).components[0]!;
    const reworded = project({
      'workflows/l.yaml': flow('l'),
      'workflows/m.yaml': flow('l').replace('1.0.0', '2.0.0'),
    });
    const documents = (await build(reworded)).components;
    expect(documents[0]!.digest).toBe(documents[1]!.digest);
    const changed = await build(
      project({ 'tools/price.ts': tool('price', '', 'return { price: cost * 3 }') }),
    );
    expect(changed.components[0]!.digest).not.toBe(first.digest);
  });
});

test('the outputs of a workflow have the types of what they come from, through a child that stands later', async () => {
  const root = project({
    'tools/price.ts': tool('price'),
    'workflows/a-parent.yaml': `blueprint: 2
name: a-parent
version: 1.0.0
description: x
nodes:
  - { id: child, type: workflow, workflow: z-child, inputs: { cost: 1 } }
outputs: { price: "{{ child.price }}", text: "{{ child.text }}" }
`,
    'workflows/z-child.yaml': `blueprint: 2
name: z-child
version: 1.0.0
description: x
inputs: { cost: { type: number } }
nodes:
  - { id: priced, type: tool, tool: price, args: { cost: "{{ inputs.cost }}" } }
  - id: report
    type: set
    values: { text: "It costs {{ priced.price }}" }
    output: { type: object, properties: { text: { type: string, contentMediaType: text/markdown } }, required: [text] }
outputs: { price: "{{ priced.price }}", text: "{{ report.text }}" }
`,
  });
  const { components } = await build(root);
  const parent = components.find(({ name }) => name === 'a-parent')!;
  expect(parent.manifest.output).toMatchObject({
    properties: { price: { type: 'number' }, text: { type: 'string', contentMediaType: 'text/markdown' } },
  });
});

describe('the cache', () => {
  test('an unchanged tool costs neither bundler nor child; a change in any of its files is seen', async () => {
    const root = project({
      'tools/price.ts': `import { twice } from './_twice.ts';\n${tool('price', '', 'return { price: twice(cost) }')}`,
      'tools/_twice.ts': 'export const twice = (n: number): number => n * 2;\n',
      'tools/other.ts': tool('other'),
    });
    expect(await build(root)).toMatchObject({ rebuilt: 2, unchanged: 0 });
    const before = extractions;
    const again = await build(root);
    expect(again).toMatchObject({ rebuilt: 0, unchanged: 2 });
    expect(extractions).toBe(before);
    writeInto(root, { 'tools/_twice.ts': 'export const twice = (n: number): number => n + n;\n' });
    const changed = await build(root);
    expect(changed).toMatchObject({ rebuilt: 1, unchanged: 1 });
    const digest = (built: BuiltProject) => built.components.find(({ name }) => name === 'price')!.digest;
    expect(digest(changed)).not.toBe(digest(again));
    writeInto(root, { 'tsconfig.json': '{ "compilerOptions": { "target": "es2022" } }' });
    expect(await build(root)).toMatchObject({ rebuilt: 2 });
  });

  test('what is damaged counts as absent', async () => {
    const root = project({ 'tools/price.ts': tool('price') });
    const first = await build(root);
    const folder = join(root, '.ice/cache/tools');
    for (const damage of ['', '{', 'null', '[]', '{"file":"tools/price.ts"}'])
      for (const extension of ['.json', '.js']) {
        for (const name of readdirSync(folder).filter((each) => each.endsWith(extension)))
          writeFileSync(join(folder, name), damage);
        const built = await build(root);
        expect(built.rebuilt).toBe(1);
        expect(built.components[0]!.digest).toBe(first.components[0]!.digest);
      }
  });

  test('an entry of another file is not taken for this one', async () => {
    const root = project({ 'tools/price.ts': tool('price'), 'tools/other.ts': tool('other') });
    await build(root);
    const folder = join(root, '.ice/cache/tools');
    const entries = readdirSync(folder).filter((name) => name.endsWith('.json'));
    const [a, b] = entries.map((name) => readFileSync(join(folder, name), 'utf8'));
    writeFileSync(join(folder, entries[0]!), b!);
    writeFileSync(join(folder, entries[1]!), a!);
    const built = await build(root);
    expect(built.rebuilt).toBe(2);
    expect(built.components.map(({ name, file }) => [name, file])).toEqual([
      ['other', 'tools/other.ts'],
      ['price', 'tools/price.ts'],
    ]);
  });

  test('builds at once leave a cache that serves', async () => {
    const root = project({ 'tools/a.ts': tool('a'), 'tools/b.ts': tool('b') });
    const builds = await Promise.all(Array.from({ length: 6 }, () => build(root)));
    for (const built of builds)
      expect(built.components.map(({ digest }) => digest)).toEqual(
        builds[0]!.components.map(({ digest }) => digest),
      );
    expect(await build(root)).toMatchObject({ rebuilt: 0, unchanged: 2 });
    expect(readdirSync(join(root, '.ice/cache/tools')).filter((name) => !/\.(js|json)$/.test(name))).toEqual(
      [],
    );
  });

  test('it moves with the folder', async () => {
    const root = project({ 'tools/price.ts': tool('price') });
    await build(root);
    const copy = tempFolder();
    cpSync(root, copy, { recursive: true });
    const built = await build(copy);
    // Files of ice itself are named relative to the project, so a copy elsewhere may have to look again, once.
    expect(built.components).toHaveLength(1);
    expect(await build(copy)).toMatchObject({ rebuilt: 0 });
  });

  test('a folder that can not be written is built all the same', async () => {
    const root = project({ 'workflows/flow.yaml': flow('flow'), 'tools/price.ts': tool('price') });
    await build(root);
    rmSync(join(root, '.ice'), { recursive: true });
    chmodSync(root, 0o555);
    expect((await unprivileged([], () => build(root))).components).toHaveLength(2);
    chmodSync(root, 0o700);
    expect(readdirSync(root)).not.toContain('.ice');
  });

  test('a file in the place of the cache is no reason to fail', async () => {
    const root = project({ 'tools/price.ts': tool('price'), '.ice': 'a file' });
    expect((await build(root)).components).toHaveLength(1);
    rmSync(join(root, '.ice'));
  });
});

describe('what is wrong is said, all at once', () => {
  test('broken tools', async () => {
    const root = project({
      'tools/syntax.ts': 'export default defineTool({\n',
      'tools/missing.ts': "import { x } from './nowhere.ts';\nexport default x;\n",
      'tools/throws.ts': "throw new Error('at load');\nexport default {};\n",
      'tools/nothing.ts': 'export default 42;\n',
      'tools/helper.ts': 'export const x = 1;\n',
      'tools/used.ts': 'export const y = 1;\n',
      'tools/user.ts': `import { y } from './used.ts';\n${tool('user', '', 'return { price: y }')}`,
      'tools/node.ts': `import { readFileSync } from 'node:fs';\n${tool('node', '', "return { price: readFileSync('/x').length }")}`,
    });
    const built = await build(root);
    expect(built.components.map(({ name }) => name)).toEqual(['user']);
    const of = (file: string) => built.diagnostics.filter((each) => each.file === `tools/${file}.ts`);
    expect(of('syntax')[0]).toMatchObject({ code: 'ICE4001', range: { start: { line: 2 } } });
    expect(of('missing')[0]).toMatchObject({ code: 'ICE4002', range: { start: { line: 1 } } });
    expect(of('throws')[0]).toMatchObject({ code: 'ICE1508', message: expect.stringContaining('at load') });
    expect(of('nothing')[0]).toMatchObject({ code: 'ICE1508' });
    expect(of('helper')[0]).toMatchObject({ code: 'ICE1516', help: expect.stringContaining('_') });
    expect(of('used')).toEqual([]);
    expect(of('node')[0]).toMatchObject({ code: 'ICE4003', range: { start: { line: 1 } } });
    expect(built.diagnostics.every((each) => each.help !== undefined || each.code === 'ICE4001')).toBe(true);
  });

  test('names, versions, words, examples', async () => {
    const root = project({
      'tools/a.ts': tool('Price Tool'),
      'tools/b.ts': tool('std/thing'),
      'tools/c.ts': tool('c').replace("'1.0.0'", "'one'"),
      'tools/d.ts': tool('d').replace('Doubles', ''),
      'tools/e.ts': tool(
        'e',
        "examples: [{ input: { cost: 'x' } as never }, { name: 'out', input: { cost: 1 }, output: { price: 'y' } as never }],",
      ),
      'tools/f.ts': tool('other-name'),
      'tools/g.ts': tool('g'),
      'tools/h.ts': tool('g'),
      'workflows/w.yaml': 'blueprint: 2\nname: w\nnodes:\n  - { id: a, type: set, values: {} }\n',
    });
    const built = await build(root);
    expect(said(built)).toEqual([
      'error ICE1507 tools/a.ts:5',
      'error ICE1507 tools/b.ts:5',
      'error ICE1506 tools/c.ts:6',
      'info ICE1510 tools/d.ts:4',
      'error ICE1512 tools/e.ts:10',
      'error ICE1513 tools/e.ts:10',
      'warning ICE1505 workflows/w.yaml:2',
      'info ICE1510 workflows/w.yaml:2',
      'error ICE1504 tools/h.ts:-',
      'info ICE1511 tools/f.ts:-',
    ]);
    const version = built.diagnostics.find((each) => each.code === 'ICE1505')!;
    const text = built.texts.get('workflows/w.yaml')!;
    const [edit] = version.fix!.edits;
    expect(text.slice(0, edit!.start) + edit!.text + text.slice(edit!.end)).toContain(
      'name: w\nversion: 1.0.0\nnodes:',
    );
  });

  test('more than the policy of ice.yaml allows', async () => {
    const root = tempFolder({
      'ice.yaml':
        'name: shop\npolicy: { permissions: { net: ["*.example.com"], secrets: [], limits: { timeoutMs: 5000 } } }\n',
      'tools/ok.ts': tool('ok', "permissions: { net: ['api.example.com'] },"),
      'tools/more.ts': tool(
        'more',
        "permissions: { net: ['api.other.com'], secrets: ['OTHER_KEY'] }, limits: { timeoutMs: 9000 },",
      ),
    });
    const built = await build(root);
    expect(built.components.map(({ name }) => name)).toEqual(['more', 'ok']);
    expect(built.diagnostics[0]).toMatchObject({
      code: 'ICE1514',
      message:
        'more asks for more than the policy of ice.yaml allows: net: api.other.com (allowed: *.example.com); secrets: OTHER_KEY (allowed: none); limits.timeoutMs: 9000 (at most 5000)',
    });
  });

  test('a tool with a fault is still what workflows mean by its name, and nothing else is', async () => {
    const root = tempFolder({
      'ice.yaml': 'name: shop\npolicy: { permissions: { net: [] } }\n',
      'tools/more.ts': tool('more', "permissions: { net: ['api.other.com'] },"),
      'workflows/w.yaml':
        'blueprint: 2\nname: w\nversion: 1.0.0\ndescription: x\nnodes:\n  - { id: a, type: tool, tool: more@^1, args: { cost: 1 } }\noutputs: { a: "{{ a }}" }\n',
    });
    const built = await build(root);
    expect(said(built)).toEqual([expect.stringContaining('ICE1514')]);
    const refs = [{ kind: 'tool' as const, name: 'more', range: '^1' }];
    expect(unansweredRefs(refs, { components: built.components })).toEqual([]);
    const catalog = catalogOf({ components: built.components });
    expect((await built.documents.check('workflows/w.yaml', catalog))?.findings).toEqual([]);
  });

  test('a policy caps only what it names', async () => {
    const root = tempFolder({
      'ice.yaml': 'name: shop\npolicy: { permissions: { net: [] } }\n',
      'tools/keyed.ts': tool('keyed', "permissions: { secrets: ['SOME_KEY'] }, limits: { timeoutMs: 9000 },"),
    });
    expect(said(await build(root))).toEqual([]);
  });

  test('what zod can not say is a warning at its field', async () => {
    const root = project({
      'tools/dated.ts': tool('dated').replace('cost: z.number()', 'cost: z.number(), at: z.date()'),
    });
    const built = await build(root);
    expect(built.diagnostics[0]).toMatchObject({
      code: 'ICE1509',
      severity: 'warning',
      message: expect.stringContaining('at'),
    });
    expect(built.components).toHaveLength(1);
  });

  test('a fault of the machine is not blamed on the tool', async () => {
    const root = project({ 'tools/price.ts': tool('price') });
    const broken = async () => {
      throw new IceError('machine', 'no more processes');
    };
    await expect(
      buildComponents((await loadProject(root)).project!, {
        extract: broken,
        document: (bundle) => runtime.document(bundle),
      }),
    ).rejects.toMatchObject({
      code: 'machine',
    });
  });
});
