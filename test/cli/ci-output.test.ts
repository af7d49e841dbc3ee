import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ice, temporary, toolProject, writeFiles } from '../support/ice.ts';

let home: ReturnType<typeof temporary>;
let cwd: string;
beforeEach(async () => {
  home = temporary();
  cwd = await toolProject(home.dir);
});
afterEach(() => home.remove());

const BROKEN = `blueprint: 2
name: broken
version: 1.0.0
nodes:
  - { id: a, type: tool, tool: prise, args: { cost: 1 } }
outputs: {}
`;

describe('ICE_OUTPUT_FILE', () => {
  const lines = (file: string) =>
    readFileSync(join(cwd, file), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; [key: string]: unknown });
  const types = (file: string) => lines(file).map((one) => one.type);

  test.each([
    ['--json', ['--json']],
    ['--events', ['--events']],
    ['text', []],
    ['quiet', ['--quiet']],
    ['without watching', ['--no-watch']],
  ])('receives the lines of --events: %s', async (_, form) => {
    const env = { ICE_OUTPUT_FILE: 'out.ndjson' };
    const done = await ice(['run', 'price', '-i', 'cost=10', ...form], { cwd, env });
    expect(done.exit).toBe(0);
    const found = lines('out.ndjson');
    expect(found[0]).toMatchObject({ v: 1, seq: 1, type: 'run.created' });
    expect(types('out.ndjson')).toContain('run.succeeded');
    expect(found.at(-1)).toMatchObject({ type: 'result', ok: true, run: { state: 'succeeded' } });
    if (form[0] === '--events') expect(readFileSync(join(cwd, 'out.ndjson'), 'utf8')).toBe(done.stdout);
    if (form[0] === '--json') expect(done.json).toMatchObject({ ok: true });
  });

  test('a later command adds to it, a failure is in it, also one of a command without events', async () => {
    const env = { ICE_OUTPUT_FILE: 'out.ndjson' };
    await ice(['push', '--dry-run'], { cwd, env });
    await ice(['components', 'show', 'nothing'], { cwd, env });
    expect(types('out.ndjson')).toEqual(['result', 'result']);
    expect(lines('out.ndjson')[1]).toMatchObject({ ok: false, exitCode: 11, error: { code: 'not_found' } });
  });

  test('one that cannot be written is told before anything is done', async () => {
    const done = await ice(['push', '--yes', '--json'], {
      cwd,
      env: { ICE_OUTPUT_FILE: 'no/such/folder/out' },
    });
    expect([done.exit, done.json['error'].code]).toEqual([2, 'usage']);
    expect((await ice(['components', 'list', '--no-std', '--json'], { cwd })).json['items']).toEqual([]);
  });
});

describe('GitHub Actions', () => {
  const actions = () => ({
    GITHUB_ACTIONS: 'true',
    CI: 'true',
    GITHUB_WORKSPACE: home.dir,
    GITHUB_STEP_SUMMARY: join(home.dir, 'summary.md'),
  });
  const summary = () => readFileSync(join(home.dir, 'summary.md'), 'utf8');

  test('validate: findings at their files in the checkout, on stderr; a table in the summary', async () => {
    writeFiles(cwd, { 'workflows/broken.yaml': BROKEN });
    const done = await ice(['validate', '--json'], { cwd, env: actions() });
    expect(done.exit).toBe(3);
    expect(done.json).toMatchObject({ ok: false });
    const [first] = done.stderr.match(/^::error .*$/m)!;
    expect(first).toContain('file=demo/workflows/broken.yaml,line=5');
    expect(first).toContain('title=ice ICE');
    expect(summary()).toContain('❌ ice validate');
    expect(summary()).toContain('workflows/broken.yaml:5');
  });

  test('validate --format github is annotations already: they are not said twice', async () => {
    writeFiles(cwd, { 'workflows/broken.yaml': BROKEN });
    const done = await ice(['validate', '--format', 'github'], { cwd, env: actions() });
    expect(done.stdout).toMatch(/^::error /);
    expect(done.stderr).not.toContain('::error');
  });

  test('push: the plan as a table; a refusal is an annotation', async () => {
    expect((await ice(['push', '--yes', '--json'], { cwd, env: actions() })).exit).toBe(0);
    expect(summary()).toMatch(/✅ ice push: 1 change pushed, target local/);
    expect(summary()).toMatch(/\| create \| tool\/price \| 1\.0\.0 \|/);
    const source = readFileSync(join(cwd, 'tools/price.ts'), 'utf8');
    writeFiles(cwd, { 'tools/price.ts': `${source}\n// ${'x'}\nexport const more = 1;\n` });
    writeFiles(cwd, { 'tools/price.ts': source.replace('description: ', "runtime: 'node', description: ") });
    const refused = await ice(['push', '--yes', '--json'], { cwd, env: actions() });
    expect(refused.exit).toBe(8);
    expect(refused.stderr).toMatch(/^::error title=ice push%3A version_immutable::/m);
    expect(summary()).toContain('❌ ice push: refused');
  });

  test('run and test', async () => {
    expect((await ice(['run', 'price', '-i', 'cost=10'], { cwd, env: actions() })).exit).toBe(0);
    expect(summary()).toMatch(/✅ ice run: price 1\.0\.0 succeeded/);
    expect((await ice(['test'], { cwd, env: actions() })).exit).toBe(0);
    expect(summary()).toMatch(/✅ ice test: \d+ passed/);
  });

  test('what a tool says is no command of the runner, and no Markdown of the page', async () => {
    writeFiles(cwd, {
      'tools/loud.ts': `import { defineTool } from 'iceos';
import { z } from 'zod';
export default defineTool({
  name: 'loud',
  version: '1.0.0',
  description: 'Fails loudly',
  input: z.object({}),
  output: z.object({}),
  run: () => { throw new Error('one\\n::set-output name=x::y\\n| <img src=x> [a](b)'); },
});
`,
    });
    const failed = await ice(['run', 'loud', '--json'], { cwd, env: actions() });
    expect(failed.exit).toBe(1);
    expect(failed.stderr).not.toMatch(/^::set-output/m);
    expect(failed.stderr).toMatch(/^::error title=ice run/m);
    expect(summary()).not.toContain('<img');
    expect(summary()).not.toContain('[a](b)');
  });

  test('off elsewhere, and a summary that cannot be written spoils nothing', async () => {
    writeFiles(cwd, { 'workflows/broken.yaml': BROKEN });
    const plain = await ice(['validate'], {
      cwd,
      env: { GITHUB_STEP_SUMMARY: join(home.dir, 'summary.md') },
    });
    expect(plain.stdout + plain.stderr).not.toContain('::error');
    expect(() => summary()).toThrow();
    mkdirSync(join(home.dir, 'folder'));
    const env = { ...actions(), GITHUB_STEP_SUMMARY: join(home.dir, 'folder') };
    expect((await ice(['test'], { cwd, env })).exit).toBe(3);
  });
});
