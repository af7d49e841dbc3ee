import type { Json } from '../contracts/json.ts';
import type { Plan, PlanNode, SubPlan } from '../contracts/plan.ts';
import { parseTemplate, type Template } from '../language/expressions/index.ts';
import type { CheckSchema } from './ports.ts';

/**
 * A plan made ready to execute: ids are numbers, dependencies are counters, each template is compiled once a process,
 * the first time it is needed.
 */
export interface Program {
  plan: Plan;
  check: CheckSchema;
  root: Body;
  /** Child workflows by digest. */
  workflows: Map<string, Body>;
}

/** A workflow's own list with its outputs. */
export interface Body {
  plan: SubPlan;
  list: NodeList;
  outputs: [name: string, Template][];
}

/** One list of nodes: of a workflow, a branch, or the body of a loop. */
export interface NodeList {
  specs: NodeSpec[];
  byId: Map<string, number>;
}

export type NodeKind = 'effect' | 'pure' | 'container';
const KINDS: Record<PlanNode['type'], NodeKind> = {
  tool: 'effect',
  llm: 'effect',
  agent: 'effect',
  code: 'effect',
  set: 'pure',
  condition: 'container',
  loop: 'container',
  parallel: 'container',
  workflow: 'container',
};

/** Names of the templates that a node may have. */
export type TemplateName =
  | 'if'
  | 'args'
  | 'values'
  | 'expression'
  | 'items'
  | 'result'
  | 'inputs'
  | 'onErrorValue';

export class NodeSpec<N extends PlanNode = PlanNode> {
  readonly node: N;
  readonly index: number;
  readonly kind: NodeKind;
  /** How many siblings must settle before this one. */
  readonly pending: number;
  /** Siblings (by index) that wait for this one. */
  readonly dependents: number[] = [];
  /** The lists of a container: `then`, `else`, `body`, or a branch's name. */
  readonly lists: Map<string, NodeList>;
  private readonly templates = new Map<TemplateName, Template>();

  constructor(node: N, index: number, lists: Map<string, NodeList>, pending: number) {
    this.node = node;
    this.index = index;
    this.kind = KINDS[node.type];
    this.lists = lists;
    this.pending = pending;
  }

  /** The compiled template of a field of this node. */
  template(name: TemplateName): Template {
    let template = this.templates.get(name);
    if (!template) {
      template = parseTemplate(this.source(name)).template;
      this.templates.set(name, template);
    }
    return template;
  }

  private source(name: TemplateName): Json {
    if (name !== 'onErrorValue') return (this.node as unknown as Record<string, Json>)[name] ?? null;
    const { onError } = this.node;
    return typeof onError === 'object' ? onError.value : null;
  }
}

/** Makes programs from plans, one a plan object: keep the object to keep what was compiled. */
export function createPrograms(check: CheckSchema): (plan: Plan) => Program {
  const known = new WeakMap<Plan, Program>();
  return (plan) => {
    let program = known.get(plan);
    if (!program) {
      const workflows = new Map<string, Body>();
      for (const [digest, child] of Object.entries(plan.workflows)) workflows.set(digest, bodyOf(child));
      program = { plan, check, root: bodyOf(plan), workflows };
      known.set(plan, program);
    }
    return program;
  };
}

const bodyOf = (plan: SubPlan): Body => ({
  plan,
  list: listOf(plan.nodes),
  outputs: Object.entries(plan.outputs).map(([name, value]) => [name, parseTemplate(value).template]),
});

function listOf(nodes: PlanNode[]): NodeList {
  const byId = new Map(nodes.map((node, index) => [node.id, index]));
  const waits = nodes.map(
    (node) => new Set(node.after.map((id) => byId.get(id)).filter((index) => index !== undefined)),
  );
  const specs = nodes.map((node, index) => new NodeSpec(node, index, listsOf(node), waits[index]!.size));
  waits.forEach((on, index) => {
    for (const other of on) specs[other]!.dependents.push(index);
  });
  return { specs, byId };
}

function listsOf(node: PlanNode): Map<string, NodeList> {
  switch (node.type) {
    case 'condition':
      return new Map([
        ['then', listOf(node.then)],
        ['else', listOf(node.else)],
      ]);
    case 'loop':
      return new Map([['body', listOf(node.body)]]);
    case 'parallel':
      return new Map(Object.entries(node.branches).map(([name, nodes]) => [name, listOf(nodes)]));
    default:
      return NO_LISTS;
  }
}

const NO_LISTS: Map<string, NodeList> = new Map();
