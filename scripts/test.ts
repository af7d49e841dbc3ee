/**
 * `npm test`: build, types, lint, tests, in that order, stopping at the first that fails. Prints one line for each
 * server or browser that is absent, with the number of tests not run; ICE_REQUIRE=chromium,… makes that a failure.
 * `npm test -- test/language` runs only the tests named.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const bin = (name: string) => join('node_modules', '.bin', name);
const args = process.argv.slice(2);

function step(title: string, command: string, commandArgs: string[], env: Record<string, string> = {}): void {
  const from = Date.now();
  process.stderr.write(`\n— ${title}\n`);
  const done = spawnSync(command, commandArgs, { stdio: 'inherit', env: { ...process.env, ...env } });
  if (done.status !== 0) {
    process.stderr.write(`\n${title}: failed (${command} ${commandArgs.join(' ')})\n`);
    process.exit(done.status ?? 1);
  }
  process.stderr.write(`  ${((Date.now() - from) / 1000).toFixed(1)} s\n`);
}

if (args.length === 0) {
  step('types', bin('tsc'), ['--noEmit', '-p', '.']);
  step('lint', bin('biome'), ['check', '.']);
}
step('build', process.execPath, ['scripts/build.ts']);

const dir = mkdtempSync(join(tmpdir(), 'ice-test-'));
const report = join(dir, 'report.json');
const absentFile = join(dir, 'absent.jsonl');
process.stderr.write('\n— tests\n');
const run = spawnSync(
  bin('vitest'),
  ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...args],
  { stdio: 'inherit', env: { ...process.env, ICE_TEST_ABSENT: absentFile } },
);

let passed = 0;
let failed = 0;
let skipped = 0;
if (existsSync(report)) {
  const result = JSON.parse(readFileSync(report, 'utf8')) as Record<string, number>;
  passed = result['numPassedTests'] ?? 0;
  failed = result['numFailedTests'] ?? 0;
  skipped = (result['numPendingTests'] ?? 0) + (result['numTodoTests'] ?? 0);
}

// test/support/needs.ts writes a line for each suite that it could not run.
const absent = new Map<string, number>();
if (existsSync(absentFile)) {
  for (const line of readFileSync(absentFile, 'utf8').split('\n').filter(Boolean)) {
    const { what, tests } = JSON.parse(line) as { what: string; tests: number };
    absent.set(what, (absent.get(what) ?? 0) + tests);
  }
}
rmSync(dir, { recursive: true, force: true });

const required = new Set((process.env['ICE_REQUIRE'] ?? '').split(',').filter(Boolean));
let missing = false;
for (const [what, tests] of absent) {
  const fatal = required.has(what);
  missing ||= fatal;
  process.stdout.write(
    `${what} is not here: ${tests} tests not run${fatal ? ' (ICE_REQUIRE asks for it)' : ''}\n`,
  );
}
process.stdout.write(`\n${passed} passed, ${failed} failed, ${skipped} skipped\n`);
process.exit(run.status !== 0 || missing || passed === 0 ? 1 : 0);
