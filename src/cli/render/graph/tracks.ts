import type { Line } from './layout.ts';

/** The lines of one node through a channel: down from `from`, along a row, down to each of `to`. */
export interface Net {
  net: number;
  from: number;
  to: { x: number; arrives: boolean }[];
  /** Row of the channel, from 0; -1 for a line that goes straight down. */
  row: number;
}

type ChannelLine = Line & { arrives?: boolean };

/**
 * Gives each net of a channel the row in which it goes sideways. Nets share a row where they don't meet; a net whose
 * beginning stands over the end of another goes sideways above it, so that the two don't run in one column. Lines of
 * different nets arrive at a node in columns of their own: where they met, one could read one for the other.
 */
export function tracksOf(lines: readonly ChannelLine[]): { nets: Net[]; rows: number } {
  const arrivals = arrivalsOf(lines);
  const byNet = new Map<number, Net>();
  for (const line of lines) {
    const known = byNet.get(line.net) ?? { net: line.net, from: line.from, to: [], row: -1 };
    known.to.push({ x: arrivals.get(line)!, arrives: line.arrives ?? true });
    byNet.set(line.net, known);
  }
  const nets = [...byNet.values()];
  const bent = nets.filter((net) => net.to.some(({ x }) => x !== net.from));
  const startsAt = new Map(bent.map((net) => [net.from, net]));
  const above = (net: Net): Net[] =>
    net.to.flatMap(({ x }) => {
      const other = startsAt.get(x);
      return other && other !== net ? [other] : [];
    });
  // Nets that end at the same node alone may run together: they meet anyway.
  const endsOf = (net: Net): string => net.to.map(({ x }) => x).join(' ');
  const rows: { left: number; right: number; ends: string }[][] = [];
  const open = new Set<Net>();
  const visit = (net: Net): void => {
    if (net.row >= 0 || open.has(net)) return;
    open.add(net);
    const over = above(net);
    over.forEach(visit);
    const [left, right] = span(net);
    const ends = endsOf(net);
    let row = Math.max(0, ...over.map((other) => other.row + 1));
    const meets = (each: { left: number; right: number; ends: string }): boolean =>
      each.left <= right + 1 && left <= each.right + 1 && (each.ends !== ends || net.to.length > 1);
    while (rows[row]?.some(meets)) row++;
    while (rows.length <= row) rows.push([]);
    rows[row]!.push({ left, right, ends });
    net.row = row;
  };
  bent.sort((a, b) => span(a)[0] - span(b)[0]).forEach(visit);
  return { nets, rows: rows.length };
}

function span(net: Net): [number, number] {
  const xs = [net.from, ...net.to.map(({ x }) => x)];
  return [Math.min(...xs), Math.max(...xs)];
}

/** The column in which each line arrives. */
function arrivalsOf(lines: readonly ChannelLine[]): Map<ChannelLine, number> {
  const branches = new Map<number, number>();
  const into = new Map<number, ChannelLine[]>();
  for (const line of lines) {
    branches.set(line.net, (branches.get(line.net) ?? 0) + 1);
    into.set(line.to, [...(into.get(line.to) ?? []), line]);
  }
  const starts = new Set(lines.map((line) => line.from));
  const arrivals = new Map<ChannelLine, number>();
  for (const [to, all] of into) {
    // Nets that come here alone share a column; each that also goes elsewhere has its own.
    const alone = all.filter((line) => branches.get(line.net) === 1);
    const slots = [
      ...(alone.length > 0 ? [alone] : []),
      ...all.filter((line) => branches.get(line.net) !== 1).map((line) => [line]),
    ].sort((a, b) => middle(a) - middle(b));
    const { reach } = all[0]!;
    const step = slots.length < 2 ? 0 : Math.min(4, Math.floor((2 * reach) / (slots.length - 1)));
    const taken = new Set<number>();
    slots.forEach((slot, i) => {
      const wished = to + Math.round((i - (slots.length - 1) / 2) * step);
      const others = new Set([...starts].filter((x) => !slot.some((line) => line.from === x)));
      // Not under the beginning of another line, where that can be helped.
      const x =
        [0, 1, -1, 2, -2]
          .map((shift) => wished + shift)
          .find((at) => Math.abs(at - to) <= reach && !others.has(at) && !taken.has(at)) ?? wished;
      taken.add(x);
      for (const line of slot) arrivals.set(line, slots.length === 1 && reach === 0 ? to : x);
    });
  }
  return arrivals;
}

const middle = (lines: readonly ChannelLine[]): number =>
  lines.reduce((sum, line) => sum + line.from, 0) / lines.length;
