import type { NodeState } from '../../../contracts/events.ts';

/** A node as it is drawn. */
export interface GraphNode {
  id: string;
  type: string;
  /** What it calls: a tool's reference, a model, a workflow. */
  label?: string;
  /** A word about how: the items of a loop, the question of a condition. */
  detail?: string;
  /** Siblings that it waits for. */
  after: string[];
  lists: GraphList[];
  figures?: GraphFigures;
}

/** A list of nodes inside a node. */
export interface GraphList {
  name: string;
  nodes: GraphNode[];
}

/** What a run made of a node; of a node in a loop, all of its rounds together. */
export interface GraphFigures {
  state: NodeState;
  /** Milliseconds; in a loop, of all rounds. */
  ms?: number;
  /** US dollars, with what is inside. */
  cost?: number;
  /** Rounds, where there were several: how many, and how many failed. */
  rounds?: { total: number; failed: number };
  /** Why it failed, or was skipped. */
  note?: string;
}

/** What is drawn. */
export interface GraphModel {
  name: string;
  version?: string;
  nodes: GraphNode[];
  /** Of a run: its id, and how it stands. */
  run?: { id: string; state: string; ms?: number; cost?: number };
}

export const countNodes = (nodes: readonly GraphNode[]): number =>
  nodes.reduce(
    (sum, node) => sum + 1 + node.lists.reduce((inner, list) => inner + countNodes(list.nodes), 0),
    0,
  );

/** The type and what it calls, in a few words: `tool price@^1`, `loop over load.rows`. */
export function captionOf(node: GraphNode): string {
  return [node.type, node.label ?? '', node.detail ?? ''].filter(Boolean).join(' ');
}

/**
 * Leaves out dependencies that others imply: when c waits for b and b for a, a line from a to c says nothing. With
 * `all` every one stays. Dependencies on nodes that are not there, and on itself, are dropped.
 */
export function reduced(nodes: readonly GraphNode[], all = false): GraphNode[] {
  const index = new Map(nodes.map((node, i) => [node.id, i]));
  const after = nodes.map((node) => [
    ...new Set(node.after.flatMap((id) => (index.has(id) && id !== node.id ? [index.get(id)!] : []))),
  ]);
  const inner = (node: GraphNode): GraphList[] =>
    node.lists.map((list) => ({ ...list, nodes: reduced(list.nodes, all) }));
  const order = topological(after);
  const words = Math.ceil(nodes.length / 32);
  const above = nodes.map(() => new Uint32Array(0));
  const kept = after.map((list) => list);
  if (!all) {
    for (const i of order) {
      // Of everything that it waits for, what is above something else that it waits for is implied.
      const set = new Uint32Array(words);
      for (const j of after[i]!) {
        const up = above[j]!;
        for (let w = 0; w < up.length; w++) set[w]! |= up[w]!;
      }
      kept[i] = after[i]!.filter((j) => (set[j >> 5]! & (1 << (j & 31))) === 0);
      for (const j of after[i]!) set[j >> 5]! |= 1 << (j & 31);
      above[i] = set;
    }
  }
  return nodes.map((node, i) => ({ ...node, after: kept[i]!.map((j) => nodes[j]!.id), lists: inner(node) }));
}

/** Indexes in an order in which each comes after what it waits for; the document's own where there is a choice. */
export function topological(after: readonly (readonly number[])[]): number[] {
  const waiting = after.map((list) => list.length);
  const next: number[][] = after.map(() => []);
  after.forEach((list, i) => {
    for (const j of list) next[j]!.push(i);
  });
  const order = after.flatMap((_, i) => (waiting[i] === 0 ? [i] : []));
  for (let at = 0; at < order.length; at++)
    for (const i of next[order[at]!]!) if (--waiting[i]! === 0) order.push(i);
  // A cycle is refused elsewhere; here it must only not lose nodes.
  if (order.length < after.length) {
    const done = new Set(order);
    for (let i = 0; i < after.length; i++) if (!done.has(i)) order.push(i);
  }
  return order;
}

/**
 * The layer of each node: one below the lowest that it waits for. With `late`, what waits for nothing stands right
 * above the first that reads it.
 */
export function layersOf(after: readonly (readonly number[])[], late = false): number[] {
  const layer = after.map(() => 0);
  const done = new Set<number>();
  for (const i of topological(after)) {
    for (const j of after[i]!) if (done.has(j)) layer[i] = Math.max(layer[i]!, layer[j]! + 1);
    done.add(i);
  }
  if (!late) return layer;
  const first = after.map(() => Number.POSITIVE_INFINITY);
  after.forEach((list, i) => {
    for (const j of list) first[j] = Math.min(first[j]!, layer[i]!);
  });
  return layer.map((at, i) =>
    after[i]!.length === 0 && Number.isFinite(first[i]!) ? Math.max(at, first[i]! - 1) : at,
  );
}
