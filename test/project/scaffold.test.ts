import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageManagerOf } from '../../src/project/package-manager.ts';
import { initProject, newComponent } from '../../src/project/scaffold.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { unprivileged } from '../support/unprivileged.ts';

const env = { PATH: process.env['PATH'], HOME: tempFolder() };
const init = (dir: string, more: Partial<Parameters<typeof initProject>[0]> = {}) =>
  initProject({ dir, template: 'tool', env, ...more });
const read = (dir: string, file: string): string => readFileSync(join(dir, file), 'utf8');
const everything = (dir: string): string[] =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('.git'))
    .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1))
    .sort();

describe('init', () => {
  test('makes a project in a new folder, says what it made and what comes next', async () => {
    const from = tempFolder();
    const dir = join(from, 'price-tool');
    const made = await init(dir, { from });
    expect(made).toEqual({
      dir,
      template: 'tool',
      state: 'created',
      files: ['.gitignore', 'AGENTS.md', 'ice.yaml', 'package.json', 'tools/price.ts', 'tsconfig.json'],
      kept: [],
      git: 'initialized',
      nextSteps: [
        { command: 'cd price-tool' },
        { command: 'npm install', note: 'ice itself, and editor types' },
        { command: 'npm test', note: 'ice test: passes offline, no keys' },
        { command: 'npx ice run price -i cost=10 --watch' },
        { command: 'npx ice push --dry-run' },
      ],
    });
    expect(everything(dir)).toEqual([...made.files].sort());
    expect(existsSync(join(dir, '.git'))).toBe(true);
    const ours = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(JSON.parse(read(dir, 'package.json'))).toMatchObject({
      name: 'price-tool',
      private: true,
      scripts: { test: 'ice test' },
      devDependencies: { iceos: ours.version, node: expect.any(String) },
    });
    expect(read(dir, 'ice.yaml')).toMatch(/^name: price-tool$/m);
    expect(read(dir, 'AGENTS.md')).toContain('"{{ inputs.csv }}"');
  });

  test('a second run is unchanged, also after the user has changed files', async () => {
    const dir = join(tempFolder(), 'demo');
    await init(dir);
    writeFileSync(join(dir, 'tools/price.ts'), '// mine\n');
    writeFileSync(join(dir, '.gitignore'), '');
    const again = await init(dir);
    expect(again).toMatchObject({ state: 'unchanged', files: [], git: 'inside' });
    expect(read(dir, 'tools/price.ts')).toBe('// mine\n');
    expect(read(dir, '.gitignore')).toBe('');
  });

  test('a folder with something else in it is refused, and stays as it is', async () => {
    const dir = tempFolder({ 'notes.txt': 'mine', 'package.json': '{}' });
    await expect(init(dir)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('notes.txt'),
      hint: expect.stringContaining('--merge'),
    });
    expect(everything(dir)).toEqual(['notes.txt', 'package.json']);
  });

  test('--merge adds what is missing and overwrites nothing', async () => {
    const dir = tempFolder({
      'package.json':
        '{\n\t"name": "mine",\n\t"scripts": { "test": "echo \\"Error: no test specified\\" && exit 1" },\n\t"dependencies": { "zod": "^4.0.0" }\n}\n',
      '.gitignore': 'node_modules/\nsecret',
      'ice.yaml': 'name: already\n',
    });
    const made = await init(dir, { merge: true });
    expect(made.state).toBe('extended');
    expect(made.kept).toEqual(['ice.yaml']);
    expect(read(dir, 'ice.yaml')).toBe('name: already\n');
    expect(read(dir, '.gitignore')).toBe('node_modules/\nsecret\n.ice/\n.env\n');
    const manifest = JSON.parse(read(dir, 'package.json')) as Record<string, Record<string, string>>;
    expect(manifest['name']).toBe('mine');
    expect(manifest['scripts']!['test']).toBe('ice test');
    expect(manifest['dependencies']).toEqual({ zod: '^4.0.0' });
    expect(Object.keys(manifest['devDependencies']!)).toEqual(['iceos', 'node']);
    expect(read(dir, 'package.json')).toContain('\t"name"');
    expect(await init(dir, { merge: true })).toMatchObject({ state: 'unchanged' });
  });

  test('a package.json that can not be read is kept', async () => {
    const dir = tempFolder({ 'package.json': '{ broken' });
    await init(dir, { merge: true });
    expect(read(dir, 'package.json')).toBe('{ broken');
  });

  test('inside a repository none is made', async () => {
    const outer = tempFolder();
    execFileSync('git', ['init', '-q'], { cwd: outer });
    const made = await init(join(outer, 'inner'));
    expect(made.git).toBe('inside');
    expect(existsSync(join(outer, 'inner', '.git'))).toBe(false);
  });

  test('without git it goes on', async () => {
    const dir = join(tempFolder(), 'demo');
    expect((await init(dir, { env: { PATH: tempFolder() } })).git).toBe('absent');
  });

  test('folders with blanks and other letters; the name is made of them', async () => {
    const from = tempFolder();
    const dir = join(from, 'Mein Größter Preis!');
    const made = await init(dir, { from });
    expect(made.nextSteps[0]).toEqual({ command: 'cd "Mein Größter Preis!"' });
    expect(read(dir, 'ice.yaml')).toMatch(/^name: mein-gro-ter-preis$/m);
    const odd = join(from, '価格');
    await init(odd);
    expect(read(odd, 'ice.yaml')).toMatch(/^name: my-project$/m);
    await init(join(from, 'named'), { name: 'other' });
    expect(read(join(from, 'named'), 'ice.yaml')).toMatch(/^name: other$/m);
  });

  test('through a symlink, and into the folder one stands in', async () => {
    const real = tempFolder();
    const link = join(tempFolder(), 'link');
    symlinkSync(real, link);
    const made = await init(link, { from: link });
    expect(made.nextSteps[0]!.command).toBe('npm install');
    expect(existsSync(join(real, 'ice.yaml'))).toBe(true);
  });

  test('the words of the package manager in use', async () => {
    const dir = join(tempFolder(), 'demo');
    const made = await init(dir, { env: { ...env, npm_config_user_agent: 'pnpm/10.0.0 npm/? node/v24' } });
    expect(made.nextSteps.map(({ command }) => command)).toContain('pnpm exec ice push --dry-run');
    const locked = tempFolder({ 'yarn.lock': '', 'sub/x': '' });
    expect(packageManagerOf(join(locked, 'sub'), { npm_config_user_agent: 'npm/11' }).name).toBe('yarn');
    expect(packageManagerOf(tempFolder(), {}).name).toBe('npm');
  });

  test('npm install is left out when it was done', async () => {
    const dir = join(tempFolder(), 'demo');
    await init(dir);
    mkdirSync(join(dir, 'node_modules/iceos'), { recursive: true });
    expect((await init(dir)).nextSteps.map(({ command }) => command)).not.toContain('npm install');
  });

  test.each([
    [{ template: 'tol' }, { code: 'usage', hint: 'Did you mean --template tool?' }],
    [{ template: '../tool' }, { code: 'usage' }],
    [{ name: 'Not A Name' }, { code: 'usage', hint: expect.stringContaining('not-a-name') }],
  ])('%j is refused', async (more, error) => {
    await expect(init(join(tempFolder(), 'demo'), more)).rejects.toMatchObject(error);
  });

  test('a file in the way', async () => {
    const folder = tempFolder({ file: '', 'sub/tools': 'a file' });
    await expect(init(join(folder, 'file'))).rejects.toMatchObject({ code: 'conflict' });
    await expect(init(join(folder, 'file', 'deeper'))).rejects.toMatchObject({ code: 'conflict' });
    await expect(init(join(folder, 'sub'), { merge: true })).rejects.toMatchObject({ code: 'conflict' });
    // What was made before the file stood in the way is gone again.
    expect(everything(join(folder, 'sub'))).toEqual(['tools']);
  });

  test('a folder that can not be written is read_only', async () => {
    const folder = tempFolder();
    chmodSync(folder, 0o555);
    await unprivileged([], async () => {
      await expect(init(join(folder, 'demo'))).rejects.toMatchObject({ code: 'read_only', exitCode: 14 });
      await expect(init(folder)).rejects.toMatchObject({ code: 'read_only' });
    });
    chmodSync(folder, 0o700);
    expect(everything(folder)).toEqual([]);
  });
});

describe('new', () => {
  const add = (root: string, kind: 'tool' | 'workflow' | 'agent', name: string, template?: string) =>
    newComponent({ root, kind, name, template, env, from: root });

  test('adds a tool, a workflow; the same again is unchanged', async () => {
    const root = tempFolder({ 'ice.yaml': 'name: shop\n' });
    expect(await add(root, 'tool', 'count-words')).toMatchObject({
      state: 'created',
      files: ['tools/count-words.ts'],
      nextSteps: [{ command: 'npx ice test' }, { command: 'npx ice run count-words -i text=hello' }],
    });
    expect(read(root, 'tools/count-words.ts')).toContain("name: 'count-words'");
    expect(await add(root, 'tool', 'count-words')).toMatchObject({ state: 'unchanged', files: [] });
    expect(await add(root, 'workflow', 'greet')).toMatchObject({ files: ['workflows/greet.yaml'] });
    expect(read(root, 'workflows/greet.yaml')).toContain('prompt: "Good morning, {{ inputs.name }}!"');
  });

  test('never overwrites', async () => {
    const root = tempFolder({ 'ice.yaml': 'name: shop\n', 'tools/price.ts': '// mine\n' });
    await expect(add(root, 'tool', 'price')).rejects.toMatchObject({ code: 'conflict' });
    expect(read(root, 'tools/price.ts')).toBe('// mine\n');
  });

  test.each([
    ['tool', 'Count Words', undefined, 'ice new tool count-words'],
    ['tool', 'std/thing', undefined, 'std-thing'],
    ['tool', '../../etc', undefined, 'etc'],
    ['tool', 'x', 'workflow', 'ice new workflow x --template workflow'],
    ['tool', 'x', 'project', 'ice new tool x'],
    ['workflow', 'x', 'wrkflow', 'Did you mean --template workflow?'],
  ] as const)('%s %s %s is refused with %s', async (kind, name, template, hint) => {
    const root = tempFolder({ 'ice.yaml': 'name: shop\n' });
    await expect(add(root, kind, name, template)).rejects.toMatchObject({
      code: 'usage',
      hint: expect.stringContaining(hint),
    });
    expect(everything(root)).toEqual(['ice.yaml']);
  });
});
