import type { RunState } from '../../contracts/events.ts';
import type { RunView } from '../../contracts/run-view.ts';
import { clockTime, formatCost, formatCount, formatDuration } from './figures.ts';
import { type Frame, markOf } from './node-line.ts';
import { truncate } from './text-width.ts';
import type { Theme } from './theme.ts';
import { elapsed, progressNote } from './tree.ts';

export type ViewName = 'tree' | 'timeline' | 'logs';

export interface FooterOptions {
  /** US dollars. */
  maxCost?: number;
  /** Shown when keys are read. */
  keys?: { view: ViewName; canCancel: boolean };
  /** A word of the moment: "cancelling; again = force". */
  notice?: string;
}

/** A run's state, painted. */
export function stateWord(state: RunState, theme: Theme): string {
  if (state === 'succeeded') return theme.good(state);
  if (state === 'failed') return theme.bad(state);
  if (state === 'running') return theme.accent(state);
  return theme.warn(state);
}

export function stateMark(state: RunState, frame: Frame): string {
  if (state === 'queued') return markOf('pending', frame);
  if (state === 'paused') return frame.theme.warn(frame.theme.mark.waiting);
  return markOf(state, frame);
}

/** Elapsed, progress, tokens, cost and budget in a line; and what the keys do. */
export function footerLines(view: RunView, frame: Frame, options: FooterOptions): string[] {
  const { theme, columns, now } = frame;
  const state =
    view.cancelling && view.endedAt === undefined ? theme.warn('cancelling') : stateWord(view.state, theme);
  const tokens = view.usage.inputTokens + view.usage.outputTokens;
  const parts = [
    `${stateMark(view.state, frame)} ${state}`,
    elapsed(view, now),
    theme.dim(progressNote(view)),
    tokens > 0 ? `${formatCount(tokens)} tokens` : '',
    costNote(view.cost, options.maxCost, theme),
    view.state === 'waiting' && view.until !== undefined
      ? theme.dim(
          `until ${clockTime(new Date(view.until))} (${formatDuration(Math.max(0, view.until - now))})`,
        )
      : '',
  ].filter(Boolean);
  const lines = [truncate(parts.join('   '), columns, theme.mark.ellipsis)];
  if (options.notice) lines.push(truncate(theme.warn(options.notice), columns, theme.mark.ellipsis));
  else if (options.keys) lines.push(truncate(keyLine(options.keys, theme), columns, theme.mark.ellipsis));
  return lines;
}

function costNote(cost: number, maxCost: number | undefined, theme: Theme): string {
  if (maxCost === undefined) return cost > 0 ? formatCost(cost) : '';
  const text = `${formatCost(cost)} of ${formatCost(maxCost)}`;
  if (cost >= maxCost) return theme.bad(text);
  return cost >= 0.8 * maxCost ? theme.warn(text) : text;
}

function keyLine({ view, canCancel }: { view: ViewName; canCancel: boolean }, theme: Theme): string {
  const key = (letter: string, what: string) => `${letter} ${theme.dim(what)}`;
  return [
    view === 'timeline' ? key('t', 'tree') : key('t', 'timeline'),
    view === 'logs' ? key('l', 'tree') : key('l', 'logs'),
    key('d', 'detach'),
    ...(canCancel ? [key('x', 'cancel')] : []),
  ].join('   ');
}
