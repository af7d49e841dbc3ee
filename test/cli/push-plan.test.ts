import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ice, temporary, toolProject, writeFiles } from '../support/ice.ts';

/** A push plan as a file, over the built command line: written, reviewed, applied, refused. */

let home: ReturnType<typeof temporary>;
let cwd: string;
const run = (...args: string[]) => ice([...args, '--json'], { cwd });
const tool = (name: string, version: string, more = '') => ({
  [`tools/${name}.ts`]: `import { defineTool } from 'iceos';
import { z } from 'zod';
export default defineTool({
  name: '${name}',
  version: '${version}',
  description: 'For the test',
  input: z.object({ cost: z.number() }),
  output: z.object({ price: z.number() }),
  ${more}
  run: ({ cost }) => ({ price: cost }),
});
`,
});
const fileOf = () => join(cwd, 'plan.json');
const readPlan = () =>
  JSON.parse(readFileSync(fileOf(), 'utf8')) as { plan: { entries: unknown[]; [key: string]: unknown } };

beforeEach(async () => {
  home = temporary();
  cwd = await toolProject(home.dir);
  writeFiles(cwd, tool('price', '1.0.0'));
});
afterEach(() => home.remove());

test('a plan written, reviewed, applied; then refused after the target moved', async () => {
  const written = await run('push', '--plan', 'plan.json');
  expect(written.exit).toBe(0);
  expect(written.json).toMatchObject({ ok: true, applied: false, file: 'plan.json', plan: { changes: 1 } });
  expect((await run('components', 'list', '--no-std')).json['items']).toEqual([]);

  expect(readPlan()).toMatchObject({
    icePushPlan: 1,
    target: { name: 'local', project: 'demo' },
    plan: { entries: [{ action: 'create', kind: 'tool', name: 'price', version: '1.0.0' }] },
  });

  // What is applied is the plan, not what the sources have become since.
  writeFiles(cwd, tool('price', '3.0.0'));
  const applied = await run('push', '--apply', 'plan.json', '--yes');
  expect(applied.json).toMatchObject({ ok: true, applied: true });
  const versions = (await run('components', 'versions', 'price')).json['items'] as { version: string }[];
  expect(versions.map((one) => one.version)).toEqual(['1.0.0']);

  // It moved the target itself: once more is refused, and the refusal says that its work is done.
  const again = await run('push', '--apply', 'plan.json', '--yes');
  expect([again.exit, again.json['error']['code']]).toEqual([8, 'target_moved']);
  expect(again.json['error']).toMatchObject({
    details: { changes: 0 },
    hint: expect.stringContaining('done'),
  });

  writeFiles(cwd, tool('price', '1.1.0'));
  expect((await run('push', '--plan', 'plan.json')).exit).toBe(0);
  writeFiles(cwd, tool('other', '1.0.0'));
  expect((await run('push', '--yes')).exit).toBe(0);
  writeFiles(cwd, tool('price', '1.2.0'));
  expect((await run('push', '--plan', 'next.json')).exit).toBe(0);
  const moved = await run('components', 'archive', 'other');
  expect(moved.exit).toBe(0);
  const refused = await run('push', '--apply', 'next.json', '--yes');
  expect(refused.exit).toBe(8);
  expect(refused.json).toMatchObject({
    ok: false,
    error: { code: 'target_moved', hint: expect.any(String) },
  });
  // Moved away and back, it is what was reviewed.
  await run('components', 'restore', 'other');
  expect((await run('push', '--apply', 'next.json', '--yes')).exit).toBe(0);
});

test('a plan edited by hand is refused, however small the edit', async () => {
  await run('push', '--plan', 'plan.json');
  const original = readFileSync(fileOf(), 'utf8');
  for (const edit of [
    (text: string) => text.replace('"allowBreaking": false', '"allowBreaking": true'),
    (text: string) => text.replace('1.0.0', '1.0.1'),
    (text: string) => text.replace('"changes": 1', '"changes": 0'),
  ]) {
    const edited = edit(original);
    expect(edited).not.toBe(original);
    writeFileSync(fileOf(), edited);
    const refused = await run('push', '--apply', 'plan.json', '--yes');
    expect([refused.exit, refused.json['error']['code']]).toEqual([8, 'push_refused']);
  }
  // Another layout is the same plan.
  writeFileSync(fileOf(), JSON.stringify(JSON.parse(original)));
  expect((await run('push', '--apply', 'plan.json', '--yes')).exit).toBe(0);
});

test('what is no plan, and flags that a plan has decided already', async () => {
  writeFileSync(fileOf(), '{}');
  for (const [args, code] of [
    [['--apply', 'plan.json', '--yes'], 'usage'],
    [['--apply', 'nowhere.json', '--yes'], 'usage'],
    [['--apply', 'plan.json', '--allow-breaking'], 'usage'],
    [['--apply', 'plan.json', '--plan', 'x.json'], 'usage'],
  ] as const) {
    const refused = await run('push', ...args);
    expect([refused.exit, refused.json['error']['code']]).toEqual([2, code]);
  }
  expect((await run('push', '--plan', 'no/such/folder/plan.json')).exit).toBe(14);
});

test('a plan that does nothing is a file too, so that a later job finds it', async () => {
  await run('push', '--yes');
  const written = await run('push', '--plan', 'plan.json');
  expect(written.json).toMatchObject({ file: 'plan.json', plan: { changes: 0 } });
  expect(await run('push', '--apply', 'plan.json', '--yes')).toMatchObject({ exit: 0 });
});

test('gates are in the plan: nothing is written for what would be refused', async () => {
  await run('push', '--yes');
  writeFiles(cwd, tool('price', '1.1.0', `permissions: { net: ['api.example.com'] },`));
  const asks = await run('push', '--plan', 'plan.json');
  expect([asks.exit, asks.json['error']['code']]).toEqual([8, 'permissions_widened']);
  expect(() => readPlan()).toThrow();
  const allowed = await run('push', '--plan', 'plan.json', '--allow-permissions');
  expect(allowed.exit).toBe(0);
  expect(readPlan().plan.entries[0]).toMatchObject({
    permissions: [{ what: 'net', added: ['api.example.com'], removed: [] }],
  });
  expect(readPlan().plan['asksForPermissions']).toBe(true);
  expect((await run('push', '--apply', 'plan.json', '--yes')).exit).toBe(0);
});

test('content that the target lost is built again, if the project still is what it was', async () => {
  await run('push', '--plan', 'plan.json');
  const lose = () => {
    const db = new DatabaseSync(join(cwd, '.ice/ice.db'));
    db.exec('delete from artifacts');
    db.close();
  };
  lose();
  const source = readFileSync(join(cwd, 'tools/price.ts'), 'utf8');
  writeFiles(cwd, tool('price', '1.0.0', 'examples: [{ input: { cost: 1 } }],'));
  const gone = await run('push', '--apply', 'plan.json', '--yes');
  expect([gone.exit, gone.json['error']['code']]).toEqual([8, 'push_refused']);
  expect(gone.json['error']['details']['missing']).toHaveLength(2);
  writeFileSync(join(cwd, 'tools/price.ts'), source);
  rmSync(join(cwd, '.ice/cache'), { recursive: true, force: true });
  expect((await run('push', '--apply', 'plan.json', '--yes')).exit).toBe(0);
});

test('drift: the target has versions that the project does not know', async () => {
  writeFiles(cwd, tool('price', '1.2.0'));
  expect((await run('push', '--yes')).exit).toBe(0);
  writeFiles(cwd, tool('price', '1.1.0'));
  const dry = await run('push', '--dry-run');
  expect(dry.json['plan']['entries'][0]).toMatchObject({
    newer: [{ version: '1.2.0', createdBy: 'operator' }],
  });
  const valid = await run('validate');
  expect(valid.exit).toBe(0);
  expect(valid.json['drift']).toMatchObject([{ name: 'price', version: '1.1.0', newest: '1.2.0' }]);
  expect(valid.json['warnings'].join()).toContain('price 1.2.0');
  const text = await ice(['push', '--dry-run'], { cwd });
  expect(text.stdout).toContain('the target has 1.2.0, which this project does not know');
});
