import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BIN, cleanEnv, ice, temporary, toolProject, writeFiles } from '../support/ice.ts';

const { dir, remove } = temporary();
afterAll(remove);
let cwd: string;

beforeAll(async () => {
  cwd = await toolProject(dir);
  // Its outputs are over 200 kB: many times what a pipe holds.
  writeFiles(cwd, {
    'workflows/long.yaml': `blueprint: 2
name: long
version: 1.0.0
nodes:
  - { id: a, type: loop, items: "{{ [1,2,3,4,5,6,7,8,9,10].map(i, [1,2,3,4,5,6,7,8,9,10].map(j, 'a text of some length that fills the pipe well over its 64 KiB buffer ' + string(i * j))) }}", body: [{ id: b, type: set, values: { all: "{{ [item, item, item, item, item, item, item, item, item, item, item, item, item, item, item, item, item, item, item, item] }}" } }] }
outputs: { all: "{{ a }}" }
`,
  });
});

test('a slow reader gets all of a large document', async () => {
  const child = spawn(process.execPath, [BIN, 'run', 'long', '--json'], {
    cwd,
    env: cleanEnv(dir),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  await new Promise((done) => setTimeout(done, 1500));
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    child.stdout.pause();
    setTimeout(() => child.stdout.resume(), 5);
  });
  const exit = await new Promise((done) => child.once('close', done));
  expect(exit).toBe(0);
  expect(text.length).toBeGreaterThan(200_000);
  expect(JSON.parse(text).run.state).toBe('succeeded');
});

test.each([['--json'], ['--events'], ['--no-color']])(
  'a reader that goes away is no error: %s',
  async (flag) => {
    const child = spawn(process.execPath, [BIN, 'run', 'long', flag], {
      cwd,
      env: cleanEnv(dir),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk;
    });
    child.stdout.once('data', () => child.stdout.destroy());
    const exit = await new Promise((done) => child.once('close', done));
    expect(exit, stderr).toBe(0);
    expect(stderr).not.toMatch(/EPIPE|\n\s+at /);
  },
);

test('a command ends although stdin stays open', async () => {
  const done = await ice(['runs', 'list', '--json'], { cwd, stdin: null });
  expect(done.exit).toBe(0);
});

test('a closed stdin is an empty one', async () => {
  expect(await ice(['run', 'price', '-i', 'cost=10', '--json'], { cwd, stdin: 'closed' })).toMatchObject({
    exit: 0,
  });
  expect(await ice(['run', 'price', '-i', '-', '--json'], { cwd, stdin: 'closed' })).toMatchObject({
    exit: 2,
  });
});

test('- waits for the end of stdin, however late it comes', async () => {
  const child = spawn(process.execPath, [BIN, 'run', 'price', '-i', '-', '--json'], {
    cwd,
    env: cleanEnv(dir),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  child.stdin.write('{"cost"');
  setTimeout(() => child.stdin.end(': 10}'), 1200);
  expect(await new Promise((done) => child.once('close', done))).toBe(0);
  expect(JSON.parse(text).outputs).toEqual({ price: 12.5 });
});

test('without a home there are no settings, and everything else works', async () => {
  const env = { HOME: undefined, ICE_CONFIG_DIR: undefined, USER: undefined, SHELL: undefined };
  expect(await ice(['run', 'price', '-i', 'cost=10', '--json'], { cwd, env })).toMatchObject({ exit: 0 });
  expect(await ice(['target', 'list', '--json'], { cwd, env })).toMatchObject({ exit: 0 });
});

test.each([
  [['rnu', 'price'], 2, 'usage', /Did you mean: ice run/],
  [['runs', 'lsit'], 2, 'usage', /ice runs list/],
  [['runs'], 2, 'usage', /ice runs show/],
  [[], 2, 'usage', /--help/],
  [['run'], 2, 'usage', /run --help/],
  [['runs', 'show', 'x'], 2, 'usage', /run_/],
  [['runs', 'show', 'run_00000000000000000000000000'], 11, 'not_found', /./],
  [['run', 'nothing-here'], 11, 'not_found', /components list/],
  [['run', './nothing.yaml'], 11, 'not_found', /./],
  [['run', 'price', '--target', 'nowhere'], 11, 'not_found', /target add/],
  [['run', 'price', '--cwd', '/nowhere'], 11, 'not_found', /--cwd/],
  [['run', 'price', '--timeout', 'soon'], 2, 'usage', /30s/],
  [['run', 'price', '--max-cost', 'none'], 2, 'usage', /0\.50/],
  [['run', 'price', '-i', 'cost=1', '--detach'], 2, 'usage', /ice dev/],
  [['init', '--yes'], 9, 'input_needed', /ice init/],
])('%j with --json: exit %i, one document', async (argv, exit, code, hint) => {
  const done = await ice([...argv, '--json'], { cwd });
  expect(done.exit, done.stdout).toBe(exit);
  expect(done.json).toMatchObject({ ok: false, exitCode: exit, error: { code }, warnings: [] });
  expect(done.json.error.hint).toMatch(hint);
  expect(
    Object.keys(done.json.error).every((key) => ['code', 'message', 'hint', 'docs', 'details'].includes(key)),
  ).toBe(true);
  expect(done.stderr).toBe('');
});

test('no error repeats the environment, the command line or the home', async () => {
  const env = { ICE_API_TOKEN: 'ice_hunter2', ICE_OPERATOR_TOKEN: 'ice_hunter3' };
  for (const argv of [
    ['run', 'price', '--nope=hunter4'],
    ['run', 'price', 'hunter4'],
    ['hunter4=x'],
    ['run', 'price', '--timeout', 'hunter4'],
  ]) {
    for (const form of [[], ['--json']]) {
      const done = await ice([...argv, ...form], { cwd, env });
      expect(done.exit).toBe(2);
      expect(done.stdout + done.stderr).not.toMatch(/hunter\d/);
    }
  }
});

test('debug variables of the libraries inside say nothing', async () => {
  const done = await ice(['run', 'price', '-i', 'cost=10', '--json'], {
    cwd,
    env: { DEBUG: '*', ICE_DEBUG: '1', CLI_FLAGS_DEBUG: '1' },
  });
  expect(done.exit).toBe(0);
  expect(done.stderr).toBe('');
});

test('help and version: on stdout, exit 0, without a project', async () => {
  const version = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')).version;
  expect(await ice(['--version'], { cwd: dir })).toMatchObject({ exit: 0, stdout: `ice ${version}\n` });
  expect((await ice(['--version', '--json'], { cwd: dir })).json).toMatchObject({ ok: true, version });
  for (const argv of [
    [],
    ['--help'],
    ['-h'],
    ['help'],
    ['run', '--help'],
    ['help', 'run'],
    ['runs', '--help'],
    ['runs'],
  ]) {
    const done = await ice(argv, { cwd: dir });
    expect(done, argv.join(' ')).toMatchObject({ exit: 0, stderr: '' });
    expect(done.stdout).toMatch(/ice/);
  }
});

test('a full disk behind the result is said by the exit code', async () => {
  if (!existsSync('/dev/full')) return;
  const child = spawn('sh', ['-c', `"${process.execPath}" "${BIN}" commands --json > /dev/full`], {
    cwd,
    env: cleanEnv(dir),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  expect(await new Promise((done) => child.once('close', done))).toBe(14);
});

test('an old Node gets one line and exit 14', async () => {
  const preload = join(dir, 'old.cjs');
  writeFileSync(
    preload,
    "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.11.1' } });\n",
  );
  const done = await ice(['run', 'price'], { cwd, node: ['--require', preload] });
  expect(done.exit).toBe(14);
  expect(done.stdout).toBe('');
  expect(done.stderr).toMatch(
    /^ice needs Node 22\.18 or newer, and this is 20\.11\.1\. Fix: npm i -D node@24\n$/,
  );
});

test('a bug is exit 70: no stack, a report without the command line, and where it is', async () => {
  const before = new Set(readdirSync(tmpdir()));
  const preload = join(dir, 'break.cjs');
  writeFileSync(
    preload,
    "const fs = require('node:fs'); const read = fs.readdirSync; JSON.parse = ((parse) => (text, ...more) => { if (String(text).includes('\"commands\"')) throw new TypeError('made to break'); return parse(text, ...more); })(JSON.parse);\n",
  );
  const done = await ice(['run', 'price', '-i', 'cost=hunter2', '--json'], {
    cwd,
    node: ['--require', preload],
  });
  expect(done.exit).toBe(70);
  expect(done.stdout + done.stderr).not.toMatch(/\n\s+at /);
  const [report] = readdirSync(tmpdir()).filter((name) => name.startsWith('ice-bug-') && !before.has(name));
  const text = readFileSync(join(tmpdir(), report!), 'utf8');
  expect(text).toContain('made to break');
  expect(text).not.toContain('hunter2');
  expect(done.json.error).toMatchObject({ code: 'internal', details: { report: join(tmpdir(), report!) } });
});

test('a folder that is gone under the command is no bug: exit 14, with what to do', async () => {
  const gone = join(dir, 'gone');
  mkdirSync(gone);
  const child = spawn(
    'sh',
    ['-c', 'rmdir "$PWD" && exec "$@"', 'sh', process.execPath, BIN, 'validate', '--json'],
    { cwd: gone, env: cleanEnv(dir), stdio: ['ignore', 'pipe', 'ignore'] },
  );
  let stdout = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  const exit = await new Promise((resolve) => child.once('close', resolve));
  expect(exit).toBe(14);
  expect(JSON.parse(stdout).error).toMatchObject({
    code: 'machine',
    hint: expect.stringContaining('folder'),
  });
});
