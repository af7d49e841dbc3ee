// Measures one workload of another engine in a process of its own, as bench/engine/row.ts does for ours, and prints a
// line of JSON: `node row.js langgraph|mastra MODE w1-c1|w1-c50|w2|w3`.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const [peer, mode, workload] = process.argv.slice(2);
const { open, count, least } = await import(`./${peer}.js`);
const folder = mkdtempSync(join(process.env.ICE_BENCH_DIR ?? tmpdir(), 'ice-bench-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, 'bench.db');
const subject = open(mode, file);
const timed = async (work) => {
  const start = performance.now();
  await work();
  return performance.now() - start;
};
const chains = async (runs, steps) => {
  for (let i = 0; i < runs; i++) await subject.chain(steps);
};
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

/** Fewer rounds than ours, since they take longer. Each gives the figure, and the rows that have to be there. */
const WORKLOADS = {
  async 'w1-c1'() {
    await chains(20, 10);
    const ms = await timed(() => chains(100, 10));
    return { value: (100 * 10 * 1_000) / ms, rows: 120 * least.chain(10) };
  },
  async 'w1-c50'() {
    const at = (each) => Promise.all(Array.from({ length: 50 }, () => chains(each, 10)));
    await at(2);
    const ms = await timed(() => at(8));
    return { value: (50 * 8 * 1_000) / ms, rows: 500 * least.chain(10) };
  },
  async w2() {
    const times = [];
    for (let i = 0; i < 4; i++) times.push(await timed(() => subject.fan(1_000)));
    return { value: median(times.slice(1)), rows: 4 * least.fan(1_000) };
  },
  async w3() {
    await chains(100, 1);
    const times = [];
    for (let i = 0; i < 300; i++) times.push(await timed(() => subject.chain(1)));
    return { value: median(times), rows: 400 * least.chain(1) };
  },
};

const made = await WORKLOADS[workload]();
const durability = subject.durability();
await subject.close();
const rows = mode === 'memory' ? null : await count(file);
if (rows !== null && rows < made.rows) throw new Error(`${made.rows} rows were to be there, and ${rows} are`);
process.stdout.write(`${JSON.stringify({ value: made.value, rows, durability })}\n`, () => process.exit());
