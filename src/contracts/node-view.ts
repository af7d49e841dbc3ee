import type { EventError, NodeState, Usage } from './events.ts';

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
  /** US dollars, of this node alone. */
  cost?: number;
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
  /** Of a loop: how many items; of a condition: which branch. */
  items?: number;
  branch?: string;
  children: NodeView[];
  /** Finished items of a loop that are no longer in `children`. */
  folded: number;
  /** Items of a loop that ended well, and with a failure. */
  done: number;
  failed: number;
}

/** What a node logged, a retry or a failure. */
export interface LogLine {
  seq: number;
  ts: number;
  path: string;
  level: 'debug' | 'info' | 'warn' | 'error';
  message: string;
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
export const negative = (usage: Usage | undefined): Usage | undefined =>
  usage && { inputTokens: -usage.inputTokens, outputTokens: -usage.outputTokens };
