/**
 * Runs hostile cases and prints what became of each: `node test/corpus/run.ts [FILE…] [--soak N]`. Without files, all
 * of test/corpus/cases. `--soak N` plays the cases that end by themselves over and over, until N calls were made, and
 * compares the memory before and after. Exit 1 when a case did not end as it must.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readCases } from './format.ts';
import { type Outcome, openStage } from './play.ts';

const { values, positionals } = parseArgs({ allowPositionals: true, options: { soak: { type: 'string' } } });
const folder = join(import.meta.dirname, 'cases');
const files = positionals.length > 0 ? positionals : readdirSync(folder).map((file) => join(folder, file));
const stage = await openStage();
const outcomes: Outcome[] = [];
const line = ({ case: name, runtime, outcome, ms, rssMb, problems }: Outcome): string =>
  `${problems.length === 0 ? 'ok  ' : 'FAIL'} ${runtime.padEnd(7)} ${outcome.padEnd(15)} ${String(ms).padStart(6)} ms ${String(rssMb).padStart(5)} MB  ${name}${problems.map((problem) => `\n       ${problem}`).join('')}`;

for (const file of files)
  for (const it of readCases(file))
    for (const runtime of it.runtimes) {
      const outcome = await stage.play(it, runtime);
      outcomes.push(outcome);
      console.log(line(outcome));
    }

if (values.soak !== undefined) {
  const cases = files.flatMap(readCases).filter((it) => it.bundleBytes === undefined);
  const quick = cases.filter((it) =>
    outcomes.find((seen) => seen.case === it.case && seen.runtime === 'sandbox' && seen.ms < 60),
  );
  const memory = (): number => {
    // Ours and our children's, in MB.
    const rows = execFileSync('ps', ['-o', 'rss=,ppid=', '-A'], { encoding: 'utf8' }).trim().split('\n');
    const children = rows
      .map((row) => row.trim().split(/\s+/).map(Number))
      .filter(([, parent]) => parent === process.pid);
    return Math.round(
      (process.memoryUsage().rss / 1024 + children.reduce((sum, [rss]) => sum + rss!, 0)) / 1024,
    );
  };
  const wanted = Number(values.soak);
  let made = 0;
  let before = 0;
  while (made < wanted) {
    for (const it of quick) {
      const { problems } = await stage.play(it, 'sandbox');
      if (problems.length > 0)
        outcomes.push({
          case: it.case,
          runtime: 'sandbox',
          outcome: 'soak',
          ms: 0,
          rssMb: 0,
          problems,
          escaped: false,
        });
      made += 2;
      // The first tenth is the warm-up: caches, compiled code, the pool.
      if (before === 0 && made > wanted / 10) before = memory();
    }
  }
  const after = memory();
  console.log(
    `${made} calls: ${before} MB after the first tenth, ${after} MB at the end (${Math.round((after / before - 1) * 100)} %)`,
  );
  if (after > before * 1.1) process.exitCode = 1;
}
await stage.close();
const failed = outcomes.filter(({ problems }) => problems.length > 0);
console.log(
  `${outcomes.length} cases, ${failed.length} not as they must be, ${outcomes.filter(({ escaped }) => escaped).length} escapes`,
);
if (failed.length > 0) process.exitCode = 1;
