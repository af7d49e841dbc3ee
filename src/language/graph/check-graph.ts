import type { BlueprintNode } from '../../contracts/blueprint.ts';
import type { Collector } from '../diagnostics/collector.ts';
import { suggest } from '../expressions/suggest.ts';
import type { Draft } from '../shape/draft.ts';
import { nestedLists } from '../shape/draft.ts';
import type { Graph, NodeInfo, Reading } from './graph.ts';
import type { Scope } from './scope.ts';

/** Reports cycles, nodes that read themselves or what they stand in, and `needs` of nothing. */
export function checkGraph(out: Collector, draft: Draft, graph: Graph): void {
  const inner = new Map<string, BlueprintNode[]>();
  for (const info of graph.infos.values()) {
    if (!info.scope.owner) continue;
    const list = inner.get(info.node.id) ?? [];
    list.push(info.node);
    inner.set(info.node.id, list);
  }
  for (const info of graph.infos.values()) {
    checkNeeds(out, draft, graph, info, inner);
    for (const reading of [...info.own, ...info.nested]) {
      if (reading.id === info.node.id && info.scope.nodes.has(reading.id))
        readsItself(out, draft, info, reading);
    }
  }
  checkCycles(out, draft, graph, draft.blueprint.nodes);
}

/** Reports a reading at its characters, or at the item of `needs`. */
export function atReading(
  out: Collector,
  draft: Draft,
  code: string,
  reading: Reading,
  message: string,
  extra: Parameters<Collector['atValue']>[3],
): void {
  const path = [...(reading.reader ? draft.pathOf(reading.reader) : []), ...reading.keys];
  if (reading.start === undefined) out.atValue(code, path, message, extra);
  else out.within(code, path, reading.start, reading.end!, message, extra);
}

function readsItself(out: Collector, draft: Draft, info: NodeInfo, reading: Reading): void {
  const { node } = info;
  if (reading.reader === node) {
    atReading(
      out,
      draft,
      'ICE1210',
      reading,
      `The node '${node.id}' ${reading.start === undefined ? 'needs' : 'reads'} itself`,
      {
        help: 'Its result is there only after it has run. Read another node, or an input.',
      },
    );
  } else {
    atReading(
      out,
      draft,
      'ICE1214',
      reading,
      `'${node.id}' is read from inside: its result is there only when all in it has run`,
      {
        help:
          node.type === 'loop'
            ? `Inside the loop, read the item as ${node.as}, its number as index, and the other nodes of the body by their ids.`
            : 'Inside it, read the other nodes of the same list by their ids.',
      },
    );
  }
}

function checkNeeds(
  out: Collector,
  draft: Draft,
  graph: Graph,
  info: NodeInfo,
  inner: Map<string, BlueprintNode[]>,
): void {
  for (const [index, id] of (info.node.needs ?? []).entries()) {
    if (info.scope.find(id)) continue;
    const at = [...draft.pathOf(info.node), 'needs', index];
    const hidden = inner.get(id)?.[0];
    if (hidden) {
      const owner = graph.of(hidden).scope.owner!;
      out.atValue(
        'ICE1212',
        at,
        `'${id}' stands inside '${outermost(graph, hidden, info.scope).id}', where it cannot be waited for from here`,
        {
          help: `Wait for the whole: write ${outermost(graph, hidden, info.scope).id}.`,
          related: [out.related([...draft.pathOf(hidden), 'id'], `Inside '${owner.id}'`)],
        },
      );
      continue;
    }
    const ids = out.full ? [] : info.scope.ids().filter((each) => each !== info.node.id);
    const near = suggest(id, ids);
    out.atValue('ICE1211', at, `There is no node '${id}' to wait for`, {
      help: near
        ? `Did you mean '${near}'?`
        : ids.length > 0
          ? `There are ${ids.slice(0, 8).join(', ')}.`
          : 'There is no other node.',
    });
  }
}

/** The container around a hidden node that can be seen from a scope. */
export function outermost(graph: Graph, hidden: BlueprintNode, from: Scope): BlueprintNode {
  const owners = graph.of(hidden).scope.owners();
  return owners.find((owner) => from.find(owner.id)?.nodes.get(owner.id) === owner) ?? owners.at(-1)!;
}

interface Edge {
  from: BlueprintNode;
  to: BlueprintNode;
  reading: Reading;
}

/** Finds cycles among the nodes of one list, then in the lists inside it. */
function checkCycles(out: Collector, draft: Draft, graph: Graph, nodes: BlueprintNode[]): void {
  const edges = new Map<BlueprintNode, Edge[]>();
  for (const node of nodes) {
    const info = graph.of(node);
    if (info.scope.nodes.get(node.id) !== node) continue;
    const to = new Map<string, Edge>();
    for (const reading of [...info.own, ...info.nested]) {
      const target = info.scope.nodes.get(reading.id);
      if (target && target !== node && !to.has(reading.id))
        to.set(reading.id, { from: node, to: target, reading });
    }
    edges.set(node, [...to.values()]);
  }
  for (const group of components(nodes, edges)) reportCycle(out, draft, shortestCycle(group, edges));
  for (const node of nodes) for (const list of nestedLists(node)) checkCycles(out, draft, graph, list.nodes);
}

/** Groups of nodes that reach each other (Tarjan, without recursion: lists may be long). */
function components(nodes: BlueprintNode[], edges: Map<BlueprintNode, Edge[]>): BlueprintNode[][] {
  const index = new Map<BlueprintNode, number>();
  const low = new Map<BlueprintNode, number>();
  const onStack = new Set<BlueprintNode>();
  const stack: BlueprintNode[] = [];
  const groups: BlueprintNode[][] = [];
  for (const root of nodes) {
    if (index.has(root)) continue;
    const work: { node: BlueprintNode; next: number }[] = [{ node: root, next: 0 }];
    while (work.length > 0) {
      const frame = work.at(-1)!;
      const { node } = frame;
      if (frame.next === 0) {
        index.set(node, index.size);
        low.set(node, index.get(node)!);
        stack.push(node);
        onStack.add(node);
      }
      const edge = edges.get(node)?.[frame.next++];
      if (edge) {
        if (!index.has(edge.to)) work.push({ node: edge.to, next: 0 });
        else if (onStack.has(edge.to)) low.set(node, Math.min(low.get(node)!, index.get(edge.to)!));
        continue;
      }
      work.pop();
      const parent = work.at(-1)?.node;
      if (parent) low.set(parent, Math.min(low.get(parent)!, low.get(node)!));
      if (low.get(node) === index.get(node)) {
        const group: BlueprintNode[] = [];
        let member: BlueprintNode;
        do {
          member = stack.pop()!;
          onStack.delete(member);
          group.push(member);
        } while (member !== node);
        if (group.length > 1) groups.push(group);
      }
    }
  }
  return groups;
}

/** A shortest cycle through one of a group's nodes. */
function shortestCycle(group: BlueprintNode[], edges: Map<BlueprintNode, Edge[]>): Edge[] {
  const members = new Set(group);
  const start = group.at(-1)!;
  const came = new Map<BlueprintNode, Edge>();
  const queue = [start];
  for (let at = 0; at < queue.length; at++) {
    for (const edge of edges.get(queue[at]!) ?? []) {
      if (!members.has(edge.to)) continue;
      if (edge.to === start) {
        const path = [edge];
        for (let node = edge.from; node !== start; node = path[0]!.from) path.unshift(came.get(node)!);
        return path;
      }
      if (!came.has(edge.to)) {
        came.set(edge.to, edge);
        queue.push(edge.to);
      }
    }
  }
  return [];
}

function reportCycle(out: Collector, draft: Draft, cycle: Edge[]): void {
  const [first] = cycle;
  if (!first) return;
  const inside = (edge: Edge) =>
    edge.reading.reader && edge.reading.reader !== edge.from
      ? `${edge.from.id} (in ${edge.reading.reader.id})`
      : edge.from.id;
  const names = [...cycle.map(inside), first.from.id].join(' -> ');
  atReading(out, draft, 'ICE1209', first.reading, `These nodes wait for each other: ${names}`, {
    help: 'Each arrow says that a node reads or needs the next. Remove one of them.',
    related: cycle.slice(1).map((edge) => {
      const path = [...(edge.reading.reader ? draft.pathOf(edge.reading.reader) : []), ...edge.reading.keys];
      return out.related(path, `'${edge.from.id}' waits for '${edge.to.id}' here`);
    }),
  });
}
