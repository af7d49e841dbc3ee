/**
 * Measures one workload of one engine in a process of its own, and prints a line of JSON:
 * `node row.ts floor|ours|set|http|node|sandbox full|normal WORKLOAD`: the floor, our engine driven directly, and the
 * public client against the host with `set` nodes (in process, over HTTP) or tools. Opens the database again after it: what counts is what is there.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openFloor } from './floor.ts';
import { openOurs } from './ours.ts';
import type { EngineName } from './rows.ts';

const [engine, durability, workload] = process.argv.slice(2) as [EngineName, 'full' | 'normal', string];
const folder = mkdtempSync(join(process.env['ICE_BENCH_DIR'] ?? tmpdir(), 'ice-bench-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, 'bench.db');
const subject = await open();
const fast = durability === 'normal';
/** A tool costs more than a set node: a share of the rounds says as much. */
const share = engine === 'sandbox' ? 0.1 : engine === 'node' ? 0.5 : 1;
const less = (rounds: number): number => Math.max(3, Math.round(rounds * share));
const KB = 'x'.repeat(1_000);

async function open() {
  if (engine === 'floor') return openFloor(file, durability);
  if (engine === 'ours') return openOurs(file, durability);
  const { openPublic } = await import('../host/subject.ts');
  return engine === 'http'
    ? openPublic(file, durability, 'set', { http: true })
    : openPublic(file, durability, engine);
}
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
    const [warm, runs] = fast ? [less(300), less(3_000)] : [less(100), less(500)];
    await chains(warm, 10);
    const ms = await timed(() => chains(runs, 10));
    return { value: (runs * 10 * 1_000) / ms, steps: (warm + runs) * 10 };
  },
  /** Runs a second, 50 at once. */
  async 'w1-c50'() {
    const at = async (each: number) =>
      void (await Promise.all(Array.from({ length: 50 }, () => chains(each, 10))));
    const [warm, each] = [less(20), less(120)];
    await at(warm);
    const ms = await timed(() => at(each));
    return { value: (50 * each * 1_000) / ms, steps: 50 * (warm + each) * 10 };
  },
  /** Milliseconds of 1 -> 1000 -> 1. */
  async w2() {
    const times: number[] = [];
    const rounds = share === 1 ? 25 : 5;
    for (let i = 0; i < rounds; i++) times.push(await timed(() => subject.fan(1_000)));
    return { value: median(times.slice(rounds / 5)), steps: rounds * 1_002 };
  },
  /** Milliseconds from submitting a run of one step to its result. */
  async w3() {
    const [warm, runs] = [less(fast ? 1_000 : 300), less(1_000)];
    await chains(warm, 1);
    const times: number[] = [];
    for (let i = 0; i < runs; i++) times.push(await timed(() => subject.chain(1, '')));
    return { value: median(times), steps: warm + runs };
  },
};
/** Microseconds a step, in chains of a length; `-kb` with 1 KB of result. */
for (const length of [10, 100, 1_000]) {
  for (const pad of ['', KB]) {
    WORKLOADS[`w6-${length}${pad ? '-kb' : ''}`] = async () => {
      const warm = share === 1 ? Math.ceil(Math.max(2, 500 / length)) : Math.ceil(200 / length);
      const total = Math.max(600, (fast ? 20_000 : 4_000) * share);
      await chains(warm, length, pad);
      const runs = Math.ceil(total / length);
      const ms = await timed(() => chains(runs, length, pad));
      return { value: (ms * 1_000) / (runs * length), steps: warm * length + runs * length };
    };
  }
}

const before = process.cpuUsage();
const { value, steps } = await WORKLOADS[workload]!();
const { user, system } = process.cpuUsage(before);
const synchronous = await subject.synchronous();
await subject.close();
if (synchronous !== durability) throw new Error(`${durability} was asked for, and it was ${synchronous}`);

const db = new DatabaseSync(file);
const one = (sql: string): number => Number(Object.values(db.prepare(sql).get()!)[0]);
const rows =
  engine === 'floor' ? one('select count(*) from steps') : one('select count(*) from events where type = 21');
const payload =
  engine === 'floor'
    ? one('select sum(length(data)) from steps')
    : one('select sum(length(data)) from events');
db.close();
if (rows !== steps) throw new Error(`${steps} steps were made, and ${rows} are in the journal`);
console.log(
  JSON.stringify({
    value,
    cpu: (user + system) / steps,
    rows,
    synchronous,
    payload,
    bytes: statSync(file).size,
  }),
);
