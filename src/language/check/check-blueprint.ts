import type { Blueprint } from '../../contracts/blueprint.ts';
import type { Diagnostic } from '../../contracts/diagnostics.ts';
import type { ComponentRef } from '../../contracts/ids.ts';
import type { JsonSchema } from '../../contracts/json.ts';
import { type Catalog, mentionedIn, referencesOf } from '../references/catalog.ts';
import type { DraftResult } from '../shape/blueprint-draft.ts';
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
  /** For `checkRead`, which goes on where this ended. */
  read: DraftResult;
}

/** Text -> blueprint, with all findings of text and shape; nothing outside of the document is looked at. */
export function parseBlueprint(input: BlueprintInput): ParseResult {
  const read = readDraft(input);
  const { draft, source, out, textual } = read;
  const diagnostics = rootCauseFirst([...textual, ...out.diagnostics], out.dropped);
  const valid = draft && !diagnostics.some((each) => each.severity === 'error');
  const references = valid ? referencesOf(draft.blueprint) : mentionedIn(source.value);
  return { ...(valid ? { blueprint: draft.blueprint } : {}), references, source, diagnostics, read };
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
export const checkBlueprint = (input: BlueprintInput, catalog: Catalog): CheckResult =>
  checkRead(readDraft(input), catalog);

/** The same of one that was read. Only once: what is found is added to what was found when it was read. */
export function checkRead(read: DraftResult, catalog: Catalog): CheckResult {
  const { diagnostics, draft, outputs } = checkDraft(read, catalog);
  const ok = draft !== undefined && !diagnostics.some((each) => each.severity === 'error');
  return {
    ok,
    ...(ok ? { blueprint: draft.blueprint } : {}),
    ...(outputs === undefined ? {} : { outputs }),
    diagnostics,
  };
}
