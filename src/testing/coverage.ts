import type { AnyRunEvent } from '../contracts/events.ts';
import { modelNames, type Plan, type PlanNode } from '../contracts/plan.ts';

/** What of a workflow the tests have run. Paths have no indexes: `priced.price` is the node in the body of `priced`. */
export interface WorkflowCoverage {
  workflow: string;
  nodes: Part;
  /** Of a condition `check.then` and `check.else`; of a node with `if`, `alert (run)` and `alert (skipped)`. */
  branches: Part;
}
export interface Part {
  total: number;
  covered: number;
  missing: string[];
}

interface Known {
  nodes: Map<string, boolean>;
  branches: Map<string, boolean>;
}

/** A workflow that many nodes run is looked at where it stands, but not without end. */
const MOST_PLACES = 20_000;

/** Folds runs into the coverage of the workflows that they ran, child workflows included. */
export class Coverage {
  readonly #workflows = new Map<string, Known>();

  /** Makes a workflow known that no run may have touched. */
  declare(plan: Plan): void {
    this.#places(plan);
  }

  add(plan: Plan, events: readonly AnyRunEvent[]): void {
    const places = this.#places(plan);
    for (const event of events) {
      if (event.path === undefined) continue;
      const place = places.get(event.path.replace(/\[\d+\]/g, ''));
      if (!place) continue;
      const { known, local, conditional } = place;
      if (event.type === 'node.skipped') {
        if (event.data.reason === 'condition') mark(known.branches, `${local} (skipped)`);
        continue;
      }
      if (!RAN.has(event.type)) continue;
      mark(known.nodes, local);
      if (conditional) mark(known.branches, `${local} (run)`);
      if (event.type === 'node.started' && event.data.branch)
        mark(known.branches, `${local}.${event.data.branch}`);
    }
  }

  /** By name. */
  report(): WorkflowCoverage[] {
    return [...this.#workflows]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([workflow, { nodes, branches }]) => ({
        workflow,
        nodes: partOf(nodes),
        branches: partOf(branches),
      }));
  }

  /** Path in a run, without indexes -> the workflow that the node belongs to, and its path there. */
  #places(plan: Plan): Map<string, { known: Known; local: string; conditional: boolean }> {
    const places = new Map<string, { known: Known; local: string; conditional: boolean }>();
    const list = (name: string, nodes: PlanNode[], prefix: string, outer: string): void => {
      let known = this.#workflows.get(name);
      if (!known) {
        known = { nodes: new Map(), branches: new Map() };
        this.#workflows.set(name, known);
      }
      for (const node of nodes) {
        const path = outer === '' ? node.id : `${outer}.${node.id}`;
        const local = prefix === '' ? node.id : `${prefix}.${node.id}`;
        if (places.size >= MOST_PLACES) return;
        const conditional = node.if !== undefined;
        places.set(path, { known, local, conditional });
        declare(known.nodes, local);
        if (conditional) for (const way of ['run', 'skipped']) declare(known.branches, `${local} (${way})`);
        if (node.type === 'condition') {
          for (const branch of ['then', 'else'] as const) {
            declare(known.branches, `${local}.${branch}`);
            list(name, node[branch], `${local}.${branch}`, `${path}.${branch}`);
          }
        } else if (node.type === 'loop') list(name, node.body, local, path);
        else if (node.type === 'parallel') {
          for (const [branch, inner] of Object.entries(node.branches))
            list(name, inner, `${local}.${branch}`, `${path}.${branch}`);
        } else if (node.type === 'agent') {
          for (const [call, digest] of modelNames(node.config.tools ?? {})) {
            const callee = plan.workflows[digest];
            if (callee) list(callee.name, callee.nodes, '', `${path}.${call}`);
          }
        } else if (node.type === 'workflow') {
          const child = plan.workflows[node.workflow];
          if (child) list(child.name, child.nodes, '', path);
        }
      }
    };
    list(plan.name, plan.nodes, '', '');
    return places;
  }
}

const RAN = new Set(['node.started', 'node.succeeded', 'node.failed', 'node.cached', 'node.retrying']);

const declare = (all: Map<string, boolean>, key: string): void => {
  if (!all.has(key)) all.set(key, false);
};
const mark = (all: Map<string, boolean>, key: string): void => {
  if (all.has(key)) all.set(key, true);
};

function partOf(all: Map<string, boolean>): Part {
  const missing = [...all].filter(([, covered]) => !covered).map(([key]) => key);
  return { total: all.size, covered: all.size - missing.length, missing };
}
