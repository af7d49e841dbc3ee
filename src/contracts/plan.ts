import type { Manifest } from './components.ts';
import type { Json, JsonSchema } from './json.ts';

/**
 * A plan: a validated, pinned, compiled blueprint, the only thing the engine executes. It is JSON, stored under
 * its digest; expressions stay text and are compiled once a process. A run finishes on the format it began with.
 */
export interface Plan {
  plan: 1;
  name: string;
  version: string;
  /** Digest of the workflow component; for a tool run directly, of the tool. */
  digest: string;
  /** JSON Schema (object) of the inputs, defaults included. */
  inputs: JsonSchema;
  /** Inputs with `writeOnly: true`: shown as ***. */
  writeOnly: string[];
  nodes: PlanNode[];
  /** Templates. An output that reads a skipped node is null. */
  outputs: Record<string, Json>;
  deadlineMs?: number;
  /** US dollars: of the run, or of a child workflow and all within it. */
  maxCost?: number;
  /** Effects at once in the whole run. */
  concurrency: number;
  /** Every component that the plan may execute, child workflows' included, by digest. */
  components: Record<string, PlanComponent>;
  /** Child workflows by digest; theirs are here too. */
  workflows: Record<string, SubPlan>;
}

export type SubPlan = Omit<Plan, 'components' | 'workflows' | 'concurrency'>;

export interface PlanComponent {
  /** `std/csv-parse@1.0.0`; a component without a version in a registry has its source's. */
  ref: string;
  manifest: Manifest;
  /** What it says of itself; a model that may call it reads this. */
  description?: string;
}

export interface PlanRetry {
  maxAttempts: number;
  backoff: 'fixed' | 'linear' | 'exponential';
  initialMs: number;
  maxMs: number;
  jitter: boolean;
}

interface PlanNodeBase {
  id: string;
  /** Siblings (of the same list) that must have settled before this one starts. */
  after: string[];
  /** Nodes of any level in scope that this node itself reads or needs: skipped when one of them was skipped or failed without a value. */
  reads: string[];
  /** The condition, a template of one expression, or a constant. */
  if?: Json;
  retry?: PlanRetry;
  timeoutMs?: number;
  onError?: 'fail' | 'continue' | { value: Json };
  cache?: { ttlMs?: number };
  maxCrashes: number;
  /** JSON Schema of the result (for `llm` and `agent`: of `object`). */
  output?: JsonSchema;
}

/** A node with an effect: `args` are rendered for each attempt and handed to the effect of its type. */
export interface EffectNode extends PlanNodeBase {
  type: 'tool' | 'llm' | 'agent' | 'code';
  args: Json;
  /** What is not templated: the digest of the component, the model, limits. */
  config: EffectConfig;
}

export interface EffectConfig {
  component?: string;
  model?: string;
  fallback?: string[];
  temperature?: number;
  maxTokens?: number;
  code?: string;
  /** Tools of an agent: name -> component digest. */
  tools?: Record<string, string>;
  maxSteps?: number;
  maxCost?: number;
  /** Of an agent: `run` = the conversation of the run; else that of the thread named by `args.thread`. */
  memory?: 'run' | 'thread';
  mcp?: Json;
}

export interface SetPlanNode extends PlanNodeBase {
  type: 'set';
  values: Json;
}
export interface ConditionPlanNode extends PlanNodeBase {
  type: 'condition';
  expression: Json;
  then: PlanNode[];
  else: PlanNode[];
}
export interface LoopPlanNode extends PlanNodeBase {
  type: 'loop';
  items: Json;
  as: string;
  body: PlanNode[];
  concurrency: number;
  result?: Json;
  onItemError: 'fail' | 'continue';
}
export interface ParallelPlanNode extends PlanNodeBase {
  type: 'parallel';
  branches: Record<string, PlanNode[]>;
  concurrency: number;
  /** How many branches must succeed; absent = all. */
  wait?: number;
}
export interface WorkflowPlanNode extends PlanNodeBase {
  type: 'workflow';
  /** Digest of the child: a key of `Plan.workflows`. */
  workflow: string;
  inputs: Json;
}

export type PlanNode =
  | EffectNode
  | SetPlanNode
  | ConditionPlanNode
  | LoopPlanNode
  | ParallelPlanNode
  | WorkflowPlanNode;

/** Paths: `load`, `priced[3].price`, `check.then.notify`, `fan.left.fetch`, `child.step`, `clerk.refund[2].pay`. */
export const itemPath = (loop: string, index: number): string => `${loop}[${index}]`;
export const childPath = (parent: string, id: string): string => (parent === '' ? id : `${parent}.${id}`);
/** Of what an agent calls: its name, and the number of the step. */
export const callPath = (agent: string, name: string, step: number): string => `${agent}.${name}[${step}]`;
/** The agent of such a path. */
export const callerOf = (path: string): string => path.slice(0, path.lastIndexOf('.'));

/** The tools of an agent under the names that its model writes: letters, digits, `_` and `-`, at most 64 of them. */
export function modelNames(tools: Readonly<Record<string, string>>): Map<string, string> {
  const named = new Map<string, string>();
  for (const [name, digest] of Object.entries(tools)) {
    // `std/csv-parse` becomes `std_csv-parse`.
    const plain = name.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 60);
    let free = plain;
    for (let i = 2; named.has(free); i++) free = `${plain}_${i}`;
    named.set(free, digest);
  }
  return named;
}
