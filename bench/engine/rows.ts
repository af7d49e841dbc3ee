import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export type EngineName = 'floor' | 'ours' | 'set' | 'http' | 'node' | 'sandbox';

/** What one measured process said. */
export interface Measured {
  value: number;
  /** Microseconds of CPU a step, its warming up included: what else the machine does changes it least. */
  cpu: number;
  /** Steps in the journal, counted after the database was opened again. */
  rows: number;
  /** `PRAGMA synchronous`, read back from the connection that made the row, after it. */
  synchronous: string;
  /** Characters of what was journalled, and bytes of the file. */
  payload: number;
  bytes: number;
}

/** One line of the report: a workload on one durability, with what it has to reach. */
export interface Row {
  name: string;
  workload: string;
  durability: 'full' | 'normal';
  unit: 'steps/s' | 'runs/s' | 'ms' | 'µs a step';
  /** Of the floor: at least this share of its rate, or at most this many times its time. */
  ofFloor: number;
  /** The figure on the machine that the targets were set on; it says little elsewhere. */
  there: number;
}

/** The engine's rows: set nodes, beside the floor. */
export const ENGINE_ROWS: Row[] = [
  { name: 'W1 c1 FULL', workload: 'w1-c1', durability: 'full', unit: 'steps/s', ofFloor: 0.7, there: 3_000 },
  {
    name: 'W1 c1 NORMAL',
    workload: 'w1-c1',
    durability: 'normal',
    unit: 'steps/s',
    ofFloor: 0.37,
    there: 25_000,
  },
  {
    name: 'W1 c50 FULL',
    workload: 'w1-c50',
    durability: 'full',
    unit: 'runs/s',
    ofFloor: 0.42,
    there: 6_000,
  },
  { name: 'W2 FULL', workload: 'w2', durability: 'full', unit: 'ms', ofFloor: 5, there: 15 },
  { name: 'W3 FULL', workload: 'w3', durability: 'full', unit: 'ms', ofFloor: 1.6, there: 0.6 },
  {
    name: 'W6 1000 FULL',
    workload: 'w6-1000',
    durability: 'full',
    unit: 'µs a step',
    ofFloor: 1.5,
    there: 300,
  },
  {
    name: 'W6 1000 +1KB FULL',
    workload: 'w6-1000-kb',
    durability: 'full',
    unit: 'µs a step',
    ofFloor: 1.5,
    there: 300,
  },
];

const script = fileURLToPath(new URL('./row.ts', import.meta.url));
const run = promisify(execFile);

/** What a script of Node printed, run on one core where `taskset` is there; its children are on it, too. */
export async function onOneCore<Said>(args: string[], node = process.execPath): Promise<Said> {
  const { stdout } = await run('taskset', ['-c', '0', node, ...args]).catch((error) => {
    if (error.code !== 'ENOENT') throw error;
    return run(node, args);
  });
  return JSON.parse(stdout) as Said;
}

/** Measures one workload of one engine in a process of its own. */
export const measure = (engine: EngineName, durability: string, workload: string): Promise<Measured> =>
  onOneCore([script, engine, durability, workload]);

export const median = (values: number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

/** Measures both in turn, several times, so that what else the machine does meets both alike. */
export async function compare(
  row: Pick<Row, 'workload' | 'durability'>,
  rounds: number,
  engine: EngineName = 'ours',
) {
  const [floor, ours]: [Measured[], Measured[]] = [[], []];
  for (let i = 0; i < rounds; i++) {
    floor.push(await measure('floor', row.durability, row.workload));
    ours.push(await measure(engine, row.durability, row.workload));
  }
  const value = (measured: Measured[]) => median(measured.map((each) => each.value));
  // Medians of ratios: a pair was measured side by side.
  const ratio = median(ours.map((each, i) => each.value / floor[i]!.value));
  const cpu = [ours, floor].map((all) => Math.round(median(all.map((each) => each.cpu)))).join('/');
  return { floor: value(floor), ours: value(ours), ratio, cpu, last: ours.at(-1)! };
}
