import type { NodeState } from '../../contracts/events.ts';
import { type NodeView, spentBy } from '../../contracts/run-view.ts';
import { formatCost, formatCount, formatDuration } from './figures.ts';
import { oneLine, pad, textWidth, truncate } from './text-width.ts';
import type { Theme } from './theme.ts';

/** One moment of a picture. */
export interface Frame {
  theme: Theme;
  columns: number;
  /** Epoch milliseconds; durations of what runs count up to it. */
  now: number;
  /** Off for a picture that does not move: what runs has a still mark. */
  moving: boolean;
}

/** The mark of a state, painted. */
export function markOf(state: NodeState, { theme, now, moving }: Frame): string {
  const { mark } = theme;
  switch (state) {
    case 'succeeded':
      return theme.good(mark.ok);
    case 'failed':
      return theme.bad(mark.fail);
    case 'running':
      return theme.accent(moving ? mark.spin[Math.floor(now / 80) % mark.spin.length]! : mark.run);
    case 'retrying':
      return theme.warn(mark.retry);
    case 'waiting':
      return theme.warn(mark.waiting);
    case 'skipped':
      return theme.dim(mark.skip);
    case 'cancelled':
      return theme.warn(mark.cancel);
    case 'pending':
      return theme.dim(mark.pending);
  }
}

const DURATION = 8;
const TOKENS = 11;
const COST = 10;

/** Which figures fit beside the tree. */
export interface FigureColumns {
  tokens: boolean;
  cost: boolean;
  width: number;
}

export function figureColumns(columns: number, spends: { tokens: boolean; cost: boolean }): FigureColumns {
  const tokens = spends.tokens && columns >= 64;
  const cost = spends.cost && columns >= 74;
  return { tokens, cost, width: DURATION + (tokens ? TOKENS : 0) + (cost ? COST : 0) };
}

/** A node in one line: what it is on the left, its figures right-aligned. */
export function nodeLine(
  node: NodeView,
  indent: string,
  nameWidth: number,
  figures: FigureColumns,
  frame: Frame,
): string {
  const { theme, columns } = frame;
  const room = columns - figures.width - 1;
  const parts = describe(node, frame);
  const name = nameOf(node, theme);
  let left = `${theme.dim(indent)}${markOf(node.state, frame)} ${parts.length > 0 ? pad(name, nameWidth) : name}`;
  for (const part of parts) {
    if (textWidth(left) + 2 >= room) break;
    left += `  ${part}`;
  }
  const space = room - textWidth(left) - 2;
  if (node.text && node.state === 'running' && space >= 16) left += `  ${theme.dim(tail(node.text, space))}`;
  return `${pad(truncate(left, room, theme.mark.ellipsis), room)} ${figuresOf(node, figures, frame)}`.trimEnd();
}

function nameOf(node: NodeView, theme: Theme): string {
  const name = oneLine(node.id);
  return node.state === 'pending' || node.state === 'skipped' ? theme.dim(name) : theme.strong(name);
}

/** A reference as a person knows it: content that is not registered has no version, which is said as 0.0.0. */
export const labelOf = (label: string): string => oneLine(label).replace(/@0\.0\.0$/, '');

/** The dim words after the name, most telling first. */
function describe(node: NodeView, frame: Frame): string[] {
  const { theme, now } = frame;
  const parts: string[] = [];
  if (node.type === 'loop' && node.items !== undefined) {
    parts.push(`${theme.dim(`${node.done + node.failed}/${node.items}`)}`);
    if (node.failed > 0)
      parts.push((node.state === 'failed' ? theme.bad : theme.warn)(`${node.failed} failed`));
  }
  if (node.attempt > 1 && node.state !== 'skipped') parts.push(theme.warn(`attempt ${node.attempt}`));
  if (node.state === 'retrying' && node.until !== undefined)
    parts.push(theme.warn(node.until <= now ? 'again' : `again in ${formatDuration(node.until - now)}`));
  if (node.state === 'waiting') {
    const left = node.until === undefined ? '' : `, ${formatDuration(Math.max(0, node.until - now))} left`;
    parts.push(theme.warn(`waits for ${node.waitingFor ?? 'something'}${left}`));
  }
  if (node.cached) parts.push(theme.dim('cached'));
  if (node.handled) parts.push(theme.dim('handled'));
  if (node.branch) parts.push(theme.dim(`${theme.mark.next} ${node.branch}`));
  if (node.type !== 'item' && node.type !== 'list')
    parts.push(theme.dim(node.label ? `${node.type} ${labelOf(node.label)}` : node.type));
  if (node.state === 'skipped' && node.skipped) parts.push(theme.dim(node.skipped));
  if (node.state === 'running' && node.progress) parts.push(theme.dim(progressOf(node.progress)));
  return parts;
}

function progressOf({ done, total, message }: NonNullable<NodeView['progress']>): string {
  const share =
    done !== undefined && total
      ? `${Math.round((100 * done) / total)}%`
      : done === undefined
        ? ''
        : `${done}`;
  return [share, message ? oneLine(message) : ''].filter(Boolean).join(' ');
}

function figuresOf(node: NodeView, figures: FigureColumns, { theme, now }: Frame): string {
  const end = node.endedAt ?? (node.state === 'running' || node.state === 'retrying' ? now : undefined);
  const ms = node.startedAt !== undefined && end !== undefined ? end - node.startedAt : undefined;
  let text = pad(ms === undefined || ms < 1 ? '' : formatDuration(ms), DURATION, 'left');
  const spent = spentBy(node);
  if (figures.tokens) text += pad(spent.tokens > 0 ? `${formatCount(spent.tokens)} tok` : '', TOKENS, 'left');
  if (figures.cost) text += pad(spent.cost > 0 ? formatCost(spent.cost) : '', COST, 'left');
  return theme.dim(text);
}

/** The end of a streamed text that fits: the newest words are at the right. */
function tail(text: string, columns: number): string {
  const words = oneLine(text);
  if (textWidth(words) <= columns) return words;
  let cut = words.slice(-columns + 1);
  while (textWidth(cut) > columns - 1) cut = cut.slice(1);
  return `…${cut}`;
}
