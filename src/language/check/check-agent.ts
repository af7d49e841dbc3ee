import type { Diagnostic } from '../../contracts/diagnostics.ts';
import { Collector } from '../diagnostics/collector.ts';
import type { Catalog } from '../references/catalog.ts';
import { checkAgentReferences } from '../references/check-references.ts';
import { readSource } from '../source/read-source.ts';

/** Whether what an agent's document may call is there, and can be called. Its shape is checked where it is read. */
export function checkAgent(input: { text: string; file: string }, catalog: Catalog): Diagnostic[] {
  const { source, readable } = readSource({ ...input, begin: '' });
  const { value } = source;
  if (!readable || typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  const { name, tools } = value;
  if (typeof name !== 'string' || !Array.isArray(tools) || !tools.every((tool) => typeof tool === 'string'))
    return [];
  const out = new Collector(source);
  checkAgentReferences(out, { name, tools: tools as string[] }, catalog);
  return out.diagnostics;
}
