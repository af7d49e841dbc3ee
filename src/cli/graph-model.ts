import type { Blueprint, BlueprintNode } from '../contracts/blueprint.ts';
import type { AnyRunEvent, NodeState } from '../contracts/events.ts';
import { type NodeView, RunView, SETTLED } from '../contracts/run-view.ts';
import type { OutlineNode, Run } from '../contracts/runs.ts';
import { Graph } from '../language/graph/graph.ts';
import { Templates } from '../language/graph/templates.ts';
import { toolsIn } from '../language/references/catalog.ts';
import { nestedLists } from '../language/shape/draft.ts';
import type { GraphFigures, GraphList, GraphModel, GraphNode } from './render/graph/index.ts';

/** The document that a node's `workflow: name@range` means; undefined where it can't be had. */
export type LoadWorkflow = (ref: string) => Promise<Blueprint | undefined>;

/** Child workflows are drawn inside their nodes this deep, and as long as the picture has fewer nodes than this. */
const MOST_DEPTH = 4;
const MOST_NODES = 5_000;

/** A blueprint as a graph: who reads whom is read off its expressions, nothing is built or resolved. */
export async function modelOfBlueprint(blueprint: Blueprint, load: LoadWorkflow): Promise<GraphModel> {
  let left = MOST_NODES;
  const draw = async (document: Blueprint, depth: number, open: readonly string[]): Promise<GraphNode[]> => {
    const graph = new Graph(document, new Templates());
    const list = async (nodes: readonly BlueprintNode[]): Promise<GraphNode[]> => {
      const drawn: GraphNode[] = [];
      for (const node of nodes) drawn.push(await one(node));
      return drawn;
    };
    const one = async (node: BlueprintNode): Promise<GraphNode> => {
      left--;
      const lists: GraphList[] = [];
      for (const inner of nestedLists(node))
        lists.push({ name: inner.keys.at(-1)!, nodes: await list(inner.nodes) });
      if (node.type === 'workflow' && depth < MOST_DEPTH && left > 0 && !open.includes(node.workflow)) {
        const child = await load(node.workflow);
        if (child)
          lists.push({ name: child.name, nodes: await draw(child, depth + 1, [...open, node.workflow]) });
      }
      for (const { kind, text, ref } of node.type === 'agent' ? toolsIn(node) : [])
        if (kind === 'workflow' && ref && depth < MOST_DEPTH && left > 0 && !open.includes(ref.name)) {
          const child = await load(text.replace(/^workflow\//, ''));
          if (child)
            lists.push({ name: child.name, nodes: await draw(child, depth + 1, [...open, ref.name]) });
        }
      const label = labelOf(node);
      const detail = detailOf(node);
      return {
        id: node.id,
        type: node.type,
        ...(label === undefined ? {} : { label }),
        ...(detail === undefined ? {} : { detail }),
        after: [...graph.of(node).after],
        lists,
      };
    };
    return list(document.nodes);
  };
  return {
    name: blueprint.name,
    version: blueprint.version,
    nodes: await draw(blueprint, 0, [blueprint.name]),
  };
}

function labelOf(node: BlueprintNode): string | undefined {
  switch (node.type) {
    case 'tool':
      return node.tool;
    case 'llm':
      return node.model;
    case 'agent':
      return node.agent ?? node.model;
    case 'workflow':
      return node.workflow;
    default:
      return undefined;
  }
}

function detailOf(node: BlueprintNode): string | undefined {
  const parts: string[] = [];
  if (node.type === 'loop') parts.push(`over ${expressionText(node.items)}`);
  if (node.type === 'agent' && node.tools?.length) parts.push(`calls ${node.tools.join(', ')}`);
  if (node.type === 'condition') parts.push(expressionText(node.expression));
  if (node.type === 'parallel' && node.wait !== undefined && node.wait !== 'all')
    parts.push(`until ${node.wait}`);
  if (node.if !== undefined && node.if !== true) parts.push(`if ${expressionText(node.if)}`);
  return parts.length === 0 ? undefined : parts.join(' ');
}

/** `{{ load.rows }}` without its braces. */
function expressionText(value: unknown): string {
  if (Array.isArray(value)) return `${value.length} items`;
  if (typeof value !== 'string') return String(value);
  const only = /^\s*\{\{([\s\S]*)\}\}\s*$/.exec(value);
  return only && !only[1]!.includes('{{') ? only[1]!.trim() : value;
}

/** A run as a graph: its outline, and what its journal says of each node. */
export function modelOfRun(
  run: Run,
  outline: OutlineNode[],
  events: readonly AnyRunEvent[],
  now: number,
): GraphModel {
  const view = new RunView(outline);
  const rounds = new Rounds();
  for (const event of events) {
    const node = view.apply(event);
    if (node) rounds.take(node);
  }
  const draw = (nodes: readonly OutlineNode[], path: string): GraphNode[] =>
    nodes.map((node) => {
      const at = path === '' ? node.id : `${path}.${node.id}`;
      const lists = Object.entries(node.lists ?? {}).map(([name, list]) => ({
        name,
        nodes: draw(list, innerPath(node.type, at, name)),
      }));
      return {
        id: node.id,
        type: node.type,
        ...(node.label === undefined ? {} : { label: node.label }),
        after: node.after ?? [],
        lists,
        figures: rounds.figuresOf(at, view.find(at), view.clock(now)),
      };
    });
  const ms = view.startedAt === undefined ? undefined : (view.endedAt ?? view.clock(now)) - view.startedAt;
  return {
    name: run.name,
    version: run.version,
    nodes: draw(outline, ''),
    run: { id: run.id, state: run.state, ...(ms === undefined ? {} : { ms }), cost: run.cost },
  };
}

/** As the paths of the journal have it, without the rounds of loops: `priced.price`, `check.then.notify`. */
const innerPath = (type: string, path: string, list: string): string =>
  type === 'loop' || type === 'workflow' ? path : `${path}.${list}`;

interface Tally {
  live: Map<string, NodeState>;
  settled: Map<string, NodeState>;
  total: number;
  failed: number;
  ms: number;
  cost: number;
  note?: string;
}

/** What became of each node, all rounds of the loops around it together. */
class Rounds {
  readonly #tallies = new Map<string, Tally>();

  take(node: NodeView): void {
    if (node.type === 'item' || node.type === 'list') return;
    const path = node.path.replace(/\[\d+\]/g, '');
    let tally = this.#tallies.get(path);
    if (tally === undefined) {
      tally = { live: new Map(), settled: new Map(), total: 0, failed: 0, ms: 0, cost: 0 };
      this.#tallies.set(path, tally);
    }
    if (!SETTLED.has(node.state)) {
      tally.live.set(node.path, node.state);
      return;
    }
    tally.live.delete(node.path);
    if (tally.settled.has(node.path)) return;
    tally.settled.set(node.path, node.state);
    tally.cost += node.cost ?? 0;
    if (node.state === 'skipped') {
      tally.note ??= node.skipped;
      return;
    }
    tally.total++;
    if (node.startedAt !== undefined && node.endedAt !== undefined) tally.ms += node.endedAt - node.startedAt;
    if (node.state !== 'failed') return;
    tally.failed++;
    if (node.error) tally.note = `${node.error.code}: ${node.error.message}`;
  }

  figuresOf(path: string, view: NodeView | undefined, now: number): GraphFigures {
    const tally = this.#tallies.get(path);
    if (tally === undefined) return { state: view?.state ?? 'pending' };
    const live = [...tally.live.values()];
    const states = new Set(tally.settled.values());
    const state =
      (['running', 'retrying', 'waiting'] as const).find((each) => live.includes(each)) ??
      (['failed', 'succeeded', 'cancelled', 'skipped'] as const).find((each) => states.has(each)) ??
      view?.state ??
      'pending';
    const running = view?.startedAt !== undefined && view.endedAt === undefined ? now - view.startedAt : 0;
    const cost = this.#costBelow(path);
    return {
      state,
      ...(tally.ms + running > 0 ? { ms: tally.ms + running } : {}),
      ...(cost > 0 ? { cost } : {}),
      ...(tally.total > 1 || (tally.failed > 0 && tally.total > 1)
        ? { rounds: { total: tally.total, failed: tally.failed } }
        : {}),
      ...(tally.note === undefined ? {} : { note: tally.note }),
    };
  }

  #costBelow(path: string): number {
    let cost = 0;
    for (const [at, tally] of this.#tallies) if (at === path || at.startsWith(`${path}.`)) cost += tally.cost;
    return cost;
  }
}
