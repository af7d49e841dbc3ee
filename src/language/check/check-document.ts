import type { Blueprint } from '../../contracts/blueprint.ts';
import type { Diagnostic } from '../../contracts/diagnostics.ts';
import type { Json, JsonSchema } from '../../contracts/json.ts';
import { Flow } from '../flow/flow.ts';
import { checkSecretInputs } from '../flow/secret-inputs.ts';
import { noteUnused } from '../flow/unused.ts';
import { checkGraph } from '../graph/check-graph.ts';
import { Graph } from '../graph/graph.ts';
import { Templates } from '../graph/templates.ts';
import { inputSchemaOf } from '../plan/input-schema.ts';
import type { Catalog } from '../references/catalog.ts';
import { checkReferences } from '../references/check-references.ts';
import { type DraftResult, draftOfValue } from '../shape/blueprint-draft.ts';
import type { Draft } from '../shape/draft.ts';
import { rootCauseFirst } from './order.ts';

export interface CheckedDocument {
  draft?: Draft;
  graph?: Graph;
  /** The type of the outputs. */
  outputs?: JsonSchema;
  diagnostics: Diagnostic[];
}

/** Everything that can be known of a blueprint that is no text any more; its findings have paths. */
export const checkDocument = (blueprint: Blueprint, catalog: Catalog): CheckedDocument =>
  checkDraft(draftOfValue(blueprint as unknown as Json), catalog);

/** Everything that can be known of a blueprint, its text and shape having been read: references, cycles, scope, types. */
export function checkDraft(read: DraftResult, catalog: Catalog): CheckedDocument {
  const { draft, out, textual } = read;
  if (!draft) return { diagnostics: rootCauseFirst([...textual, ...out.diagnostics], out.dropped) };
  const templates = new Templates();
  const graph = new Graph(draft.blueprint, templates);
  const resolved = checkReferences(out, draft, catalog);
  checkGraph(out, draft, graph);
  const outputs = new Flow({ out, draft, graph, templates, resolved }).run();
  checkSecretInputs(out, draft, graph, templates, resolved);
  if (out.errors === 0 && textual.length === 0) noteUnused(out, draft, graph, templates);
  return {
    draft,
    graph,
    outputs,
    diagnostics: rootCauseFirst([...textual, ...out.diagnostics], out.dropped),
  };
}

/**
 * The schemas of a workflow: of its inputs, and of its outputs as far as their types can be told. For a manifest.
 * The blueprint should be valid; what is not known is `{}`.
 */
export function blueprintSchemas(
  blueprint: Blueprint,
  catalog: Catalog,
): { input: JsonSchema; output: JsonSchema } {
  const { outputs } = checkDocument(blueprint, catalog);
  return { input: inputSchemaOf(blueprint), output: outputs ?? {} };
}
