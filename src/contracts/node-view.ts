import type { EventError, NodeState, Usage } from './events.ts';
import type { Json } from './json.ts';

/** A node as it looks: the part of a run's view that is about one node, or about a group of them. */
export interface NodeView {
  /** `priced[3].price`; of a group, the path of what it groups: `priced[3]`, `check.then`. */
  path: string;
  id: string;
  /** A node's type; `item` for one round of a loop, `list` for a branch. */
  type: string;
  label?: string;
  state: NodeState;
  /** From 1; 0 before the first. */
  attempt: number;
  /** Epoch milliseconds. */
  startedAt?: number;
  endedAt?: number;
  usage?: Usage;
  /** US dollars, of this node alone, all attempts together. */
  cost?: number;
  /** The part of it that steps have told. */
  stepped?: Spending;
  model?: string;
  error?: EventError;
  /** The failure was handled by `onError` or by the loop. */
  handled?: boolean;
  cached?: boolean;
  /** Why it was skipped. */
  skipped?: string;
  /** When the next attempt, or the end of a wait, is due. */
  until?: number;
  waitingFor?: string;
  progress?: { done?: number; total?: number; message?: string };
  /** The end of the text that a model streams, while it does. */
  text?: string;
  lastLog?: string;
  /** Of an agent: when its last step ended. */
  steppedAt?: number;
  /** Of a loop: how many items; of a condition: which branch. */
  items?: number;
  branch?: string;
  children: NodeView[];
  /** Finished items of a loop, and earlier calls of an agent, that are no longer in `children`. */
  folded: number;
  /** What those spent. */
  foldedSpent?: Spent;
  /** Items of a loop that ended well, and with a failure. */
  done: number;
  failed: number;
}

export interface Spent {
  tokens: number;
  /** US dollars. */
  cost: number;
}

/** Total of a node and of what it holds or held. */
export function spentBy(node: NodeView): Spent {
  let tokens = (node.usage?.inputTokens ?? 0) + (node.usage?.outputTokens ?? 0);
  let cost = node.cost ?? 0;
  const inner = node.children.map(spentBy);
  for (const spent of node.foldedSpent ? [...inner, node.foldedSpent] : inner) {
    tokens += spent.tokens;
    cost += spent.cost;
  }
  return { tokens, cost };
}

/** What is no longer drawn is counted, with what it spent. */
export function foldInto(parent: NodeView, gone: NodeView): void {
  const { tokens, cost } = spentBy(gone);
  const before = parent.foldedSpent ?? { tokens: 0, cost: 0 };
  parent.foldedSpent = { tokens: before.tokens + tokens, cost: before.cost + cost };
  parent.folded++;
}

export const newView = (path: string, id: string, type: string, label?: string): NodeView => ({
  path,
  id,
  type,
  ...(label === undefined ? {} : { label }),
  state: 'pending',
  attempt: 0,
  children: [],
  folded: 0,
  done: 0,
  failed: 0,
});

/** A call of a tool by an agent; it is known when it has ended. */
export function toolStepView(
  agent: NodeView,
  path: string,
  step: { name: string; result: Json },
  endedAt: number,
): NodeView {
  const error = toldError(step.result);
  return {
    ...newView(path, step.name, 'tool'),
    state: error ? 'failed' : 'succeeded',
    startedAt: agent.steppedAt ?? agent.startedAt ?? endedAt,
    endedAt,
    ...(error ? { error, handled: true } : {}),
  };
}

/** The failure that an agent was told of, in place of a tool's result. */
function toldError(result: Json): EventError | undefined {
  const error =
    typeof result === 'object' && result !== null && !Array.isArray(result) ? result['error'] : undefined;
  if (typeof error !== 'object' || error === null || Array.isArray(error)) return undefined;
  const { code, message } = error;
  return typeof code === 'string' && typeof message === 'string' ? { code, message } : undefined;
}

/** What a node logged, a retry or a failure. */
export interface LogLine {
  seq: number;
  ts: number;
  path: string;
  level: 'debug' | 'info' | 'warn' | 'error';
  message: string;
  /** What the node said besides, as data. */
  fields?: { [key: string]: Json };
}

/** States that a node does not leave again. */
export const SETTLED: ReadonlySet<NodeState> = new Set(['succeeded', 'failed', 'skipped', 'cancelled']);

/** Why a node was skipped, in words. */
export function skipReason({ reason, because }: { reason: string; because?: string }): string {
  if (reason === 'condition') return 'its `if` is false';
  if (reason === 'branch') return 'the other branch was taken';
  return because ? `needs ${because}` : 'a node that it needs was skipped';
}

export const plus = (a: Usage | undefined, b: Usage): Usage => ({
  inputTokens: (a?.inputTokens ?? 0) + b.inputTokens,
  outputTokens: (a?.outputTokens ?? 0) + b.outputTokens,
});

export interface Spending {
  usage: Usage;
  cost: number;
}

/**
 * What an attempt says at its end is of the whole of it, earlier steps included, which a later attempt does not pay for
 * again: what the steps have told is taken off.
 */
export function notYetTold(
  node: NodeView,
  { usage, cost }: { usage?: Usage; cost?: number },
): Partial<Spending> {
  const told = node.stepped;
  const less = (whole: number, part = 0): number => Math.max(0, whole - part);
  return {
    ...(usage
      ? {
          usage: {
            inputTokens: less(usage.inputTokens, told?.usage.inputTokens),
            outputTokens: less(usage.outputTokens, told?.usage.outputTokens),
          },
        }
      : {}),
    ...(cost === undefined ? {} : { cost: less(cost, told?.cost) }),
  };
}

/** Counts what a node has spent; what a step tells is kept apart, too. */
export function spendOn(node: NodeView, { usage, cost }: Partial<Spending>, isStep: boolean): void {
  if (usage) node.usage = plus(node.usage, usage);
  if (cost !== undefined) node.cost = (node.cost ?? 0) + cost;
  if (!isStep || (!usage && !cost)) return;
  const told = node.stepped ?? { usage: { inputTokens: 0, outputTokens: 0 }, cost: 0 };
  node.stepped = { usage: usage ? plus(told.usage, usage) : told.usage, cost: told.cost + (cost ?? 0) };
}

/**
 * A container is tried again: what succeeded inside is kept, and the rest of what it holds begins anew. Items of a loop
 * that were folded after they failed are taken out of `byPath`, to be opened when they are spoken of again.
 */
export function beginAnew(
  container: NodeView,
  byPath: Map<string, { view: NodeView; parent?: NodeView }>,
): void {
  for (const child of container.children) {
    if (child.type !== 'item' && child.type !== 'list') clear(child);
    else if (child.state !== 'succeeded' && child.state !== 'skipped') {
      clear(child);
      child.children.forEach(clear);
    }
  }
  container.failed = 0;
  if (container.type !== 'loop') return;
  const drawn = new Set(container.children);
  for (const [path, { view, parent }] of byPath)
    if (parent === container && !drawn.has(view) && view.state !== 'succeeded' && byPath.delete(path))
      container.folded -= 1;
}

function clear(node: NodeView): void {
  if (node.state === 'succeeded' || node.handled) return;
  node.state = 'pending';
  node.error = undefined;
  node.endedAt = undefined;
  node.until = undefined;
  node.skipped = undefined;
}
