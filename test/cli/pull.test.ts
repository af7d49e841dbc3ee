import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { BIN, cleanEnv, ice, temporary, writeFiles } from '../support/ice.ts';

/**
 * A team's target (`ice serve` in a folder and process of its own) has components; a project elsewhere refers to them,
 * pulls them, and goes on without the target.
 */

const home = temporary();
const team = join(home.dir, 'team');
const mine = join(home.dir, 'mine');
let server: ChildProcess;
let remote: Record<string, string>;

const tool = (name: string, version: string, factor: number, more = '') => ({
  [`tools/${name}.ts`]: `import { defineTool } from 'iceos';
import { z } from 'zod';
export default defineTool({
  name: '${name}',
  version: '${version}',
  description: 'Makes a price of a cost',
  input: z.object({ cost: z.number() }),
  output: z.object({ price: z.number() }),
  ${more}
  run: ({ cost }) => ({ price: cost * ${factor} }),
});
`,
});
const workflow = (name: string, version: string, calls: string, more = '') => ({
  [`workflows/${name}.yaml`]: `blueprint: 2
name: ${name}
version: ${version}
description: Calls ${calls.replace(/@.*/, '')}
inputs:
  cost: { type: number }
nodes:
  - id: p
    ${calls.startsWith('workflow/') ? `type: workflow\n    workflow: ${calls.slice(9)}\n    inputs` : `type: tool\n    tool: ${calls}\n    args`}: { cost: '{{ inputs.cost }}' }
${more}outputs:
  price: '{{ p.price }}'
`,
});

const here = (args: string[], env: Record<string, string> = {}) =>
  ice([...args, '--json'], { cwd: mine, env });
const there = (args: string[]) => here(args, remote);
const pushTeam = async (...more: string[]) => {
  const done = await ice(['push', '--yes', '--json', ...more], { cwd: team, env: remote });
  expect(done.exit, done.stdout).toBe(0);
};
const lock = () => readFileSync(join(mine, 'ice.lock.yaml'), 'utf8');

beforeAll(async () => {
  writeFiles(team, { 'ice.yaml': 'name: shop\n' });
  mkdirSync(join(home.dir, 'served'));
  writeFiles(join(home.dir, 'served'), { 'ice.yaml': 'name: shop\n' });
  server = spawn(process.execPath, [BIN, 'serve', '--port', '0', '--json'], {
    cwd: join(home.dir, 'served'),
    env: cleanEnv(home.dir),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const line = await new Promise<string>((done) => {
    let text = '';
    server.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (text.includes('\n')) done(text);
    });
  });
  const { url, tokenFile } = JSON.parse(line) as { url: string; tokenFile: string };
  remote = { ICE_API_URL: url, ICE_API_TOKEN: readFileSync(tokenFile, 'utf8').trim(), ICE_PROJECT: 'shop' };
});
afterAll(async () => {
  const ended = new Promise((done) => server.once('close', done));
  server.kill('SIGTERM');
  await ended;
  home.remove();
});
beforeEach(() => {
  rmSync(mine, { recursive: true, force: true });
  writeFiles(mine, { 'ice.yaml': 'name: mine\n', ...workflow('shop', '1.0.0', 'workflow/quote@^1') });
});

describe('pull and --locked', () => {
  test('what the project refers to, however deep, is pulled; then nothing is asked of the target', async () => {
    writeFiles(team, {
      ...tool('price', '1.0.0', 2),
      ...workflow('quote', '1.0.0', 'price@^1'),
    });
    await pushTeam();

    const pulled = await there(['pull']);
    expect(pulled.exit, pulled.stdout).toBe(0);
    expect(pulled.json).toMatchObject({
      written: true,
      lock: {
        target: { name: 'env', project: 'shop' },
        refs: { 'tool/price@^1': { version: '1.0.0' }, 'workflow/quote@^1': { version: '1.0.0' } },
      },
      changes: [
        { ref: 'tool/price@^1', from: null, to: '1.0.0' },
        { ref: 'workflow/quote@^1', from: null, to: '1.0.0' },
      ],
    });
    expect(lock()).toMatch(/^# Written by ice pull/);
    expect(readdirSync(join(mine, 'vendor/ice/tool/price@1.0.0')).sort()).toEqual([
      'info.json',
      'manifest.json',
      'tool.mjs',
    ]);

    // The local target has none of it: by the lock it runs all the same, the team's code in the sandbox.
    expect((await here(['validate'])).exit).toBe(3);
    expect((await here(['validate', '--locked'])).exit).toBe(0);
    const run = await here(['run', 'shop', '-i', 'cost=4', '--locked']);
    expect(run.json, run.stdout).toMatchObject({ ok: true, outputs: { price: 8 } });
    expect((await here(['run', 'price', '-i', 'cost=4', '--locked'])).json).toMatchObject({
      error: { code: 'lock_stale' },
    });
    expect((await here(['run', 'price@^1', '-i', 'cost=3', '--locked'])).json).toMatchObject({
      outputs: { price: 6 },
    });
    expect((await here(['components', 'list', '--no-std'])).json['items']).toEqual([]);

    // Pulled again, nothing is written anew.
    const again = await there(['pull']);
    expect(again.json).toMatchObject({ changes: [] });
    expect((await there(['pull', '--check'])).exit).toBe(0);
  });

  test('the target moves: the lock holds, --check and push --locked say what moved with exit 8', async () => {
    expect((await there(['pull'])).exit).toBe(0);
    writeFiles(team, tool('price', '1.1.0', 3));
    await pushTeam();
    expect((await here(['run', 'shop', '-i', 'cost=4', '--locked'])).json).toMatchObject({
      outputs: { price: 8 },
    });
    for (const args of [
      ['pull', '--check'],
      ['push', '--locked', '--yes'],
    ]) {
      const refused = await there(args);
      expect([args[0], refused.exit, refused.json['error']?.code]).toEqual([args[0], 8, 'lock_stale']);
      expect(refused.json['error'].details.moved).toContainEqual({
        ref: 'tool/price@^1',
        locked: '1.0.0',
        now: '1.1.0',
      });
    }
    const before = lock();
    expect((await there(['pull'])).json).toMatchObject({
      changes: [{ ref: 'tool/price@^1', from: '1.0.0', to: '1.1.0' }],
    });
    expect(lock()).not.toBe(before);
    expect(existsSync(join(mine, 'vendor/ice/tool/price@1.0.0'))).toBe(false);
    expect((await there(['push', '--locked', '--yes'])).exit).toBe(0);
    expect((await here(['run', 'shop', '-i', 'cost=4', '--locked'])).json).toMatchObject({
      outputs: { price: 12 },
    });
  });

  test('a reference that the lock does not have, no lock at all, and references to std', async () => {
    expect((await here(['validate', '--locked'])).json).toMatchObject({
      error: { code: 'lock_stale', hint: expect.stringContaining('ice pull') },
    });
    expect((await there(['pull'])).exit).toBe(0);
    writeFiles(mine, workflow('other', '1.0.0', 'price@~1.1'));
    const missing = await here(['validate', '--locked']);
    expect([missing.exit, missing.json['error'].details]).toEqual([8, { missing: ['tool/price@~1.1'] }]);
    rmSync(join(mine, 'workflows/other.yaml'));

    writeFiles(mine, {
      'workflows/csv.yaml': `blueprint: 2
name: csv
version: 1.0.0
description: Reads
inputs: { text: { type: string } }
nodes:
  - { id: rows, type: tool, tool: std/csv-parse, args: { text: '{{ inputs.text }}' } }
outputs: { rows: '{{ rows.rows }}' }
`,
    });
    const std = await here(['validate', '--locked']);
    expect(std.json['error'].details.moved).toMatchObject([{ ref: 'tool/std/csv-parse', locked: null }]);
    await there(['pull']);
    expect(lock()).toContain('tool/std/csv-parse:');
    expect((await here(['validate', '--locked'])).exit).toBe(0);
    writeFileSync(
      join(mine, 'ice.lock.yaml'),
      lock().replace(/(tool\/std\/csv-parse:\n +version: )\S+(\n +digest: sha256:)\w{4}/, '$10.0.1$2abcd'),
    );
    expect((await here(['validate', '--locked'])).json['error'].message).toContain('0.0.1');
  });

  test('what was pulled is not edited: code, manifest or lock', async () => {
    await there(['pull']);
    const [folder] = readdirSync(join(mine, 'vendor/ice/tool'));
    const file = join(mine, 'vendor/ice/tool', folder!, 'tool.mjs');
    const code = readFileSync(file, 'utf8');
    writeFileSync(file, code.replace('cost', 'host'));
    const edited = await here(['run', 'shop', '-i', 'cost=1', '--locked']);
    expect([edited.exit, edited.json['error'].code]).toEqual([8, 'artifact_mismatch']);
    // Pulling mends it.
    const mended = await there(['pull']);
    expect([mended.exit, mended.json['warnings'].length]).toEqual([0, 1]);
    expect(readFileSync(file, 'utf8')).toBe(code);

    writeFileSync(join(mine, 'ice.lock.yaml'), 'lock: 1\nrefs: [');
    expect((await here(['validate', '--locked'])).json).toMatchObject({ error: { code: 'project_invalid' } });
    writeFileSync(
      join(mine, 'ice.lock.yaml'),
      `lock: 1\ntarget: { name: x, url: null, project: x }\nrefs:\n  tool/../x@1: { version: ../../x, digest: sha256:${'0'.repeat(64)} }\n`,
    );
    expect((await here(['validate', '--locked'])).json).toMatchObject({ error: { code: 'project_invalid' } });
  });

  test('a workflow becomes a file; brought forward when it is untouched, never over work that nobody pushed', async () => {
    rmSync(join(mine, 'workflows'), { recursive: true });
    const pulled = await there(['pull', 'quote@1.0.0']);
    expect(pulled.json).toMatchObject({ documents: [{ file: 'workflows/quote.yaml', action: 'create' }] });
    const file = join(mine, 'workflows/quote.yaml');
    expect(readFileSync(file, 'utf8')).toContain('# workflow/quote 1.0.0, by ice pull');
    expect(lock()).toContain('tool/price@^1');
    expect((await here(['validate', '--locked'])).exit).toBe(0);
    // The same sources are the same component: there is nothing to push.
    expect((await there(['push', '--dry-run'])).json).toMatchObject({
      ok: true,
      plan: { changes: 0, refused: false },
    });

    writeFiles(
      team,
      workflow('quote', '1.1.0', 'price@^1', "  - { id: note, type: set, values: { a: '{{ p.price }}' } }\n"),
    );
    await pushTeam();
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, `${text}# mine\n`);
    expect((await there(['pull', 'quote'])).json).toMatchObject({
      documents: [{ action: 'update', from: '1.0.0', version: '1.1.0' }],
    });
    expect(readFileSync(file, 'utf8')).toContain('id: note');

    writeFileSync(file, readFileSync(file, 'utf8').replace('id: note', 'id: notes'));
    const work = readFileSync(file, 'utf8');
    const refused = await there(['pull', 'quote@1.0.0']);
    expect([refused.exit, refused.json['error'].code]).toEqual([12, 'conflict']);
    expect(readFileSync(file, 'utf8')).toBe(work);
    expect((await there(['pull', 'quote@1.0.0', '--force'])).exit).toBe(0);
    expect(readFileSync(file, 'utf8')).not.toContain('notes');
  });

  test('code of others that asks for something needs a yes, once', async () => {
    writeFiles(team, tool('price', '1.2.0', 4, `permissions: { net: ['api.example.com'] },`));
    await pushTeam('--allow-permissions');
    const refused = await there(['pull']);
    expect([refused.exit, refused.json['error'].code]).toEqual([8, 'permissions_widened']);
    expect(refused.json['error'].message).toContain('net: api.example.com');
    expect(existsSync(join(mine, 'ice.lock.yaml'))).toBe(false);
    expect((await there(['pull', '--allow-permissions'])).exit).toBe(0);
    expect((await there(['pull'])).exit).toBe(0);
  });

  test('a tool by name is kept; what is not there, ships with ice, or is broken is told', async () => {
    writeFiles(mine, {
      'workflows/shop.yaml': 'blueprint: 2\nname: empty\nversion: 1.0.0\nnodes: []\noutputs: {}\n',
    });
    expect((await there(['pull', 'price@1.0.0'])).json).toMatchObject({
      lock: { wanted: ['tool/price@1.0.0'] },
    });
    expect((await here(['run', 'tool/price@1.0.0', '-i', 'cost=5', '--locked'])).json).toMatchObject({
      outputs: { price: 10 },
    });
    expect((await there(['pull'])).json['lock'].wanted).toEqual(['tool/price@1.0.0']);
    for (const [args, exit] of [
      [['nothing'], 11],
      [['std/csv-parse'], 2],
      [['not a name'], 2],
      [['price', '--check'], 2],
    ] as const)
      expect((await there(['pull', ...args])).exit, args.join(' ')).toBe(exit);
    const before = lock();
    writeFiles(mine, { 'workflows/broken.yaml': 'blueprint: 2\nname: broken\nnodes: 3\n' });
    expect((await there(['pull'])).exit).toBe(3);
    expect(lock()).toBe(before);
  });
});
