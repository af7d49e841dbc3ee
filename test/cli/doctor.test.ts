import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Catalogue } from '../../src/cli/catalogue.ts';
import { discover } from '../../src/cli/discover.ts';
import { cliVerbs } from '../../src/cli/mcp-verbs.ts';
import { ice, temporary, toolProject, writeFiles } from '../support/ice.ts';

let home: ReturnType<typeof temporary>;
let cwd: string;
interface Check {
  name: string;
  state: string;
  says: string;
  fix?: string;
  fixed?: true;
}
const doctor = async (...args: string[]) => {
  const { exit, json } = await ice(['doctor', ...args, '--json'], { cwd });
  return { exit, checks: json['checks'] as Check[] };
};
const said = (checks: Check[], name: string) => checks.filter((check) => check.name === name);

beforeEach(async () => {
  home = temporary();
  cwd = await toolProject(home.dir);
});
afterEach(() => home.remove());

test('--fix puts right what is told without it, and once more there is nothing', async () => {
  expect((await ice(['run', 'price', '-i', 'cost=1'], { cwd })).exit).toBe(0);
  const gitignore = join(cwd, '.gitignore');
  writeFileSync(gitignore, 'node_modules/');
  execFileSync('git', ['init', '-q'], { cwd });
  const file = (name: string) => join(cwd, '.ice', name);
  writeFileSync(
    file('server.json'),
    JSON.stringify({ pid: 2 ** 22 + 1, startedAt: 1, url: 'http://127.0.0.1:9', version: '0.1.0' }),
    { mode: 0o600 },
  );
  chmodSync(file('ice.db'), 0o644);
  writeFileSync(file('server.json.123.part'), 'x');
  utimesSync(file('server.json.123.part'), 0, 0);
  writeFiles(cwd, { 'ice.yaml': 'name: demo\ncomponents:\n  tools: tools/*.ts\n' });

  const before = await doctor();
  for (const [name, words] of [
    ['server', 'is gone'],
    ['git', 'does not ignore .ice/'],
    ['files', 'others may read .ice/ice.db'],
    ['files', 'half-written'],
    ['project', 'must be a list'],
  ] as const)
    expect(said(before.checks, name)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          state: 'warning',
          says: expect.stringContaining(words),
          fix: 'ice doctor --fix',
        }),
      ]),
    );
  // It only looked.
  expect(existsSync(file('server.json'))).toBe(true);

  const during = await doctor('--fix');
  expect(during.exit).toBe(0);
  expect(during.checks.filter(({ fixed }) => fixed)).toHaveLength(5);
  expect(existsSync(file('server.json'))).toBe(false);
  expect(existsSync(file('server.json.123.part'))).toBe(false);
  expect(statSync(file('ice.db')).mode & 0o777).toBe(0o600);
  expect(readFileSync(gitignore, 'utf8')).toBe('node_modules/\n.ice/\n');
  expect(readFileSync(join(cwd, 'ice.yaml'), 'utf8')).toContain('tools: [tools/*.ts]');

  const after = await doctor('--fix');
  expect(after.checks.filter(({ fixed, fix }) => fixed || fix === 'ice doctor --fix')).toEqual([]);
});

test('a fresh project has nothing to mend', async () => {
  execFileSync('git', ['init', '-q'], { cwd });
  const { checks } = await doctor('--fix');
  expect(checks.filter(({ fixed }) => fixed)).toEqual([]);
});

test('who may only look is not offered --fix', async () => {
  const root = join(import.meta.dirname, '../..');
  const catalogue = new Catalogue(await discover(root), root, '0.0.0');
  const [verb] = cliVerbs(catalogue, { root: new URL('file:///'), commands: 'dist', cwd }).filter(
    ({ name }) => name === 'ice.doctor',
  );
  expect(verb).toMatchObject({ readOnly: true });
  expect(Object.keys((verb!.input as { properties: object }).properties)).not.toContain('fix');
});
