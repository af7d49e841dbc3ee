import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ice, temporary, toolProject, writeFiles } from '../support/ice.ts';

const { dir, remove } = temporary();
afterAll(remove);

test('init, validate, test, push, push again, run, list: one JSON document each', async () => {
  const made = await ice(['init', 'demo', '--template', 'tool', '--yes', '--json'], { cwd: dir });
  expect(made.exit, made.stderr).toBe(0);
  expect(made.json).toMatchObject({ ok: true, template: 'tool', state: 'created', warnings: [] });
  const cwd = join(dir, 'demo');
  expect(made.json.dir).toBe(cwd);

  const again = await ice(['init', 'demo', '--template', 'tool', '--yes', '--json'], { cwd: dir });
  expect(again.json).toMatchObject({ ok: true, state: 'unchanged', files: [] });

  expect((await ice(['validate', '--json'], { cwd })).json).toMatchObject({
    ok: true,
    counts: { errors: 0 },
  });
  expect((await ice(['test', '--json'], { cwd })).json).toMatchObject({
    ok: true,
    counts: { failed: 0, passed: 2 },
  });
  const planned = await ice(['push', '--dry-run', '--json'], { cwd });
  expect(planned.json).toMatchObject({ ok: true, applied: false, plan: { changes: 1 } });
  // What only adds a version, and asks for nothing, needs no yes off a terminal; test/cli/permissions.test.ts has what does.
  expect((await ice(['push', '--json'], { cwd })).json).toMatchObject({ ok: true, applied: true });
  expect((await ice(['push', '--yes', '--json'], { cwd })).json).toMatchObject({
    ok: true,
    applied: false,
    plan: { changes: 0 },
  });

  const run = await ice(['run', 'price', '-i', 'cost=10', '--json'], { cwd });
  expect(run.exit, run.stdout + run.stderr).toBe(0);
  expect(run.json).toMatchObject({
    ok: true,
    outputs: { price: 12.5 },
    run: { state: 'succeeded', name: 'price' },
  });
  expect(run.stderr).toBe('');
  expect((await ice(['runs', 'list', '--json'], { cwd })).json.items).toHaveLength(1);
  expect((await ice(['runs', 'show', 'last', '--json'], { cwd })).json.run.id).toBe(run.json.run.id);
  const list = await ice(['components', 'list', '--no-std', '--json'], { cwd });
  expect(list.json.items).toMatchObject([{ kind: 'tool', name: 'price', latest: '1.0.0', origin: 'pushed' }]);
});

test('the result is on stdout, everything else on stderr', async () => {
  const cwd = await toolProject(join(dir, 'streams'));
  const run = await ice(['run', 'price', '-i', 'cost=10'], { cwd });
  expect(JSON.parse(run.stdout)).toEqual({ price: 12.5 });
  expect(run.stderr).toMatch(/started +price/);
  expect(run.stderr).toMatch(/ok +run/);
  const quiet = await ice(['run', 'price', '-i', 'cost=10', '--quiet'], { cwd });
  expect(quiet).toMatchObject({ stderr: '', exit: 0 });
  expect(run.stdout + run.stderr).not.toContain('\x1B');
});

test('--events: the journal as lines, and the last line is the document of --json', async () => {
  const cwd = await toolProject(join(dir, 'events'));
  const run = await ice(['run', 'price', '-i', 'cost=10', '--events'], {
    cwd,
    env: { ICE_OUTPUT_FILE: join(dir, 'out.jsonl') },
  });
  const lines = run.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.slice(0, -1).map((line) => line.seq)).toEqual(lines.slice(0, -1).map((_, i) => i + 1));
  expect(lines[0]).toMatchObject({ v: 1, type: 'run.created', runId: expect.stringMatching(/^run_/) });
  expect(lines.at(-1)).toMatchObject({ type: 'result', ok: true, outputs: { price: 12.5 }, warnings: [] });
  expect(readFileSync(join(dir, 'out.jsonl'), 'utf8')).toBe(run.stdout);
  expect((await ice(['run', 'price', '--events', '--json'], { cwd })).exit).toBe(2);
});

test('a workflow file that was never pushed runs, with what it refers to in the project, and saves its outputs', async () => {
  const cwd = await toolProject(join(dir, 'flow'));
  writeFiles(cwd, {
    'flow.yaml': `blueprint: 2
name: flow
version: 1.0.0
inputs: { costs: { type: array, items: { type: number } } }
nodes:
  - { id: each, type: loop, items: "{{ inputs.costs }}", as: c, body: [{ id: p, type: tool, tool: price, args: { cost: "{{ c }}" } }], result: "{{ p.price }}" }
outputs: { prices: "{{ each }}", text: "{{ 'first ' + string(each[0]) }}" }
`,
  });
  const run = await ice(['run', './flow.yaml', '-i', 'costs=[10,20]', '--out', 'saved', '--json'], { cwd });
  expect(run.exit, run.stdout + run.stderr).toBe(0);
  expect(run.json.outputs).toEqual({ prices: [12.5, 25], text: 'first 12.5' });
  expect(run.json.saved).toHaveLength(2);
  expect(JSON.parse(readFileSync(join(cwd, 'saved/prices.json'), 'utf8'))).toEqual([12.5, 25]);
  expect(readFileSync(join(cwd, 'saved/text.txt'), 'utf8')).toBe('first 12.5');
});

test('validate: findings on stdout with their places, exit 3, in every format', async () => {
  const cwd = await toolProject(join(dir, 'findings'));
  writeFiles(cwd, {
    'workflows/bad.yaml':
      'blueprint: 2\nname: bad\nversion: 1.0.0\nnodes:\n  - { id: a, type: tool, tool: prcie, args: { cost: 1 } }\n  - { id: b, type: set, values: { x: "{{ nowhere.x }}" } }\n',
  });
  const plain = await ice(['validate'], { cwd });
  expect(plain.exit).toBe(3);
  expect(plain.stdout).toContain('workflows/bad.yaml:5');
  expect(plain.stdout).toMatch(/2 errors/);
  const json = await ice(['validate', '--json'], { cwd });
  expect(json.json).toMatchObject({
    ok: false,
    exitCode: 3,
    error: { code: 'validation_failed' },
    counts: { errors: 2 },
  });
  expect(json.json.diagnostics[0].range.start.line).toBe(5);
  const sarif = await ice(['validate', '--format', 'sarif'], { cwd });
  expect(JSON.parse(sarif.stdout)).toMatchObject({ version: '2.1.0' });
  const github = await ice(['validate', '--format', 'github'], { cwd });
  expect(github.stdout).toMatch(/^::error file=workflows\/bad\.yaml,line=5/m);
  const one = await ice(['validate', 'tools/price.ts', '--json'], { cwd });
  expect(one).toMatchObject({ exit: 0, json: { ok: true } });
  // A broken neighbour keeps nobody from running what is whole.
  expect((await ice(['run', 'price', '-i', 'cost=1', '--json'], { cwd })).exit).toBe(0);
  expect(await ice(['run', 'bad', '--json'], { cwd })).toMatchObject({ exit: 3 });
});

test('a plan is written, reviewed and applied; edited or after the target moved it is refused', async () => {
  const cwd = await toolProject(join(dir, 'plan'));
  const planned = await ice(['push', '--plan', 'plan.json', '--json'], { cwd });
  expect(planned).toMatchObject({ exit: 0, json: { applied: false, file: 'plan.json' } });
  const text = readFileSync(join(cwd, 'plan.json'), 'utf8');
  writeFiles(cwd, { 'edited.json': text.replace('"allowBreaking": false', '"allowBreaking": true') });
  expect(await ice(['push', '--apply', 'edited.json', '--yes', '--json'], { cwd })).toMatchObject({
    exit: 8,
  });
  expect(await ice(['push', '--apply', 'plan.json', '--yes', '--json'], { cwd })).toMatchObject({
    exit: 0,
    json: { applied: true },
  });
  expect(await ice(['push', '--apply', 'plan.json', '--yes', '--json'], { cwd })).toMatchObject({
    exit: 8,
    json: { error: { code: 'target_moved' } },
  });
});

test('a run that fails is exit 1, says why once, and what to look at', async () => {
  const cwd = await toolProject(join(dir, 'fails'));
  writeFiles(cwd, {
    'tools/bad.ts': `import { defineTool } from 'iceos';
import { z } from 'zod';
export default defineTool({ name: 'bad', version: '1.0.0', description: 'Fails', input: z.object({}), output: z.object({}),
  run() { throw new Error('no bread today'); }, examples: [] });
`,
  });
  const run = await ice(['run', 'bad'], { cwd });
  expect(run.exit).toBe(1);
  expect(run.stdout).toBe('');
  expect(run.stderr).toMatch(/→ ice runs show run_/);
  expect(run.stderr).not.toMatch(/\n\s+at .*:\d+:\d+/);
  const json = await ice(['run', 'bad', '--json'], { cwd });
  expect(json.json).toMatchObject({
    ok: false,
    exitCode: 1,
    error: { code: 'run_failed', details: { error: { code: 'tool_failed' } } },
    run: { state: 'failed' },
  });
});

test('the same idempotency key is the same run', async () => {
  const cwd = await toolProject(join(dir, 'key'));
  const once = await ice(['run', 'price', '-i', 'cost=1', '--idempotency-key', 'k', '--json'], { cwd });
  const twice = await ice(['run', 'price', '-i', 'cost=1', '--idempotency-key', 'k', '--json'], { cwd });
  expect(twice.json.run.id).toBe(once.json.run.id);
  expect(
    await ice(['run', 'price', '-i', 'cost=2', '--idempotency-key', 'k', '--json'], { cwd }),
  ).toMatchObject({
    exit: 12,
    json: { error: { code: 'idempotency_mismatch' } },
  });
});

test('targets: the token from stdin, kept in a 0600 file, never on the command line', async () => {
  const cwd = await toolProject(join(dir, 'targets'));
  const env = { ICE_CONFIG_DIR: join(dir, 'targets/config') };
  expect(
    await ice(['target', 'add', 'prod', 'https://ice.example.com', '--token', 'ice_abc', '--json'], {
      cwd,
      env,
    }),
  ).toMatchObject({ exit: 2 });
  const added = await ice(['target', 'add', 'prod', 'https://ice.example.com', '--token', '-', '--json'], {
    cwd,
    env,
    stdin: 'ice_secret_abc\n',
  });
  expect(added.json).toMatchObject({ ok: true, credential: { place: 'file' } });
  expect(added.stdout + added.stderr).not.toContain('ice_secret_abc');
  expect(existsSync(join(dir, 'targets/config/credentials.json'))).toBe(true);
  const list = await ice(['target', 'list', '--json'], { cwd, env });
  expect(list.json).toMatchObject({
    used: 'local',
    items: [{ name: 'local' }, { name: 'prod', url: 'https://ice.example.com' }],
  });
  await ice(['target', 'use', 'prod'], { cwd, env });
  expect((await ice(['target', 'list', '--json'], { cwd, env })).json.used).toBe('prod');
  expect((await ice(['target', 'list', '--json', '--target', 'local'], { cwd, env })).json).toMatchObject({
    used: 'local',
    chosenBy: '--target',
  });
  expect((await ice(['target', 'remove', 'prod', '--json'], { cwd, env })).json).toMatchObject({
    credentialRemoved: true,
  });
  expect(await ice(['runs', 'list', '--json', '--target', 'prod'], { cwd, env })).toMatchObject({ exit: 11 });
});
