import type { BlueprintNode } from '../../contracts/blueprint.ts';
import type { Graph } from '../graph/graph.ts';

/** Dependencies before what reads them; nodes of a cycle keep their order. */
export function inOrder(nodes: BlueprintNode[], graph: Graph): BlueprintNode[] {
  const waits = new Map<BlueprintNode, number>();
  const readers = new Map<BlueprintNode, BlueprintNode[]>();
  for (const node of nodes) {
    const info = graph.of(node);
    let count = 0;
    for (const id of info.after) {
      const other = info.scope.nodes.get(id)!;
      count++;
      const list = readers.get(other);
      if (list) list.push(node);
      else readers.set(other, [node]);
    }
    waits.set(node, count);
  }
  const ordered = nodes.filter((node) => waits.get(node) === 0);
  for (let at = 0; at < ordered.length; at++) {
    for (const reader of readers.get(ordered[at]!) ?? []) {
      const left = waits.get(reader)! - 1;
      waits.set(reader, left);
      if (left === 0) ordered.push(reader);
    }
  }
  if (ordered.length === nodes.length) return ordered;
  const done = new Set(ordered);
  return [...ordered, ...nodes.filter((node) => !done.has(node))];
}
