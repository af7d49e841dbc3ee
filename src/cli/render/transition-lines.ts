import type { AnyRunEvent } from '../../contracts/events.ts';
import { type NodeView, type RunView, SETTLED, spentBy } from '../../contracts/run-view.ts';
import { formatCost, formatDuration } from './figures.ts';
import { labelOf } from './node-line.ts';
import { oneLine, pad } from './text-width.ts';
import type { Theme } from './theme.ts';
import { elapsed, progressNote } from './tree.ts';

const HEARTBEAT_MS = 30_000;

/**
 * What is said off a terminal: one line a transition, append-only, and a sign of life when nothing happens. Lines are
 * plain words, so that a log can be searched: `started`, `ok`, `failed`, `retrying`, `skipped`, `waiting`.
 */
export function transitionLine(
  view: RunView,
  node: NodeView | undefined,
  event: AnyRunEvent,
  theme: Theme,
): string | undefined {
  const what = transition(view, node, event, theme);
  if (!what) return undefined;
  const from = view.startedAt ?? view.createdAt ?? event.ts;
  return `${theme.dim(pad(`+${((event.ts - from) / 1000).toFixed(1)}s`, 8, 'left'))}  ${what}`;
}

function transition(
  view: RunView,
  node: NodeView | undefined,
  event: AnyRunEvent,
  theme: Theme,
): string | undefined {
  const line = (paint: (text: string) => string, word: string, rest = ''): string =>
    `${paint(pad(word, 9))} ${event.path ?? 'run'}${rest === '' ? '' : `  ${theme.dim(rest)}`}`;
  const lasted =
    node?.startedAt !== undefined && node.endedAt !== undefined ? node.endedAt - node.startedAt : undefined;
  const cost = node ? spentBy(node).cost : 0;
  const spent = [
    lasted !== undefined && lasted >= 1 ? formatDuration(lasted) : '',
    cost > 0 ? formatCost(cost) : '',
  ]
    .filter(Boolean)
    .join(', ');
  const what = node?.label ? `${node.type} ${labelOf(node.label)}` : (node?.type ?? '');
  switch (event.type) {
    case 'run.started':
      return line(theme.accent, 'started', `${view.name} ${view.version}`.trim());
    case 'run.waiting':
      return line(
        theme.warn,
        'waiting',
        event.data.until ? `until ${new Date(event.data.until).toISOString()}` : '',
      );
    case 'run.paused':
      return line(theme.warn, 'paused', event.data.reason);
    case 'run.resumed':
      return line(theme.accent, 'resumed');
    case 'run.alert':
      return line(theme.warn, 'alert', oneLine(event.data.message));
    case 'run.cancelling':
      return line(theme.warn, 'cancelling');
    case 'run.succeeded':
      return line(theme.good, 'ok', elapsed(view, event.ts));
    case 'run.failed':
      return line(theme.bad, 'failed', elapsed(view, event.ts));
    case 'run.cancelled':
      return line(theme.warn, 'cancelled', elapsed(view, event.ts));
    case 'node.started':
      return line(
        theme.accent,
        'started',
        event.attempt && event.attempt > 1 ? `attempt ${event.attempt}` : what,
      );
    case 'node.retrying': {
      const again = formatDuration(Math.max(0, event.data.at - event.ts));
      return line(
        theme.warn,
        'retrying',
        `${event.data.error.code}: ${oneLine(event.data.error.message)}; again in ${again}`,
      );
    }
    case 'node.waiting':
      return line(theme.warn, 'waiting', event.data.kind);
    case 'node.cached':
      return line(theme.good, 'ok', 'cached');
    case 'node.succeeded':
      return line(theme.good, 'ok', spent);
    case 'node.failed':
      return line(
        event.data.handled ? theme.warn : theme.bad,
        'failed',
        `${event.data.error.code}: ${oneLine(event.data.error.message)}${spent ? ` (${spent})` : ''}`,
      );
    case 'node.skipped':
      return line(theme.dim, 'skipped', node?.skipped ?? event.data.reason);
    case 'node.cancelled':
      return line(theme.warn, 'cancelled');
    case 'node.log':
      return `${line(theme.dim, event.data.level)}  ${oneLine(event.data.message)}`;
    default:
      return undefined;
  }
}

/** Every 30 s of silence: where the run stands. Returns what stops it; `touch` puts the next one off. */
export function heartbeat(
  view: RunView,
  theme: Theme,
  say: (line: string) => void,
): { touch(): void; stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  const arm = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const running: string[] = [];
      const collect = (nodes: NodeView[]): void => {
        for (const node of nodes) {
          if (!SETTLED.has(node.state) && node.state !== 'pending' && node.children.length === 0)
            running.push(node.path);
          collect(node.children);
        }
      };
      collect(view.nodes);
      const on =
        running.length === 0 ? '' : `, on ${running.slice(0, 3).join(', ')}${running.length > 3 ? ' …' : ''}`;
      say(theme.dim(`   still ${view.state}: ${elapsed(view, Date.now())}, ${progressNote(view)}${on}`));
      arm();
    }, HEARTBEAT_MS);
    timer.unref();
  };
  arm();
  return { touch: arm, stop: () => clearTimeout(timer) };
}
