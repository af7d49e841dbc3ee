/**
 * Measures one workload of one engine in a process of its own, and prints a line of JSON:
 * `node row.ts floor|ours full|normal WORKLOAD`. Opens the database again after it: what counts is what is there.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openFloor } from './floor.ts';
import { openOurs } from './ours.ts';

const [engine, durability, workload] = process.argv.slice(2) as ['floor' | 'ours', 'full' | 'normal', string];
const folder = mkdtempSync(join(process.env['ICE_BENCH_DIR'] ?? tmpdir(), 'ice-bench-'));
const file = join(folder, 'bench.db');
const subject = engine === 'floor' ? openFloor(file, durability) : await openOurs(file, durability);
const fast = durability === 'normal';
const KB = 'x'.repeat(1_000);

const timed = async (work: () => Promise<void>): Promise<number> => {
  const start = performance.now();
  await work();
  return performance.now() - start;
};
const chains = async (runs: number, steps: number, pad = ''): Promise<void> => {
  for (let i = 0; i < runs; i++) await subject.chain(steps, pad);
};
const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1]!;

/** Each warms up first; gives the figure, and how many steps it has made in all. */
const WORKLOADS: Record<string, () => Promise<{ value: number; steps: number }>> = {
  /** Steps a second, one run at a time. */
  async 'w1-c1'() {
    const [warm, runs] = fast ? [300, 3_000] : [100, 500];
    await chains(warm, 10);
    const ms = await timed(() => chains(runs, 10));
    return { value: (runs * 10 * 1_000) / ms, steps: (warm + runs) * 10 };
  },
  /** Runs a second, 50 at once. */
  async 'w1-c50'() {
    const at = async (each: number) =>
      void (await Promise.all(Array.from({ length: 50 }, () => chains(each, 10))));
    const [warm, each] = [20, 120];
    await at(warm);
    const ms = await timed(() => at(each));
    return { value: (50 * each * 1_000) / ms, steps: 50 * (warm + each) * 10 };
  },
  /** Milliseconds of 1 -> 1000 -> 1. */
  async w2() {
    const times: number[] = [];
    for (let i = 0; i < 25; i++) times.push(await timed(() => subject.fan(1_000)));
    return { value: median(times.slice(5)), steps: 25 * 1_002 };
  },
  /** Milliseconds from submitting a run of one step to its result. */
  async w3() {
    await chains(fast ? 1_000 : 300, 1);
    const times: number[] = [];
    for (let i = 0; i < 1_000; i++) times.push(await timed(() => subject.chain(1, '')));
    return { value: median(times), steps: (fast ? 1_000 : 300) + 1_000 };
  },
};
/** Microseconds a step, in chains of a length; `-kb` with 1 KB of result. */
for (const length of [10, 100, 1_000]) {
  for (const pad of ['', KB]) {
    WORKLOADS[`w6-${length}${pad ? '-kb' : ''}`] = async () => {
      const total = fast ? 20_000 : 4_000;
      await chains(Math.max(2, 500 / length), length, pad);
      const ms = await timed(() => chains(total / length, length, pad));
      return { value: (ms * 1_000) / total, steps: Math.ceil(Math.max(2, 500 / length)) * length + total };
    };
  }
}

const { value, steps } = await WORKLOADS[workload]!();
subject.close();

const db = new DatabaseSync(file);
db.exec(`pragma synchronous = ${durability}`);
const one = (sql: string): number => Number(Object.values(db.prepare(sql).get()!)[0]);
const rows =
  engine === 'floor' ? one('select count(*) from steps') : one('select count(*) from events where type = 21');
const payload =
  engine === 'floor'
    ? one('select sum(length(data)) from steps')
    : one('select sum(length(data)) from events');
const synchronous = one('pragma synchronous');
db.close();
if (rows !== steps) throw new Error(`${steps} steps were made, and ${rows} are in the journal`);
console.log(JSON.stringify({ value, rows, synchronous, payload, bytes: statSync(file).size }));
rmSync(folder, { recursive: true });
