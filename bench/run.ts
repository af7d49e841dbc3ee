/**
 * `npm run bench [-- --rounds N]`: what ice costs beside the floor, measured in one run. It says which targets were
 * not met and ends with 0 all the same: on a shared machine a figure is no verdict.
 */
import { parseArgs } from 'node:util';
import { engineReport } from './engine/report.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '3' } } });
const rounds = Math.max(1, Number(values.rounds) || 3);
const missed = await engineReport(rounds, (text) => console.log(text));
console.log('');
console.log(missed.length === 0 ? 'Every target was met.' : `Not met here: ${missed.join(', ')}.`);
