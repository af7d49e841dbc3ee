import type { Collector } from '../diagnostics/collector.ts';
import type { Graph } from '../graph/graph.ts';
import type { Templates } from '../graph/templates.ts';
import type { Draft } from '../shape/draft.ts';

/** Notes inputs and `set` nodes that nothing reads: what they cost is a reader's time, so they are no warnings. */
export function noteUnused(out: Collector, draft: Draft, graph: Graph, templates: Templates): void {
  const readInputs = new Set<string>();
  const readNodes = new Set<string>();
  let allInputs = false;
  const fields = [
    ...[...graph.infos.keys()].flatMap((node) => templates.of(node)),
    ...templates.outputs(draft.blueprint),
  ];
  for (const field of fields) {
    for (const ref of field.parsed.refs) {
      if (ref.root !== 'inputs') readNodes.add(ref.root);
      else if (ref.path.length === 0) allInputs = true;
      else readInputs.add(String(ref.path[0]));
    }
    // What can't be read may well read the rest.
    if (field.parsed.findings.length > 0) return;
  }
  if (!allInputs) {
    for (const name of Object.keys(draft.blueprint.inputs)) {
      if (readInputs.has(name)) continue;
      out.atKey('ICE1215', ['inputs', name], `Nothing reads the input '${name}'`, {
        severity: 'info',
        help: `Read it as {{ inputs.${name} }}, or remove it.`,
      });
    }
  }
  for (const { node } of graph.infos.values()) for (const id of node.needs ?? []) readNodes.add(id);
  for (const { node, scope } of graph.infos.values()) {
    // Inside a container the result of the container holds it.
    if (node.type !== 'set' || readNodes.has(node.id) || scope.owner) continue;
    out.atKey('ICE1216', draft.pathOf(node), `Nothing reads the values of '${node.id}'`, {
      severity: 'info',
      help: `Read one as {{ ${node.id}.${Object.keys(node.values)[0] ?? 'name'} }}, or remove the node.`,
    });
  }
}
