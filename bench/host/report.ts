import { fileURLToPath } from 'node:url';
import { compare, type EngineName, type Measured, measure, median, onOneCore } from '../engine/rows.ts';
import { firstResult, waitingRuns } from './embedded.ts';

type Print = (line: string) => void;

/** Decides whether a row met its target, prints it, and remembers those that did not. */
class Table {
  readonly missed: string[] = [];
  private readonly print: Print;
  constructor(print: Print) {
    this.print = print;
    print(line('row', 'ours', 'beside', 'ratio', 'target', '', 'CPU', 'rows', 'sync', 'peers'));
  }
  row(
    name: string,
    ours: string,
    beside: string,
    ratio: string,
    target?: [string, boolean],
    last?: Measured,
    cpu = last ? String(Math.round(last.cpu)) : '',
  ) {
    if (target && !target[1]) this.missed.push(name);
    const sync = last?.synchronous ?? '';
    const verdict = target ? (target[1] ? 'met' : 'NOT met') : '';
    const rows = last ? String(last.rows) : '';
    this.print(
      line(name, ours, beside, ratio, target?.[0] ?? '', verdict, cpu, rows, sync, 'not measured here'),
    );
  }
}

const figure = (value: number): string =>
  value >= 1_000 ? Math.round(value).toLocaleString('en') : value >= 10 ? value.toFixed(1) : value.toFixed(3);

/** W1 to W6 through the public client against the host, with `set` nodes, beside the floor. */
export async function clientReport(rounds: number, print: Print): Promise<string[]> {
  print(
    'Public client against the host (`set` rows; the floor is beside), SQLite FULL. CPU: µs a step (/ floor):',
  );
  print('');
  const table = new Table(print);
  const rows: [string, string, EngineName, string, number][] = [
    ['client W1 c1', 'w1-c1', 'set', 'steps/s', 0.7],
    ['client W1 c50', 'w1-c50', 'set', 'runs/s', 0.42],
    ['client W2', 'w2', 'set', 'ms', 5],
    ['client W3 in process', 'w3', 'set', 'ms', 1.6],
    ['client W6 1000 +1KB', 'w6-1000-kb', 'set', 'µs a step', 1.5],
  ];
  for (const [name, workload, engine, unit, target] of rows) {
    const { floor, ours, ratio, cpu, last } = await compare({ workload, durability: 'full' }, rounds, engine);
    const rate = unit.endsWith('/s');
    table.row(
      name,
      `${figure(ours)} ${unit}`,
      figure(floor),
      `${ratio.toFixed(2)}x`,
      [`${rate ? '>=' : '<='} ${target}x`, rate ? ratio >= target : ratio <= target],
      last,
      cpu,
    );
  }
  // The floor has no API: over a socket, the target is a time.
  const http = await repeat(rounds, () => measure('http', 'full', 'w3'));
  const ms = median(http.map(({ value }) => value));
  table.row('client W3 over HTTP', `${figure(ms)} ms`, '', '', ['<= 1 ms', ms <= 1], http.at(-1));
  const starts = await repeat(5, firstResult);
  const first = median(starts.slice(1).map((each) => each.ms));
  const bare = median(starts.slice(1).map((each) => each.bare));
  table.row('W4 embedded', `${figure(first)} ms`, figure(bare), `${(first / bare).toFixed(2)}x`, [
    '<= 80 ms',
    first <= 80,
  ]);
  const { rss, kb } = await waitingRuns();
  table.row('W5 1,000 waiting', `${figure(rss)} MB`, '', '', ['<= 70 MB', rss <= 70]);
  table.row('W5 a run', `${figure(kb)} KB`, '', '', ['<= 5 KB', kb <= 5]);
  return table.missed;
}

const TOOL_ROWS = [
  ['W1 c1', 'w1-c1', 'steps/s'],
  ['W1 c50', 'w1-c50', 'runs/s'],
  ['W2', 'w2', 'ms'],
  ['W3', 'w3', 'ms'],
  ['W6 10', 'w6-10', 'µs a step'],
  ['W6 100', 'w6-100', 'µs a step'],
  ['W6 1000 +1KB', 'w6-1000-kb', 'µs a step'],
] as const;

/** The `tool` rows: a warm trusted child, and the sandbox beside a VM restored and called by hand. */
export async function toolReport(rounds: number, print: Print): Promise<string[]> {
  print('Tools, through the public client (beside: the same with `set` nodes), SQLite FULL:');
  print('');
  const table = new Table(print);
  const calls = await repeat(rounds, () => onOneCore<SandboxCall>([sandboxCall]));
  const call = (name: keyof SandboxCall): number => median(calls.map((each) => each[name])) / 1_000;
  for (const engine of ['node', 'sandbox'] as const) {
    const kind = engine === 'node' ? 'trusted' : 'sandbox';
    for (const [name, workload, unit] of TOOL_ROWS) {
      const ours: Measured[] = [];
      const sets: Measured[] = [];
      const beside = workload === 'w1-c1' || workload === 'w3';
      for (let i = 0; i < (beside ? rounds : 1); i++) {
        ours.push(await measure(engine, 'full', workload));
        if (beside) sets.push(await measure('set', 'full', workload));
      }
      const mine = median(ours.map(({ value }) => value));
      const set = beside ? median(sets.map(({ value }) => value)) : undefined;
      const least = engine === 'node' ? 2_000 : 0.8 * (1_000 / call('anew'));
      const target: [string, boolean] | undefined =
        workload === 'w1-c1' ? [`>= ${figure(least)}`, mine >= least] : undefined;
      table.row(
        `${kind} ${name}`,
        `${figure(mine)} ${unit}`,
        set === undefined ? '' : figure(set),
        set === undefined ? '' : `${(mine / set).toFixed(2)}x`,
        target,
        ours.at(-1),
      );
      if (engine === 'node' && workload === 'w3') {
        const over = median(ours.map(({ value }, i) => value - sets[i]!.value));
        table.row('trusted, p50 over set', `${figure(over)} ms`, '', '', ['<= 0.3 ms', over <= 0.3]);
      }
    }
  }
  const mine = call('runtime');
  for (const [name, how] of [
    ['anew', 'sandbox call, VM anew'],
    ['again', 'sandbox call, VM again'],
  ] as const) {
    const ratio = mine / call(name);
    table.row(how, `${figure(mine)} ms`, figure(call(name)), `${ratio.toFixed(2)}x`, [
      '<= 1.25x',
      ratio <= 1.25,
    ]);
  }
  return table.missed;
}

/** Medians in microseconds; see sandbox-call.ts. */
type SandboxCall = Record<'anew' | 'again' | 'runtime', number>;
const sandboxCall = fileURLToPath(new URL('./sandbox-call.ts', import.meta.url));

async function repeat<T>(count: number, work: () => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let i = 0; i < count; i++) results.push(await work());
  return results;
}

const line = (...cells: string[]): string =>
  cells
    .map((cell, i) => cell.padEnd([25, 18, 9, 8, 10, 8, 8, 7, 7, 0][i]!))
    .join(' ')
    .trimEnd();
