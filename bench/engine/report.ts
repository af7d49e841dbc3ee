import { compare, ENGINE_ROWS, measure, median, type Row } from './rows.ts';

const isRate = (row: Row): boolean => row.unit.endsWith('/s');
const figure = (value: number): string =>
  value >= 1_000 ? Math.round(value).toLocaleString('en') : value >= 10 ? value.toFixed(1) : value.toFixed(3);

/** Prints the engine's rows; gives the names of those that missed their target. */
export async function engineReport(rounds: number, print: (line: string) => void): Promise<string[]> {
  const missed: string[] = [];
  print('Engine (`set` rows, driven directly) beside the floor, each in a process of its own on one core,');
  print(
    `medians of ${rounds}; the ratio counts, absolute figures are this machine's. CPU: µs a step, ours/floor's.`,
  );
  print('');
  print(line('row', 'floor', 'ours', 'ratio', 'target', '', 'CPU', 'rows', 'synchronous'));
  for (const row of ENGINE_ROWS) {
    const { floor, ours, ratio, cpu, last } = await compare(row, rounds);
    const met = isRate(row) ? ratio >= row.ofFloor : ratio <= row.ofFloor;
    if (!met) missed.push(row.name);
    const target = `${isRate(row) ? '>=' : '<='} ${row.ofFloor}x`;
    print(
      line(
        row.name,
        figure(floor),
        `${figure(ours)} ${row.unit}`,
        `${ratio.toFixed(2)}x`,
        target,
        met ? 'met' : 'NOT met',
        cpu,
        String(last.rows),
        last.synchronous,
      ),
    );
  }
  print('');
  missed.push(...(await growthReport(rounds, print)));
  return missed;
}

/** W6: what a step costs in longer chains, and what is stored for it. */
async function growthReport(rounds: number, print: (line: string) => void): Promise<string[]> {
  const missed: string[] = [];
  for (const kind of ['', '-kb']) {
    const costs: number[][] = [[], [], []];
    let stored = 0;
    for (let i = 0; i < rounds; i++) {
      for (const [at, length] of [10, 100, 1_000].entries()) {
        // NORMAL: with an fsync a step, the disk hides what the engine itself costs.
        const measured = await measure('ours', 'normal', `w6-${length}${kind}`);
        costs[at]!.push(measured.value);
        stored = measured.bytes / measured.payload;
      }
    }
    const [ten, hundred, thousand] = costs.map(median) as [number, number, number];
    const growth = median(costs[2]!.map((cost, i) => cost / costs[1]![i]!));
    const name = `W6 growth${kind ? ' +1KB' : ''}`;
    const met = growth <= 1.15 && (kind === '' || stored <= 1.3);
    if (!met) missed.push(name);
    print(
      `${name}: ${figure(ten)}, ${figure(hundred)}, ${figure(thousand)} µs a step in chains of 10, 100, 1,000 (NORMAL); ` +
        `100 -> 1,000 ${growth.toFixed(2)}x (<= 1.15)${kind ? `; bytes ${stored.toFixed(2)}x of the payload (<= 1.3)` : ''} ${met ? 'met' : 'NOT met'}`,
    );
  }
  return missed;
}

const line = (...cells: string[]): string =>
  cells
    .map((cell, i) => cell.padEnd([20, 10, 20, 8, 9, 8, 8, 7, 11][i]!))
    .join(' ')
    .trimEnd();
