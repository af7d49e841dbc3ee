import type { Blueprint } from '../../contracts/blueprint.ts';
import type { Diagnostic } from '../../contracts/diagnostics.ts';
import type { ComponentRef } from '../../contracts/ids.ts';
import type { Json, JsonSchema } from '../../contracts/json.ts';
import { Flow } from '../flow/flow.ts';
import { checkSecretInputs } from '../flow/secret-inputs.ts';
import { noteUnused } from '../flow/unused.ts';
import { checkGraph } from '../graph/check-graph.ts';
import { Graph } from '../graph/graph.ts';
import { Templates } from '../graph/templates.ts';
import { inputSchemaOf } from '../plan/input-schema.ts';
import { type Catalog, mentionedIn, referencesOf } from '../references/catalog.ts';
import { checkReferences } from '../references/check-references.ts';
import type { Draft } from '../shape/draft.ts';
import { type BlueprintInput, type DraftResult, draftOfValue, readDraft } from '../shape/read-blueprint.ts';
import type { ParsedSource } from '../source/parsed-source.ts';
import { rootCauseFirst } from './order.ts';

export interface ParseResult {
  /** Present when there are no errors. */
  blueprint?: Blueprint;
  /** What it refers to; where it has errors, as far as that can be read. */
  references: ComponentRef[];
  source: ParsedSource;
  diagnostics: Diagnostic[];
}

/** Text -> blueprint, with all findings of text and shape; nothing outside of the document is looked at. */
export function parseBlueprint(input: BlueprintInput): ParseResult {
  const { draft, source, out, textual } = readDraft(input);
  const diagnostics = rootCauseFirst([...textual, ...out.diagnostics], out.dropped);
  const valid = draft && !diagnostics.some((each) => each.severity === 'error');
  const references = valid ? referencesOf(draft.blueprint) : mentionedIn(source.value);
  return { ...(valid ? { blueprint: draft.blueprint } : {}), references, source, diagnostics };
}

export interface CheckResult {
  /** Whether there are no errors; warnings may remain. */
  ok: boolean;
  blueprint?: Blueprint;
  /** The type of the outputs, as far as it can be told; absent where the text can't be read. */
  outputs?: JsonSchema;
  diagnostics: Diagnostic[];
}

/** Everything that can be known of a blueprint before it runs: text, shape, references, cycles, scope, types. */
export function checkBlueprint(input: BlueprintInput, catalog: Catalog): CheckResult {
  const { diagnostics, draft, outputs } = check(readDraft(input), catalog);
  const ok = draft !== undefined && !diagnostics.some((each) => each.severity === 'error');
  return {
    ok,
    ...(ok ? { blueprint: draft.blueprint } : {}),
    ...(outputs === undefined ? {} : { outputs }),
    diagnostics,
  };
}

export interface CheckedDocument {
  draft?: Draft;
  graph?: Graph;
  /** The type of the outputs. */
  outputs?: JsonSchema;
  diagnostics: Diagnostic[];
}

/** The same for a blueprint that is no text any more; its findings have paths. */
export const checkDocument = (blueprint: Blueprint, catalog: Catalog): CheckedDocument =>
  check(draftOfValue(blueprint as unknown as Json), catalog);

function check(read: DraftResult, catalog: Catalog): CheckedDocument {
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
