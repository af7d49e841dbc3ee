/** `node test/faults/run.ts FILE…` plays any case dropped in, and says what was not as the case expects. */
import { playFault } from './play.ts';

let failed = 0;
for (const file of process.argv.slice(2)) {
  const outcome = await playFault(file);
  const state = outcome.skipped
    ? `not run: ${outcome.skipped}`
    : outcome.problems.length === 0
      ? 'as expected'
      : 'NOT as expected';
  process.stdout.write(`${file}: ${outcome.title}: ${state}\n`);
  for (const problem of outcome.problems) process.stdout.write(`  ${problem}\n`);
  failed += outcome.problems.length > 0 ? 1 : 0;
}
process.exit(failed > 0 ? 1 : 0);
