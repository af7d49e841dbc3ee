import type { Json } from './json.ts';

/** The journal of a run. Every view (tree, timeline, logs, API, cost) is a fold of these. */
export const RUN_STATES = [
  'queued',
  'running',
  'waiting',
  'paused',
  'succeeded',
  'failed',
  'cancelled',
] as const;
export type RunState = (typeof RUN_STATES)[number];
export const ENDED: ReadonlySet<RunState> = new Set(['succeeded', 'failed', 'cancelled']);

export const NODE_STATES = [
  'pending',
  'running',
  'retrying',
  'waiting',
  'succeeded',
  'failed',
  'skipped',
  'cancelled',
] as const;
export type NodeState = (typeof NODE_STATES)[number];

export interface Usage {
  inputTokens: number;
  outputTokens: number;
}

export interface EventError {
  code: string;
  message: string;
  hint?: string;
  details?: Record<string, unknown>;
}

/** What an agent calls as a tool besides tools: `workflow` is a key of the plan's workflows, an agent's too. */
export interface CallData {
  /** Name of the tool, as the model writes it. */
  name: string;
  kind: 'workflow' | 'agent';
  /** `refund@1.0.0`, for people. */
  ref: string;
  workflow: string;
  inputs: { [key: string]: Json };
}

/** type -> the shape of `data`. Times in milliseconds, money in US dollars. */
export interface EventData {
  'run.created': { name: string; version: string; plan: string; inputs: { [key: string]: Json }; by: string };
  'run.started': { worker: string; epoch: number };
  'run.waiting': { until?: number };
  'run.paused': { reason: 'asked' | 'detached' | 'budget' };
  'run.resumed': { by?: string };
  'run.alert': { message: string };
  'run.cancelling': { by?: string; reason?: string };
  'run.succeeded': { outputs: { [key: string]: Json }; handledFailures?: string[] };
  'run.failed': { error: EventError; path?: string };
  'run.cancelled': { reason?: string };
  'node.scheduled': Record<string, never>;
  /** `items`: of a loop; `branch`: of a condition; `branches`: of a parallel; `call`: of what an agent calls. */
  'node.started': {
    items?: number;
    branch?: 'then' | 'else';
    branches?: string[];
    at?: number;
    call?: CallData;
  };
  'node.log': {
    level: 'debug' | 'info' | 'warn' | 'error';
    message: string;
    fields?: { [key: string]: Json };
  };
  'node.progress': { done?: number; total?: number; message?: string };
  /**
   * A journalled step of an agent: a model call or a tool call. `within` is what a workflow or an agent that was called
   * as a tool spent; it was counted where it was spent.
   */
  'node.step': {
    index: number;
    kind: 'model' | 'tool';
    name: string;
    result: Json;
    usage?: Usage;
    cost?: number;
    within?: { usage: Usage; cost: number };
  };
  'node.cached': { result: Json; from: string };
  'node.retrying': { error: EventError; at: number; usage?: Usage; cost?: number };
  'node.waiting': { kind: string; until?: number };
  'node.answered': { by: string; value: Json };
  'node.signalled': { name: string; value: Json };
  /** A container's result is derived from its children's and not journalled again. */
  'node.succeeded': {
    result?: Json;
    derived?: true;
    durationMs?: number;
    usage?: Usage;
    cost?: number;
    model?: string;
    /** Of a loop with `onItemError: continue`: the indexes whose result is null because the item failed. */
    failed?: number[];
  };
  /** `because`: of a container, the path of the nested node that failed. */
  'node.failed': {
    error: EventError;
    handled?: boolean;
    because?: string;
    durationMs?: number;
    usage?: Usage;
    cost?: number;
  };
  'node.skipped': { reason: 'condition' | 'dependency' | 'branch'; because?: string };
  'node.cancelled': Record<string, never>;
}
export type EventType = keyof EventData;

/** One entry of a run's journal. `seq` starts at 1 and has no gaps; `ts` is in epoch milliseconds. */
export interface RunEvent<T extends EventType = EventType> {
  v: 1;
  seq: number;
  ts: number;
  runId: string;
  type: T;
  path?: string;
  attempt?: number;
  data: EventData[T];
}
/** The union over types, so that `switch (event.type)` narrows `data`. */
export type AnyRunEvent = { [T in EventType]: RunEvent<T> }[EventType];
