import type { BlueprintNode } from '../../contracts/blueprint.ts';
import type { Collector } from '../diagnostics/collector.ts';
import type { TemplateRef } from '../expressions/template.ts';
import type { Graph } from '../graph/graph.ts';
import type { Scope } from '../graph/scope.ts';
import type { FieldTemplate, Templates } from '../graph/templates.ts';
import { writeOnlyInputs } from '../plan/input-schema.ts';
import type { CatalogEntry } from '../references/catalog.ts';
import type { Resolved } from '../references/check-references.ts';
import type { Draft } from '../shape/draft.ts';
import type { Path } from '../source/path.ts';
import { inOrder } from './order.ts';

/** A part of a node's result that holds a secret: the keys to it, '*' where any index leads there, and which it is. */
interface Taint {
  path: readonly (string | number)[];
  name: string;
}

/** Whether what is read holds the part, or lies in it. */
const touches = (read: TemplateRef['path'], { path }: Taint): boolean =>
  path.every((key, i) => i >= read.length || key === '*' || String(read[i]) === String(key));

/**
 * Inputs with `writeOnly: true` are stored encrypted and shown as ***. They must not reach a model, whose provider
 * would see them, nor the key of a cache, which outlives the run, nor an input of a workflow that is no secret there;
 * an output would show them. Followed through `set` nodes and the results of loops, conditions and parallels, whose
 * values are nothing but expressions.
 */
export function checkSecretInputs(
  out: Collector,
  draft: Draft,
  graph: Graph,
  templates: Templates,
  resolved: Resolved,
): void {
  const secret = new Set(writeOnlyInputs(draft.blueprint));
  if (secret.size === 0) return;
  const tainted = new Map<BlueprintNode, Taint[]>();
  const items = new Map<BlueprintNode, string>();
  const taint = (node: BlueprintNode, ...more: Taint[]): void => {
    if (more.length > 0) tainted.set(node, [...(tainted.get(node) ?? []), ...more]);
  };
  /** What a list of nested nodes adds to the result that holds it. */
  const inside = (nodes: readonly BlueprintNode[], ...keys: string[]): Taint[] =>
    nodes.flatMap((node) =>
      (tainted.get(node) ?? []).map(({ path, name }) => ({ path: [...keys, node.id, ...path], name })),
    );

  const secretOf = (ref: TemplateRef, scope: Scope | undefined): string | undefined => {
    const [first] = ref.path;
    if (ref.root === 'inputs') {
      if (first === undefined) return [...secret][0];
      return secret.has(String(first)) ? String(first) : undefined;
    }
    for (let at = scope; at; at = at.parent) {
      if (at.variables.has(ref.root) && ref.root !== 'index') return items.get(at.owner!);
      const read = at.nodes.get(ref.root);
      if (!read) continue;
      // `nodes.X.result.field` and `X.field` alike.
      const path = first === 'result' ? [ref.path, ref.path.slice(1)] : [ref.path];
      return tainted.get(read)?.find((one) => path.some((keys) => touches(keys, one)))?.name;
    }
    return undefined;
  };
  const scopeOf = (node: BlueprintNode | undefined): Scope | undefined =>
    node ? graph.of(node).scope : graph.top;
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
          const name = secretOf(ref, scopeOf(node));
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
          } else if (field.role === 'thread') {
            report(
              'ICE1702',
              field,
              base,
              ref,
              `The secret input '${name}' would be the name of a conversation, which is kept`,
              'Name the conversation by something that may be seen.',
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
          } else if (field.role === 'inputs') {
            const input = String(ref.at[0]);
            if (!isSecretThere(resolved.get(node), input))
              report(
                'ICE1701',
                field,
                base,
                ref,
                `The secret input '${name}' would be an ordinary input of another workflow: '${input}'`,
                `Say so there: ${input}: { type: string, writeOnly: true }.`,
              );
          } else if (field.role === 'values') taint(node, { path: ref.at, name });
          else if (field.role === 'onError') taint(node, { path: ref.at, name });
          else if (field.role === 'items') items.set(node, name);
        }
      }
      if (node.type === 'loop') {
        visit(node.body);
        const inner = graph.of(node).inner.get('body');
        for (const field of templates.of(node).filter((each) => each.role === 'result'))
          for (const ref of field.parsed.refs) {
            const name = secretOf(ref, inner);
            if (name !== undefined) taint(node, { path: ['*', ...ref.at], name });
          }
        if (node.result === undefined) taint(node, ...inside(node.body, '*'));
      } else if (node.type === 'condition') {
        visit(node.then);
        visit(node.else);
        taint(node, ...inside(node.then, 'then'), ...inside(node.else, 'else'));
      } else if (node.type === 'parallel')
        for (const [branch, list] of Object.entries(node.branches)) {
          visit(list);
          taint(node, ...inside(list, branch));
        }
    }
  };
  visit(draft.blueprint.nodes);
  for (const field of templates.outputs(draft.blueprint)) {
    for (const ref of field.parsed.refs) {
      const name = secretOf(ref, scopeOf(undefined));
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

/** Whether a workflow keeps this input of its own as a secret too. */
function isSecretThere(entry: CatalogEntry | undefined, input: string): boolean {
  // What is not there is another finding.
  if (entry === undefined) return true;
  const { input: schema } = entry.manifest;
  const own =
    typeof schema === 'object' ? (schema['properties'] as Record<string, unknown> | undefined) : undefined;
  return (own?.[input] as { writeOnly?: unknown } | undefined)?.writeOnly === true;
}
