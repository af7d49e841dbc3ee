import type { AnyRunEvent, CallData, EventError, RunState, Usage } from '../contracts/events.ts';
import type { Json } from '../contracts/json.ts';
import type { EffectNode, Plan } from '../contracts/plan.ts';

/** What the engine asks of the world. Stores, effects and clocks are values that the host hands in. */

/** Epoch milliseconds, timers and randomness; the simulation brings its own. */
export interface Clock {
  now(): number;
  /** Calls back once, at or after `at`; the returned function cancels. */
  at(at: number, wake: () => void): () => void;
  /** In [0, 1). */
  random(): number;
}

/** A run as the store keeps it: the row that lists and claims read; the journal is the truth. */
export interface RunRow {
  project: string;
  id: string;
  state: RunState;
  name: string;
  version: string;
  digest: string;
  planDigest: string;
  /** sha256 of what the run was asked to be: the same id with other content is a conflict. */
  contentHash: string;
  createdAt: number;
  startedAt: number | null;
  endedAt: number | null;
  createdBy: string;
  usage: Usage;
  cost: number;
  maxCost: number | null;
  deadlineAt: number | null;
  cancelRequested: boolean;
  /** Number of the last event. */
  seq: number;
  /** Who drives it, until when; a higher epoch fences a worker that lost it. */
  leaseOwner: string | null;
  leaseEpoch: number;
  leaseUntil: number | null;
  /** When a waiting run has to be taken up again. */
  wakeAt: number | null;
  error: { code: string; message: string } | null;
}

export interface NewRun {
  row: RunRow;
  plan: Plan;
  events: AnyRunEvent[];
}

/** Columns that a commit changes together with its events. */
export type RunPatch = Partial<
  Pick<RunRow, 'state' | 'startedAt' | 'endedAt' | 'usage' | 'cost' | 'cancelRequested' | 'wakeAt' | 'error'>
>;

export interface Change {
  project: string;
  runId: string;
  /** The journal must end here, or the change is refused (`lease_lost`). */
  expectedSeq: number;
  /** The lease that the writer holds; absent for writes that need none (a cancel request). */
  epoch?: number;
  events: AnyRunEvent[];
  patch: RunPatch;
  /**
   * Gives the lease back in the same transaction: the run ended, waits or was suspended. Without `epoch` it takes the
   * lease away from whoever holds it: the epoch is raised, so that worker's next commit is refused.
   */
  release?: boolean;
}

export interface RunQuery {
  project: string;
  state?: RunState;
  name?: string;
  /** Rows strictly older than this (createdAt, id). */
  before?: { createdAt: number; id: string };
  limit: number;
}

export interface ClaimRequest {
  worker: string;
  leaseMs: number;
  now: number;
  limit: number;
  /** Only this run, if it can be claimed. */
  only?: { project: string; runId: string };
  /** With `only`: also when another worker holds its lease, who is fenced by it. Not when it ended. */
  force?: boolean;
}

/** What a worker has to know of a run that it drives, when another process changed something. */
export interface HeldRun {
  project: string;
  runId: string;
  epoch: number;
  cancelRequested: boolean;
}

/** Runs and their journals. Every method is atomic; `commit` may be grouped with other runs' in one transaction. */
export interface RunStore {
  /** Makes the run, or returns the one with this id (`created: false`); other content under the id is `idempotency_mismatch`. */
  create(
    run: NewRun,
    lease?: { worker: string; leaseMs: number },
  ): Promise<{ row: RunRow; created: boolean }>;
  get(project: string, runId: string): Promise<RunRow | undefined>;
  list(query: RunQuery): Promise<RunRow[]>;
  plan(digest: string): Promise<Plan | undefined>;
  events(project: string, runId: string, afterSeq?: number, limit?: number): Promise<AnyRunEvent[]>;
  commit(change: Change): Promise<void>;
  /** Takes runs that are queued, due, or whose lease ran out; raises their epoch. */
  claim(request: ClaimRequest): Promise<RunRow[]>;
  /** False when the lease is no longer the worker's. */
  renew(project: string, runId: string, epoch: number, until: number): Promise<boolean>;
  release(project: string, runId: string, epoch: number): Promise<void>;
  /** The runs whose lease this worker holds: all of them, which may take a while, or those of `among`. */
  held(worker: string, among?: { project: string; runId: string }[]): Promise<HeldRun[]>;
  /** When the next run can be claimed (it may be in the past); undefined when none is queued, due or leased. */
  nextDue(): Promise<number | undefined>;
  /** Sets `cancelRequested`: the driver sees it through `onChange`; once nobody drives the run, it is due at once. */
  requestCancel(project: string, runId: string): Promise<RunRow | undefined>;
  cacheGet(key: string, now: number): Promise<{ result: Json; runId: string } | undefined>;
  cachePut(key: string, entry: { result: Json; runId: string; expiresAt: number | null }): Promise<void>;
  /**
   * Calls back after something of the run was committed by this process; with `('', '')` when another process changed
   * something, where the store can tell that but not what.
   */
  onChange(listener: (project: string, runId: string) => void): () => void;
}

/** What an effect is given for one attempt. */
export interface Attempt {
  project: string;
  runId: string;
  path: string;
  attempt: number;
  /** Stable over attempts: `${runId}:${path}`. */
  idempotencyKey: string;
  node: EffectNode;
  plan: Plan;
  args: Json;
  /** Aborted by timeout, cancel and suspend; an effect must stop then. */
  signal: AbortSignal;
  now: number;
  log(level: 'debug' | 'info' | 'warn' | 'error', message: string, fields?: { [key: string]: Json }): void;
  progress(progress: { done?: number; total?: number; message?: string }): void;
  /** Streamed text: live frames, never journalled. */
  delta(text: string): void;
  /** Journalled steps of earlier attempts, and the way to journal one. */
  steps: Step[];
  step(step: Step): Promise<void>;
  /**
   * Runs a workflow of the plan as a part of this attempt, in its journal, under `${path}.${name}[${step}]`; one at a time. It
   * has ended, well or not, when the promise does; called again for a step (after a crash), it goes on with what is there.
   */
  call(call: Call): Promise<CallEnd>;
  /** US dollars that are left now, of the run's budget and of the agents and workflows that this works for; undefined = no budget. */
  readonly budgetLeft?: number | undefined;
}

export interface Call extends CallData {
  /** The index of the step that it will be. */
  step: number;
}

/** How a call ended, and what was spent within it; that is counted already. */
export interface CallEnd {
  result?: Json;
  error?: EventError;
  usage: Usage;
  cost: number;
}

export interface Step {
  kind: 'model' | 'tool';
  name: string;
  result: Json;
  usage?: Usage;
  cost?: number;
  /** What was spent by what it called; counted there. */
  within?: { usage: Usage; cost: number };
}

export interface AttemptResult {
  result: Json;
  /** What the whole attempt used, its journalled steps (of earlier attempts too) included. */
  usage?: Usage;
  cost?: number;
  model?: string;
}

/**
 * The effect of a node type. Fails by throwing; an IceError with `terminal` is not retried. An error that was paid
 * for (a model answered, but not well) says so in `details.usage` and `details.cost`, counted as in AttemptResult.
 */
export type Effect = (attempt: Attempt) => Promise<AttemptResult>;
export type Effects = Partial<Record<EffectNode['type'], Effect>>;

/** Checks a value against a JSON Schema; undefined when it matches, else what is wrong, in one line. */
export type CheckSchema = (
  schema: import('../contracts/json.ts').JsonSchema,
  value: Json,
) => string | undefined;

/** Live frames that are not events (text deltas), for followers in this process. */
export interface LiveFrame {
  project: string;
  runId: string;
  path: string;
  attempt: number;
  text: string;
}

/** Conversations of agents that outlive their node: of a run, or of a name in the project. */
export interface ThreadStore {
  /** The last messages, oldest first (at most 200), but those of the turn `except`. */
  read(project: string, thread: string, except: string): Promise<Json[]>;
  /** Adds the messages of a turn at the end; a turn that is there already is replaced in its place. */
  append(project: string, thread: string, turn: string, messages: Json[]): Promise<void>;
}
