import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { measure, median, onOneCore } from '../engine/rows.ts';

/** Other engines beside ours, in the same run: user functions there, a tool here. Compare inside a class only. */
interface Peer {
  name: string;
  /** Module and mode of row.js. */
  args: [string, string];
  /** M: in memory; P: survives a crash of the process; S: on disk before the step counts. */
  class: 'M' | 'P' | 'S';
}
const PEERS: Peer[] = [
  { name: 'LangGraph.js MemorySaver', args: ['langgraph', 'memory'], class: 'M' },
  { name: 'Mastra in memory', args: ['mastra', 'memory'], class: 'M' },
  { name: 'LangGraph.js SqliteSaver', args: ['langgraph', 'sqlite'], class: 'P' },
  { name: 'Mastra libsql', args: ['mastra', 'libsql'], class: 'P' },
  { name: 'LangGraph.js SqliteSaver, FULL, sync', args: ['langgraph', 'sqlite-full'], class: 'S' },
];
const OURS = [
  { name: 'ice, trusted tool', engine: 'node', durability: 'normal', class: 'P' },
  { name: 'ice, sandboxed tool', engine: 'sandbox', durability: 'normal', class: 'P' },
  { name: 'ice, trusted tool', engine: 'node', durability: 'full', class: 'S' },
  { name: 'ice, sandboxed tool', engine: 'sandbox', durability: 'full', class: 'S' },
] as const;
/** What the others need to run is no package. */
const ABSENT = 'BullMQ (Redis), DBOS, graphile-worker and pg-boss (PostgreSQL), Restate (its server)';

const WORKLOADS = [
  ['w1-c1', 'W1 c1 steps/s'],
  ['w1-c50', 'W1 c50 runs/s'],
  ['w2', 'W2 ms'],
  ['w3', 'W3 ms'],
] as const;

const folder = import.meta.dirname;
const row = join(folder, 'row.js');

/** Prints the table of the peers; no target is missed by it. */
export async function peerReport(rounds: number, print: (line: string) => void): Promise<string[]> {
  install();
  const node = nodeThatLoads();
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
  print(
    `Other engines (under Node ${version.slice(1)}) and ours, steps that are user functions, medians of ${rounds}.`,
  );
  print(
    'M: in memory; P: survives a crash of the process; S: on disk before a step counts. Rows: left by W1 c1.',
  );
  print('');
  print(line('class', 'engine', ...WORKLOADS.map(([, name]) => name), 'rows', 'synchronous'));
  for (const kind of ['M', 'P', 'S']) {
    for (const peer of PEERS.filter((each) => each.class === kind))
      await tell(peer, rounds, print, (workload) => onOneCore<Said>([row, ...peer.args, workload], node));
    for (const ours of OURS.filter((each) => each.class === kind))
      await tell(ours, rounds, print, async (workload) => {
        const { value, rows, synchronous } = await measure(ours.engine, ours.durability, workload);
        return { value, rows, durability: synchronous };
      });
  }
  print('');
  print(`Not measured here: ${ABSENT}.`);
  return [];
}

interface Said {
  value: number;
  rows: number | null;
  durability: string;
}

async function tell(
  of: { name: string; class: string },
  rounds: number,
  print: (line: string) => void,
  run: (workload: string) => Promise<Said>,
): Promise<void> {
  const cells: string[] = [];
  let first: Said | undefined;
  for (const [workload] of WORKLOADS) {
    const all: Said[] = [];
    for (let i = 0; i < rounds; i++) all.push(await run(workload));
    first ??= all.at(-1);
    cells.push(figure(median(all.map(({ value }) => value))));
  }
  print(line(of.class, of.name, ...cells, String(first?.rows ?? ''), first?.durability ?? ''));
}

const figure = (value: number): string =>
  value >= 1_000 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);

const line = (...cells: string[]): string =>
  cells
    .map((cell, i) => cell.padEnd([6, 37, 15, 15, 9, 8, 7, 0][i]!))
    .join(' ')
    .trimEnd();

/** They have a lock file of their own, and are in no install but this one. */
function install(): void {
  const stamp = join(folder, 'node_modules', '.installed');
  const lock = createHash('sha256')
    .update(readFileSync(join(folder, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  process.stderr.write('Installing the other engines, as bench/peers/package-lock.json names them (once)…\n');
  const npm = process.env['npm_execpath'];
  const [command, args] = npm ? [process.execPath, [npm, 'ci']] : ['npm', ['ci']];
  const done = spawnSync(command, [...args, '--loglevel=error'], { cwd: folder, stdio: ['ignore', 2, 2] });
  if (done.status !== 0) throw new Error('npm ci in bench/peers failed; its reason is above');
  writeFileSync(stamp, lock);
}

/** A module that was compiled at the install is for one Node only: ours, or the one that npm compiles for. */
function nodeThatLoads(): string {
  const paths = (process.env['PATH'] ?? '').split(delimiter).map((path) => join(path, 'node'));
  const loads = "new (require('better-sqlite3'))(':memory:')";
  const found = [process.execPath, ...paths].find(
    (node) => existsSync(node) && spawnSync(node, ['-e', loads], { cwd: folder }).status === 0,
  );
  if (found === undefined)
    throw new Error('No Node on PATH loads better-sqlite3 as it was installed in bench/peers');
  return found;
}
