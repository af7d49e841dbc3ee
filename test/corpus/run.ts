/**
 * Runs hostile cases and prints what became of each, in what time, with how much memory: `test/corpus/run [FILE…]`.
 * Without files, all of test/corpus/cases. `--on server` plays them as a developer's token of an `ice serve` that
 * trusts nobody's code. Exit 1 when a case did not end as it must.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readCases } from './format.ts';
import { memoryOf } from './memory.ts';
import { type Outcome, openStage } from './play.ts';
import { isForServer, openServerStage } from './server-stage.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { on: { type: 'string', default: 'local' } },
});
const folder = join(import.meta.dirname, 'cases');
const files = positionals.length > 0 ? positionals : readdirSync(folder).map((file) => join(folder, file));
const cases = files.flatMap(readCases);
const outcomes: Outcome[] = [];
const leaks: string[] = [];

function told(outcome: Outcome, pid: number): void {
  outcomes.push(outcome);
  const { case: name, where, outcome: code, ms, problems } = outcome;
  const { own, children, count } = memoryOf(pid);
  console.log(
    `${problems.length === 0 ? 'ok  ' : 'FAIL'} ${where.padEnd(7)} ${code.padEnd(15)} ${String(ms).padStart(6)} ms ${String(own).padStart(5)} MB + ${String(children).padStart(4)} MB in ${count}  ${name}${problems.map((problem) => `\n       ${problem}`).join('')}`,
  );
}

if (values.on === 'server') {
  const stage = await openServerStage();
  for (const it of cases.filter(isForServer)) told(await stage.play(it), stage.pid);
  leaks.push(...(await stage.close()));
  for (const leak of leaks) console.log(`FAIL in the files of the server: ${leak}`);
} else {
  const stage = await openStage();
  for (const it of cases) for (const runtime of it.runtimes) told(await stage.play(it, runtime), process.pid);
  await stage.close();
}
const failed = outcomes.filter(({ problems }) => problems.length > 0).length;
const escapes = outcomes.filter(({ escaped }) => escaped).length + leaks.length;
console.log(`${outcomes.length} cases, ${failed} not as they must be, ${escapes} escapes`);
if (failed + leaks.length > 0) process.exitCode = 1;
