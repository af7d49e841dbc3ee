import { chmodSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findProject } from '../../src/project/find-project.ts';
import { loadProject } from '../../src/project/load-project.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { unprivileged } from '../support/unprivileged.ts';

const files = async (dir: string): Promise<string[] | undefined> =>
  (await loadProject(dir)).project?.sources.map(({ kind, file }) => `${kind} ${file}`);
const findings = async (yaml: string): Promise<string[]> =>
  (await loadProject(tempFolder({ 'ice.yaml': yaml }))).diagnostics.map(
    ({ code, severity, range, message, help }) =>
      `${severity} ${code} ${range?.start.line}:${range?.start.column} ${message}${help ? ` | ${help}` : ''}`,
  );

test('a project is found from any folder in it, and has one path however it was reached', async () => {
  const root = tempFolder({ 'ice.yaml': 'name: shop\n', 'tools/deep/price.ts': '' });
  const link = join(tempFolder(), 'link');
  symlinkSync(root, link);
  expect(findProject(join(root, 'tools', 'deep'))).toBe(root);
  expect(findProject(join(link, 'tools'))).toBe(root);
  expect((await loadProject(join(link, 'tools'))).project).toMatchObject({ root, name: 'shop' });
});

test('no project and no folder are errors that say what to do', async () => {
  const empty = tempFolder();
  await expect(loadProject(empty)).rejects.toThrowError(
    expect.objectContaining({ code: 'project_invalid', hint: expect.stringContaining('ice init') }),
  );
  await expect(loadProject(join(empty, 'absent'))).rejects.toThrowError(
    expect.objectContaining({ code: 'not_found' }),
  );
});

test('components are found by the default globs, in a fixed order', async () => {
  const root = tempFolder({
    'ice.yaml': 'name: shop\n',
    'tools/price.ts': '',
    'tools/sub/Ünïcode name.ts': '',
    'tools/_money.ts': '',
    'tools/price.test.ts': '',
    'tools/types.d.ts': '',
    'tools/readme.md': '',
    'tools/node_modules/dep/index.js': '',
    'tools/.hidden/x.ts': '',
    'workflows/b.yaml': '',
    'workflows/a.yml': '',
    'workflows/c.json': '',
    'workflows/a.test.yaml': '',
    'agents/helper.yaml': '',
  });
  expect(await files(root)).toEqual([
    'tool tools/price.ts',
    'tool tools/sub/Ünïcode name.ts',
    'agent agents/helper.yaml',
    'workflow workflows/a.yml',
    'workflow workflows/b.yaml',
    'workflow workflows/c.json',
  ]);
});

test('globs of ice.yaml: one that names nothing is a warning, one that leads out is an error', async () => {
  const root = tempFolder({
    'ice.yaml':
      'name: shop\r\ncomponents:\r\n  tools:\r\n    - src/*.tool.ts\r\n    - sr/*.ts\r\n    - ../*.ts\r\n',
    'src/price.tool.ts': '',
    'tools/other.ts': '',
  });
  const { project, diagnostics } = await loadProject(root);
  expect(project?.sources.map((source) => source.file)).toEqual(['src/price.tool.ts']);
  expect(diagnostics.map(({ code, severity, range }) => [code, severity, range?.start.line])).toEqual([
    ['ICE1503', 'warning', 5],
    ['ICE1502', 'error', 6],
  ]);
});

test('a symlinked source is a source', async () => {
  const shared = tempFolder({ 'price.ts': '' });
  const root = tempFolder({ 'ice.yaml': 'name: shop\n', 'tools/a.ts': '' });
  symlinkSync(join(shared, 'price.ts'), join(root, 'tools', 'price.ts'));
  expect(await files(root)).toEqual(['tool tools/a.ts', 'tool tools/price.ts']);
});

test('all that is wrong with ice.yaml is said at once, where it stands', async () => {
  expect(await findings('nmae: shop\ncomponent: {}\ntargets:\n  prod: { url: nope }\n')).toEqual([
    expect.stringMatching(/^error ICE1103 1:1 .*`nmae`.*Did you mean `name`/),
    expect.stringMatching(/^error ICE1103 2:1 .*`component`.*Did you mean `components`/),
    expect.stringMatching(/^error ICE1112 4:16 /),
  ]);
  expect(await findings('name: My Shop\n')).toEqual([
    expect.stringMatching(/^error ICE1501 1:7 .*My Shop.* \| .*my-shop/),
  ]);
  expect(await findings('- a\n- b\n')).toEqual([expect.stringContaining('error ICE1101 1:1')]);
  expect(await findings('')).toEqual([expect.stringContaining('error')]);
  expect(await findings('name: [\n')).toEqual([expect.stringContaining('error')]);
  expect(await findings('name: shop\nname: other\n')).toEqual([expect.stringContaining('error')]);
  expect(await findings('\uFEFFname: shop\r\n')).toEqual([]);
});

test('a file that may not be read is an error of the machine', async () => {
  const root = tempFolder({ 'ice.yaml': 'name: shop\n' });
  chmodSync(join(root, 'ice.yaml'), 0o000);
  await unprivileged([root], async () => {
    await expect(loadProject(root)).rejects.toThrowError(expect.objectContaining({ code: 'machine' }));
  });
});

test('an empty ice.yaml is told how one begins, and not how a blueprint does', async () => {
  for (const text of ['', '# nothing yet\n']) {
    const [first] = (await loadProject(tempFolder({ 'ice.yaml': text }))).diagnostics;
    expect(first).toMatchObject({ code: 'ICE1007', help: expect.stringContaining('name: my-project') });
    expect(first!.help).not.toContain('blueprint');
  }
});

test('what ice.yaml says is kept by a build for itself, and only while the text is the same', async () => {
  const yaml = 'name: shop\ncomponents:\n  tools: [src/*.ts, gone/*.ts]\n';
  const root = tempFolder({ 'ice.yaml': yaml, 'src/a.ts': '', '.ice/token': '' });
  const kept = join(root, '.ice', 'cache', 'project.json');
  const first = await loadProject(root, 'one');
  expect(existsSync(kept)).toBe(true);
  // A glob that names nothing is said again, at its line, and files that are new are found.
  expect(await loadProject(root, 'one')).toEqual(first);
  expect(first.diagnostics.map(({ code, range }) => [code, range?.start.line])).toEqual([['ICE1503', 3]]);
  writeFileSync(join(root, 'src/b.ts'), '');
  expect((await loadProject(root, 'one')).project?.sources.map((source) => source.file)).toEqual([
    'src/a.ts',
    'src/b.ts',
  ]);

  // It is believed: so it has to be of this text, and of this build.
  const other = readFileSync(kept, 'utf8').replace('"shop"', '"kept"');
  writeFileSync(kept, other);
  expect((await loadProject(root, 'one')).project?.name).toBe('kept');
  expect((await loadProject(root, 'two')).project?.name).toBe('shop');
  writeFileSync(kept, other);
  writeFileSync(join(root, 'ice.yaml'), yaml.replace('shop', 'store'));
  expect((await loadProject(root, 'one')).project?.name).toBe('store');
  for (const damaged of ['', 'null', '{"of":']) {
    writeFileSync(kept, damaged);
    expect((await loadProject(root, 'one')).project?.name).toBe('store');
  }
  writeFileSync(join(root, 'ice.yaml'), 'nmae: shop\n');
  expect((await loadProject(root, 'one')).diagnostics).not.toEqual([]);
});

test('a folder without .ice gets none by being looked at', async () => {
  const root = tempFolder({ 'ice.yaml': 'name: shop\n' });
  expect((await loadProject(root, 'one')).project?.name).toBe('shop');
  expect(existsSync(join(root, '.ice'))).toBe(false);
});
