import { type NodeView, type RunView, SETTLED } from '../../contracts/run-view.ts';
import { formatDuration } from './figures.ts';
import { type Frame, markOf } from './node-line.ts';
import { shortPath } from './short-path.ts';
import { oneLine, pad, textWidth, truncate } from './text-width.ts';
import { calledAgent } from './tree.ts';

/** Columns for the path of a node: a part of a wide terminal, and never less than this. */
const LEAST_NAME = 28;
const SHARE = 0.3;

/**
 * When each node ran, on one axis. Of a loop, what is under way or failed has bars of its own, and what has ended well
 * is in the bar of the loop. Newest last, at most `rows` lines with the axis.
 */
export function timelineLines(view: RunView, frame: Frame, rows = Number.POSITIVE_INFINITY): string[] {
  const { theme, columns, now } = frame;
  const from = view.startedAt ?? view.createdAt ?? now;
  const to = Math.max(from + 1, view.endedAt ?? now);
  const nodes: NodeView[] = [];
  const collect = (list: NodeView[]): void => {
    for (const node of list) {
      const group = node.type === 'list' || node.type === 'item';
      if (node.startedAt !== undefined && !group) nodes.push(node);
      // An item that has ended well says nothing that the loop does not.
      if (node.type !== 'item' || node.state === 'failed' || !SETTLED.has(node.state))
        collect(calledAgent(node)?.children ?? node.children);
    }
  };
  collect(view.nodes);
  nodes.sort((a, b) => a.startedAt! - b.startedAt!);
  const shown = nodes.slice(Math.max(0, nodes.length - Math.max(1, rows - 1)));
  const most = Math.max(LEAST_NAME, Math.floor(columns * SHARE));
  const name = Math.min(most, Math.max(6, ...shown.map((node) => textWidth(node.path))));
  const room = Math.max(10, columns - name - 14);
  const at = (time: number) =>
    Math.min(room - 1, Math.max(0, Math.floor(((time - from) / (to - from)) * room)));
  const lines = shown.map((node) => {
    const start = at(node.startedAt!);
    const end = at(node.endedAt ?? now);
    const bar = theme.mark.bar.repeat(Math.max(1, end - start + 1));
    const paint = node.state === 'failed' ? theme.bad : SETTLED.has(node.state) ? theme.good : theme.accent;
    const label = pad(shortPath(oneLine(node.path), name, theme.mark.ellipsis), name);
    const ms = (node.endedAt ?? now) - node.startedAt!;
    const length = ms < 1 ? '' : formatDuration(ms);
    return `${markOf(node.state, frame)} ${label} ${pad(' '.repeat(start) + paint(bar), room)} ${theme.dim(pad(length, 8, 'left'))}`;
  });
  const end = formatDuration(to - from);
  const axis = `0${' '.repeat(Math.max(1, room - 1 - end.length))}${end}`;
  return [...lines, theme.dim(`${' '.repeat(name + 3)}${axis}`)].map((line) =>
    truncate(line, columns, theme.mark.ellipsis),
  );
}
