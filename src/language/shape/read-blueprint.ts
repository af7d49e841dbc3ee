import { Collector } from '../diagnostics/collector.ts';
import type { DocumentSource } from '../source/document-source.ts';
import { readSource } from '../source/read-source.ts';
import { BEGIN, type DraftResult, draftOf } from './blueprint-draft.ts';

/** What a blueprint is read from: a text, or what was read of one already. */
export type BlueprintInput = { text: string; file: string } | { source: DocumentSource };

/** Text -> draft: reads the text, then the shape of everything in it, and reports all that is not as it must be. */
export function readDraft(input: BlueprintInput): DraftResult {
  if ('source' in input) return draftOf(input.source, []);
  const { source, diagnostics, readable, repairedLines } = readSource({ ...input, begin: BEGIN });
  if (!readable) return { source, out: new Collector(source), textual: diagnostics };
  return draftOf(source, diagnostics, repairedLines);
}
