import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from '../engine/rows.ts';
import { ice, makeProject, timedNode } from './project.ts';

/** One command: how it is called, and how many times a bare start of Node it may take. */
interface CommandRow {
  name: string;
  args: string[];
  target?: number;
  /** In the folder of the large workflow; in that of the project unless said. */
  large?: boolean;
  /** Called before each round with that folder. */
  before?(folder: string): void;
}

/** A comment at the end, another one each time. */
const edit = (file: string, mark: string): void =>
  writeFileSync(file, `${readFileSync(file, 'utf8').trimEnd()}\n${mark} ${performance.now()}\n`);

const COMMANDS: CommandRow[] = [
  { name: '--version', args: ['--version'], target: 1.6 },
  { name: '--help', args: ['--help'], target: 3.6 },
  { name: 'run, a set workflow', args: ['run', 'flow-1'], target: 6 },
  { name: 'run, a tool, unchanged', args: ['run', 'price', '-i', 'cost=10'], target: 9 },
  {
    name: 'run, a tool, just edited',
    args: ['run', 'price', '-i', 'cost=10'],
    target: 16,
    before: (folder) => edit(join(folder, 'tools/price.ts'), '//'),
  },
  { name: 'validate, 10 nodes', args: ['validate', 'workflows/flow-10.yaml'], target: 6 },
  { name: 'validate, 1,000 nodes', args: ['validate', 'workflows/flow-1000.yaml'], target: 12, large: true },
  {
    name: 'validate, 1,000 nodes, edited',
    args: ['validate', 'workflows/flow-1000.yaml'],
    target: 12,
    large: true,
    before: (folder) => edit(join(folder, 'workflows/flow-1000.yaml'), '#'),
  },
  { name: 'push, nothing to do', args: ['push', '--yes'], target: 10 },
  { name: 'runs list', args: ['runs', 'list'], target: 5 },
  { name: 'graph, 1,000 nodes', args: ['graph', 'workflows/flow-1000.yaml'], large: true },
];

/** `ice graph` of 1,000 nodes has a limit of its own: one second. */
const GRAPH_LIMIT_MS = 1_000;
const ROUNDS = 7;

/** Prints what commands cost beside a bare start of Node; gives the names of those that missed their target. */
export function cliReport(print: (line: string) => void): string[] {
  const parent = mkdtempSync(join(process.env['ICE_BENCH_DIR'] ?? tmpdir(), 'ice-bench-cli-'));
  const folder = makeProject(parent);
  const times = new Map<string, number[]>();
  const time = (name: string, args: string[], cwd: string): void => {
    times.set(name, [...(times.get(name) ?? []), timedNode(args, cwd)]);
  };
  // In turn, so that what else the machine does meets all alike; the first round fills the caches.
  for (let round = -1; round < ROUNDS; round++) {
    if (round === 0) times.clear();
    time('node -e 0', ['-e', '0'], folder);
    for (const { name, args, large, before } of COMMANDS) {
      const cwd = large ? join(parent, 'large') : folder;
      before?.(cwd);
      time(name, ice(...args), cwd);
    }
  }
  rmSync(parent, { recursive: true, force: true });

  const bare = median(times.get('node -e 0')!);
  print(`Command line (built, caches warm, exit included) beside \`node -e 0\`, ${bare.toFixed(1)} ms here,`);
  print(`medians of ${ROUNDS}.`);
  print('');
  print(line('command', 'ms', 'ratio', 'target', '', 'peers'));
  const missed: string[] = [];
  for (const { name, target } of COMMANDS) {
    const ms = median(times.get(name)!);
    const met = target === undefined ? ms <= GRAPH_LIMIT_MS : ms / bare <= target;
    if (!met) missed.push(name);
    print(
      line(
        name,
        ms.toFixed(1),
        `${(ms / bare).toFixed(2)}x`,
        target === undefined ? `<= ${GRAPH_LIMIT_MS} ms` : `<= ${target}x`,
        met ? 'met' : 'NOT met',
        'not measured here',
      ),
    );
  }
  return missed;
}

const line = (...cells: string[]): string =>
  cells
    .map((cell, i) => cell.padEnd([30, 9, 9, 11, 9, 0][i]!))
    .join(' ')
    .trimEnd();
