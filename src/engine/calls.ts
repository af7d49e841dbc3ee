import type { CallData } from '../contracts/events.ts';
import type { JsonObject } from '../contracts/json.ts';
import { callerOf, type WorkflowPlanNode } from '../contracts/plan.ts';
import { Frame, type NodeRecord, type RunFold, type Spending } from './fold.ts';
import { withDefaults } from './nodes/workflow.ts';
import { NodeSpec } from './program.ts';

/**
 * What an agent calls as a tool and is no tool: a workflow, or an agent as a workflow of one node. It is a node of type
 * `workflow` that the plan does not have: it comes to be with its `node.started`, under the path of the agent, its
 * name and the number of the step (`clerk.refund[3]`), in a frame that the agent owns, and is forgotten when its result is a step. So its
 * nodes are journalled, resumed and counted as all others are, and a crash in the middle repeats none that finished.
 */

/** The node that a call is, made when it is first spoken of; what it has done so far is kept when it is started again. */
export function openCall(fold: RunFold, path: string, call: CallData): NodeRecord | undefined {
  const agent = fold.nodes.get(callerOf(path));
  const body = fold.program.workflows.get(call.workflow);
  if (!agent || !body) return undefined;
  if (agent.calls?.records[0]?.path !== path) {
    const node: WorkflowPlanNode = {
      // The whole path, in a frame without one.
      id: path,
      type: 'workflow',
      workflow: call.workflow,
      inputs: {},
      after: [],
      reads: [],
      maxCrashes: agent.spec.node.maxCrashes,
      // Whatever becomes of it, the agent is told, and goes on or fails by itself.
      onError: 'continue',
    };
    const spec = new NodeSpec(node, 0, new Map(), 0);
    agent.calls = new Frame(fold, { specs: [spec], byId: new Map() }, '', { owner: agent });
    fold.calling.add(agent);
  }
  const frame = agent.calls!;
  const record = frame.records[0]!;
  frame.dead = false;
  frame.failure = undefined;
  frame.unsettled = 1;
  record.handled = false;
  // As they were given: a model's words are never taken for templates.
  record.given = withDefaults(body.plan.inputs, call.inputs as JsonObject);
  fold.nodes.set(path, record);
  return record;
}

/** The call under this path, while the agent has not taken its result. */
export const callAt = (agent: NodeRecord, path: string): NodeRecord | undefined => {
  const record = agent.calls?.records[0];
  return record?.path === path ? record : undefined;
};

/** Agents whose attempts wait in this process for what they called. */
export class Callers {
  readonly #waiting = new Map<NodeRecord, { path: string; ended(call: NodeRecord): void }>();

  wait(agent: NodeRecord, path: string): Promise<NodeRecord> {
    return new Promise((ended) => {
      this.#waiting.set(agent, { path, ended });
    });
  }

  /** Tells those whose calls have ended. To be called when what the fold says is on disk. */
  tell(): void {
    for (const [agent, { path, ended }] of this.#waiting) {
      const call = callAt(agent, path);
      if (!call?.settled) continue;
      this.#waiting.delete(agent);
      ended(call);
    }
  }

  leave(agent: NodeRecord): void {
    this.#waiting.delete(agent);
  }
}

/** Effects that are at work: an agent that waits for what it called is not, or it would hold the place of its own call. */
export function effectsAtWork(fold: RunFold): number {
  let count = fold.inFlight.size;
  for (const agent of fold.calling) if (fold.inFlight.has(agent) && isCalling(agent)) count -= 1;
  return count;
}

export const isCalling = (agent: NodeRecord): boolean => agent.calls?.records[0]?.active === true;

/** US dollars that a node may spend with all that is within it; undefined when it has no limit of its own. */
function ownBudget({ spec: { node }, frame }: NodeRecord): number | undefined {
  if (node.type === 'agent') return node.config.maxCost;
  return node.type === 'workflow' ? frame.fold.program.workflows.get(node.workflow)?.plan.maxCost : undefined;
}

/** Adds what a node spent to the agents and the workflows with a budget that it is within, and to itself if it is one. */
export function spendWithin(record: NodeRecord, spent: Spending): void {
  for (let at: NodeRecord | undefined = record; at; at = at.frame.owner) {
    const counts =
      at.spec.node.type === 'agent' ||
      at.frame.owner?.spec.node.type === 'agent' ||
      ownBudget(at) !== undefined;
    if (!counts) continue;
    at.spent ??= { usage: { inputTokens: 0, outputTokens: 0 }, cost: 0 };
    at.spent.usage.inputTokens += spent.usage.inputTokens;
    at.spent.usage.outputTokens += spent.usage.outputTokens;
    at.spent.cost = Math.round((at.spent.cost + spent.cost) * 1e10) / 1e10;
  }
}

/** US dollars that this node may still spend: of the run's, and of each agent and workflow that it works for. */
export function budgetLeft(record: NodeRecord): number | undefined {
  const { fold } = record.frame;
  let left = fold.maxCost === null ? Infinity : fold.maxCost - fold.cost;
  for (let at = record.frame.owner; at; at = at.frame.owner) {
    const budget = ownBudget(at);
    if (budget !== undefined) left = Math.min(left, budget - (at.spent?.cost ?? 0));
  }
  return left === Infinity ? undefined : Math.max(0, left);
}
