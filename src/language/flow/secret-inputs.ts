import type { BlueprintNode } from '../../contracts/blueprint.ts';
import type { Collector } from '../diagnostics/collector.ts';
import type { TemplateRef } from '../expressions/template.ts';
import type { Graph } from '../graph/graph.ts';
import type { FieldTemplate, Templates } from '../graph/templates.ts';
import { writeOnlyInputs } from '../plan/input-schema.ts';
import type { Draft } from '../shape/draft.ts';
import type { Path } from '../source/path.ts';
import { inOrder } from './order.ts';

/**
 * Inputs with `writeOnly: true` are stored encrypted and shown as ***. They must not reach a model, whose provider
 * would see them, nor the key of a cache, which outlives the run; an output would show them. Followed through `set`
 * nodes and loops, whose values are nothing but expressions.
 */
export function checkSecretInputs(out: Collector, draft: Draft, graph: Graph, templates: Templates): void {
  const secret = new Set(writeOnlyInputs(draft.blueprint));
  if (secret.size === 0) return;
  /** Fields of a node's result that hold a secret: its name, by field; '*' = the whole. */
  const tainted = new Map<BlueprintNode, Map<string, string>>();
  const items = new Map<BlueprintNode, string>();

  const secretOf = (ref: TemplateRef, node: BlueprintNode | undefined): string | undefined => {
    const [first] = ref.path;
    if (ref.root === 'inputs') {
      if (first === undefined) return [...secret][0];
      return secret.has(String(first)) ? String(first) : undefined;
    }
    const scope = node ? graph.of(node).scope : graph.top;
    for (let at: typeof scope | undefined = scope; at; at = at.parent) {
      if (at.variables.has(ref.root) && ref.root !== 'index') return items.get(at.owner!);
      const read = at.nodes.get(ref.root);
      if (!read) continue;
      const fields = tainted.get(read);
      // `nodes.X.result.field` and `X.field` alike.
      const field = first === 'result' && ref.path.length > 1 ? ref.path[1] : first;
      return (
        fields &&
        (fields.get('*') ?? (field === undefined ? [...fields.values()][0] : fields.get(String(field))))
      );
    }
    return undefined;
  };
  const report = (
    code: string,
    field: FieldTemplate,
    base: Path,
    ref: TemplateRef,
    message: string,
    help: string,
    severity: 'error' | 'warning' = 'error',
  ) => out.within(code, [...base, ...field.keys, ...ref.at], ref.start, ref.end, message, { help, severity });

  const visit = (nodes: BlueprintNode[]) => {
    for (const node of inOrder(nodes, graph)) {
      const base = draft.pathOf(node);
      for (const field of templates.of(node)) {
        if (field.role === 'result') continue;
        for (const ref of field.parsed.refs) {
          const name = secretOf(ref, node);
          if (name === undefined) continue;
          if (field.role === 'prompt' || field.role === 'agentInput') {
            report(
              'ICE1701',
              field,
              base,
              ref,
              `The secret input '${name}' would be sent to a model`,
              'Inputs with `writeOnly: true` may go to tools only. Leave it out of the prompt.',
            );
          } else if (node.cache !== undefined && node.cache !== false && field.role !== 'if') {
            report(
              'ICE1702',
              field,
              base,
              ref,
              `The secret input '${name}' would be part of the key of a cache`,
              'Remove `cache` from this node, or do not read the input here.',
            );
          } else if (node.type === 'set') {
            const fields = tainted.get(node) ?? new Map<string, string>();
            fields.set(String(ref.at[0] ?? '*'), name);
            tainted.set(node, fields);
          } else if (node.type === 'loop' && field.role === 'items') items.set(node, name);
        }
      }
      if (node.type === 'loop') {
        visit(node.body);
        for (const field of templates.of(node).filter((each) => each.role === 'result')) {
          for (const ref of field.parsed.refs) {
            const name = resultSecret(ref, node, graph, tainted, secretOf);
            if (name !== undefined) tainted.set(node, new Map([['*', name]]));
          }
        }
      } else if (node.type === 'condition') {
        visit(node.then);
        visit(node.else);
      } else if (node.type === 'parallel') for (const list of Object.values(node.branches)) visit(list);
    }
  };
  visit(draft.blueprint.nodes);
  for (const field of templates.outputs(draft.blueprint)) {
    for (const ref of field.parsed.refs) {
      const name = secretOf(ref, undefined);
      if (name !== undefined) {
        report(
          'ICE1703',
          field,
          [],
          ref,
          `The output would show the secret input '${name}'`,
          'Outputs are stored and shown as they are. Leave it out.',
          'warning',
        );
      }
    }
  }
}

/** What the result of a loop reads of its own body. */
function resultSecret(
  ref: TemplateRef,
  loop: Extract<BlueprintNode, { type: 'loop' }>,
  graph: Graph,
  tainted: ReadonlyMap<BlueprintNode, ReadonlyMap<string, string>>,
  outside: (ref: TemplateRef, node: BlueprintNode) => string | undefined,
): string | undefined {
  const own = graph.of(loop).inner.get('body')?.nodes.get(ref.root);
  if (own === undefined) return outside(ref, loop.body[0] ?? loop);
  return tainted.get(own) && [...tainted.get(own)!.values()][0];
}
