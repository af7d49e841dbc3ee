/**
 * `npm run bench [-- engine|client|tools|cli] [--peers] [--rounds N]`: what ice costs beside the floor, beside itself,
 * beside a bare start of Node and (with `--peers`) beside other engines, measured in one run. It says which targets
 * were not met and ends with 0 all the same: on a shared machine a figure is no verdict.
 */
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { cliReport } from './cli/report.ts';
import { engineReport } from './engine/report.ts';
import { clientReport, toolReport } from './host/report.ts';
import { peerReport } from './peers/report.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string' }, peers: { type: 'boolean' } },
});
// All of it once stays under four minutes; a part alone is worth three rounds.
const rounds = Math.max(1, Number(values.rounds) || (positionals.length > 0 ? 3 : 1));
const print = (text: string): void => console.log(text);
const PARTS = {
  engine: () => engineReport(rounds, print),
  client: () => clientReport(rounds, print),
  tools: () => toolReport(rounds, print),
  cli: async () => cliReport(print),
  // Other engines, which have to be installed: only when they are asked for.
  peers: () => peerReport(rounds, print),
};
const isPart = (name: string): name is keyof typeof PARTS => Object.hasOwn(PARTS, name);
const wrong = positionals.find((name) => !isPart(name));
const built = existsSync(new URL('../dist/cli/main.js', import.meta.url));
const all = (Object.keys(PARTS) as (keyof typeof PARTS)[]).filter((name) => name !== 'peers');
const chosen = positionals.length > 0 ? positionals.filter(isPart) : all;
if (values.peers && !chosen.includes('peers')) chosen.push('peers');
if (wrong !== undefined) {
  console.error(`There is no part ${wrong}. Parts: ${Object.keys(PARTS).join(', ')}`);
  process.exitCode = 2;
} else if (!built && chosen.some((name) => name === 'cli' || name === 'client')) {
  console.error('ice is not built here. Run: npm run build');
  process.exitCode = 14;
} else {
  const missed: string[] = [];
  for (const name of chosen) {
    missed.push(...(await PARTS[name]()));
    console.log('');
  }
  // Other engines have no target here.
  if (chosen.some((name) => name !== 'peers'))
    console.log(missed.length === 0 ? 'Every target was met.' : `Not met here: ${missed.join(', ')}.`);
}
