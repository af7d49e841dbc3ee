import type { Blueprint } from '../../contracts/blueprint.ts';
import type { Diagnostic } from '../../contracts/diagnostics.ts';
import type { ComponentRef } from '../../contracts/ids.ts';
import type { JsonSchema } from '../../contracts/json.ts';
import { type Catalog, mentionedIn, referencesOf } from '../references/catalog.ts';
import { type BlueprintInput, readDraft } from '../shape/read-blueprint.ts';
import type { DocumentSource } from '../source/document-source.ts';
import { checkDraft } from './check-document.ts';
import { rootCauseFirst } from './order.ts';

export interface ParseResult {
  /** Present when there are no errors. */
  blueprint?: Blueprint;
  /** What it refers to; where it has errors, as far as that can be read. */
  references: ComponentRef[];
  source: DocumentSource;
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
  const { diagnostics, draft, outputs } = checkDraft(readDraft(input), catalog);
  const ok = draft !== undefined && !diagnostics.some((each) => each.severity === 'error');
  return {
    ok,
    ...(ok ? { blueprint: draft.blueprint } : {}),
    ...(outputs === undefined ? {} : { outputs }),
    diagnostics,
  };
}
