import type { EventError, NodeState, RunState, Usage } from '../contracts/events.ts';
import type { Json, JsonObject } from '../contracts/json.ts';
import { childPath } from '../contracts/plan.ts';
import type { FailedItem, NodeOutcome, Scope } from '../language/expressions/index.ts';
import type { Step } from './ports.ts';
import type { NodeList, NodeSpec, Program } from './program.ts';

/**
 * What a journal says so far. `evolve` makes it from events and owns it: it changes the fold in place, so that a step
 * costs the same at the thousandth node as at the first. Nobody else changes it.
 */
export interface RunFold {
  readonly program: Program;
  runId: string;
  state: RunState;
  /** Number of the last event. */
  seq: number;
  createdAt: number;
  /** When the first worker took it. */
  startedAt: number | null;
  endedAt: number | null;
  inputs: JsonObject;
  /** Limits that the run was created with. */
  deadlineAt: number | null;
  maxCost: number | null;
  usage: Usage;
  cost: number;
  root: Frame;
  rootFailure: Failure | undefined;
  /** Nodes of the open frames by path. */
  nodes: Map<string, NodeRecord>;
  /** Nodes whose siblings have settled and that nobody has looked at yet, in order. */
  readyEffects: Set<NodeRecord>;
  readyPure: Set<NodeRecord>;
  readyContainers: Set<NodeRecord>;
  /** Containers whose lanes have decided what becomes of them. */
  settling: Set<NodeRecord>;
  /** Frames in which a node failed while others still run: those have to be stopped. */
  failing: Set<Frame>;
  /** Effects with an attempt that has started and not ended. */
  inFlight: Set<NodeRecord>;
  /** Nodes that failed, or whose worker went away, and are to be started again from `retryAt` on. */
  retrying: Set<NodeRecord>;
  /** Running containers that have a time limit. */
  timed: Set<NodeRecord>;
  /** Agents that have called a workflow as a tool. */
  calling: Set<NodeRecord>;
  cancelling: { by?: string; reason?: string } | undefined;
  handledFailures: string[];
  /** About how many characters of results were journalled. */
  size: number;
  outputs: JsonObject | null;
  error: EventError | null;
}

export interface Spending {
  usage: Usage;
  cost: number;
}

export interface Failure {
  error: EventError;
  /** Path of the node that failed first. */
  path: string;
}

/** One list of nodes in execution: the run's own, a branch's, an item's, or a child workflow's. It is a scope. */
export class Frame implements Scope {
  readonly fold: RunFold;
  readonly list: NodeList;
  /** Prefix of its nodes' paths. */
  readonly path: string;
  /** The container that it belongs to, and which of its lanes it is. */
  readonly owner: NodeRecord | undefined;
  readonly lane: number;
  /** The frame whose names are seen from here; none for a workflow. */
  readonly outer: Frame | undefined;
  /** Of a workflow: its inputs. */
  readonly inputs: JsonObject | undefined;
  /** Of an item: the names that it adds. */
  readonly as: string | undefined;
  readonly item: Json | undefined;
  readonly records: NodeRecord[];
  /** Nodes that have not settled. */
  unsettled: number;
  /** Nodes that have started and not ended. */
  active = 0;
  failure: Failure | undefined;
  /** Nothing starts here any more. */
  dead = false;
  /** Its lane has ended. */
  closed = false;
  /** A container around it may be tried again, so what succeeded inside has to be kept until that is over. */
  readonly retained: boolean;

  constructor(
    fold: RunFold,
    list: NodeList,
    path: string,
    place: {
      owner?: NodeRecord;
      lane?: number;
      outer?: Frame;
      inputs?: JsonObject;
      as?: string;
      item?: Json;
    },
  ) {
    this.fold = fold;
    this.list = list;
    this.path = path;
    this.owner = place.owner;
    this.lane = place.lane ?? 0;
    this.outer = place.outer;
    this.inputs = place.inputs;
    this.as = place.as;
    this.item = place.item;
    this.retained =
      place.owner !== undefined && (place.owner.spec.node.retry !== undefined || place.owner.frame.retained);
    this.unsettled = list.specs.length;
    this.records = list.specs.map((spec) => new NodeRecord(spec, this));
  }

  /** A variable; undefined when it has no value, as of a node that was skipped. */
  get(name: string): Json | undefined {
    let frame: Frame = this;
    for (;;) {
      const index = frame.list.byId.get(name);
      if (index !== undefined) return frame.records[index]!.readable();
      if (frame.as !== undefined) {
        if (name === frame.as) return frame.item;
        if (name === 'index') return frame.lane;
      }
      if (!frame.outer) break;
      frame = frame.outer;
    }
    if (name === 'inputs') return frame.inputs;
    if (name === 'run') {
      return {
        id: this.fold.runId,
        startedAt: new Date(this.fold.startedAt ?? this.fold.createdAt).toISOString(),
      };
    }
    return undefined;
  }

  node(id: string): NodeOutcome | undefined {
    const record = this.find(id);
    if (!record) return undefined;
    const { state, error, result, spec } = record;
    const lists = spec.node.type === 'loop' && spec.node.onItemError === 'continue';
    return {
      state,
      ...(error ? { error } : {}),
      ...(result === undefined ? {} : { result }),
      ...(lists ? { failed: record.failed ?? [] } : {}),
    };
  }

  /** The node with this id that is seen from here. */
  find(id: string): NodeRecord | undefined {
    for (let frame: Frame | undefined = this; frame; frame = frame.outer) {
      const index = frame.list.byId.get(id);
      if (index !== undefined) return frame.records[index];
    }
    return undefined;
  }
}

/** One node of one frame. */
export class NodeRecord {
  readonly spec: NodeSpec;
  readonly frame: Frame;
  readonly path: string;
  state: NodeState = 'pending';
  /** Siblings that it still waits for. */
  pending: number;
  /** The last attempt that started; 0 = none. */
  attempt = 0;
  /** Attempts that failed; a crash or a suspension is none. */
  failures = 0;
  /** How often it was in flight when its worker died, since its last step. */
  crashes = 0;
  startedAt = 0;
  retryAt = 0;
  timeoutAt = 0;
  result: Json | undefined = undefined;
  /** It failed, and `onError` dealt with it. */
  handled = false;
  /** What dependents read when it failed with `onError: { value }`. */
  instead: Json | undefined = undefined;
  error: EventError | undefined = undefined;
  steps: Step[] | undefined = undefined;
  /** Of an agent: the frame of what it calls, or called last, as a tool; see calls.ts. */
  calls: Frame | undefined = undefined;
  /** Of an agent, of what one calls, and of a workflow with a budget: what was spent by it and within it. */
  spent: Spending | undefined = undefined;
  lanes: Lanes | undefined = undefined;
  /** Of a loop that succeeded without some of its items. */
  failed: FailedItem[] | undefined = undefined;
  /** A value that the rules worked out for a container at its start: items of a loop, inputs of a child. */
  given: Json | undefined = undefined;

  constructor(spec: NodeSpec, frame: Frame) {
    this.spec = spec;
    this.frame = frame;
    this.path = childPath(frame.path, spec.node.id);
    this.pending = spec.pending;
  }

  /** What an expression reads under the node's id. */
  readable(): Json | undefined {
    if (this.state === 'succeeded') return this.result;
    return this.state === 'failed' ? this.instead : undefined;
  }

  get settled(): boolean {
    return this.state === 'succeeded' || this.state === 'failed' || this.state === 'skipped';
  }

  get active(): boolean {
    return this.state === 'running' || this.state === 'retrying' || this.state === 'waiting';
  }
}

/**
 * What a container runs: lanes numbered from 0 (items of a loop, branches of a parallel, the one list of a condition
 * or a child workflow), at most `limit` at once, opened in order.
 */
export interface Lanes {
  /** Of a condition or parallel: the list of each lane. */
  names: string[];
  total: number;
  limit: number;
  /** The next lane to open. */
  next: number;
  /** Lanes that have ended, well or not. */
  ended: number;
  /** Results by lane; absent = none (yet). */
  results: Map<number, Json>;
  failures: Map<number, Failure>;
  /** Lanes that are open, or failed and could be taken up again by a retry. */
  frames: Map<number, Frame>;
  open: number;
  /** Lanes to take up again after a retry, before new ones. */
  again: number[];
  /** Lanes are being opened just now. */
  opening: boolean;
}

export function createFold(
  program: Program,
  limits: { deadlineAt?: number | null; maxCost?: number | null } = {},
): RunFold {
  const fold: Omit<RunFold, 'root'> & { root?: Frame } = {
    program,
    runId: '',
    state: 'queued',
    seq: 0,
    createdAt: 0,
    startedAt: null,
    endedAt: null,
    inputs: {},
    deadlineAt: limits.deadlineAt ?? null,
    maxCost: limits.maxCost ?? null,
    usage: { inputTokens: 0, outputTokens: 0 },
    cost: 0,
    rootFailure: undefined,
    nodes: new Map(),
    readyEffects: new Set(),
    readyPure: new Set(),
    readyContainers: new Set(),
    settling: new Set(),
    failing: new Set(),
    inFlight: new Set(),
    retrying: new Set(),
    timed: new Set(),
    calling: new Set(),
    cancelling: undefined,
    handledFailures: [],
    size: 0,
    outputs: null,
    error: null,
  };
  // The real one is made with the inputs, by `run.created`.
  fold.root = new Frame(fold as RunFold, { specs: [], byId: new Map() }, '', {});
  return fold as RunFold;
}
