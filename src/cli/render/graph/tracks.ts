import type { Line } from './layout.ts';

/** The lines of one node through a channel: down from `from`, along a row, down to each of `to`. */
export interface Net {
  net: number;
  from: number;
  to: { x: number; arrives: boolean }[];
  /** Row of the channel, from 0; -1 for a line that goes straight down. */
  row: number;
}

/**
 * Gives each net of a channel the row in which it goes sideways. Nets share a row where they don't meet; a net whose
 * beginning stands over the end of another goes sideways above it, so that the two don't run in one column.
 */
export function tracksOf(lines: readonly (Line & { arrives?: boolean })[]): { nets: Net[]; rows: number } {
  const byNet = new Map<number, Net>();
  for (const { net, from, to, arrives } of lines) {
    const known = byNet.get(net) ?? { net, from, to: [], row: -1 };
    known.to.push({ x: to, arrives: arrives ?? true });
    byNet.set(net, known);
  }
  const nets = [...byNet.values()];
  const bent = nets.filter((net) => net.to.some(({ x }) => x !== net.from));
  const span = (net: Net): [number, number] => {
    const xs = [net.from, ...net.to.map(({ x }) => x)];
    return [Math.min(...xs), Math.max(...xs)];
  };
  const startsAt = new Map(bent.map((net) => [net.from, net]));
  const above = (net: Net): Net[] =>
    net.to.flatMap(({ x }) => {
      const other = startsAt.get(x);
      return other && other !== net ? [other] : [];
    });
  // Nets that end at the same node may run together: they meet anyway.
  const endsOf = (net: Net): string => net.to.map(({ x }) => x).join(' ');
  const rows: { left: number; right: number; ends: string }[][] = [];
  const open = new Set<Net>();
  const visit = (net: Net): void => {
    if (net.row >= 0 || open.has(net)) return;
    open.add(net);
    const over = above(net);
    over.forEach(visit);
    const [left, right] = span(net);
    let row = Math.max(0, ...over.map((other) => other.row + 1));
    const ends = endsOf(net);
    const meets = (each: { left: number; right: number; ends: string }): boolean =>
      each.left <= right + 1 && left <= each.right + 1 && each.ends !== ends;
    while (rows[row]?.some(meets)) row++;
    while (rows.length <= row) rows.push([]);
    rows[row]!.push({ left, right, ends });
    net.row = row;
  };
  bent.sort((a, b) => span(a)[0] - span(b)[0]).forEach(visit);
  return { nets, rows: rows.length };
}
