import { stringify } from 'yaml';
import type { Json } from '../../contracts/json.ts';

/** The order in which a person writes the fields of a document; others follow as they come. */
const ORDER = [
  'blueprint',
  'agent',
  'name',
  'version',
  'description',
  'model',
  'system',
  'inputs',
  'deadline',
  'maxCost',
  'concurrency',
  'tools',
  'nodes',
  'outputs',
];
const NODE_ORDER = ['id', 'type', 'description', 'if', 'needs'];

/**
 * A document as YAML that a person would write: fields in their usual order, long texts as blocks. Reading it gives
 * the same document; comments and layout of an earlier text are gone. `heading` becomes a comment on top.
 */
export function documentText(document: { readonly [key: string]: Json }, heading?: string): string {
  const sorted = inOrder(document, ORDER) as { [key: string]: Json };
  if (Array.isArray(sorted['nodes']))
    sorted['nodes'] = sorted['nodes'].map((node) => inOrder(node, NODE_ORDER));
  const comment = heading === undefined ? '' : `${heading.replace(/^/gm, '# ')}\n`;
  return comment + stringify(sorted, { lineWidth: 0, aliasDuplicateObjects: false });
}

function inOrder(value: Json, order: readonly string[]): Json {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  const keys = Object.keys(value);
  const first = order.filter((key) => keys.includes(key));
  return Object.fromEntries(
    [...first, ...keys.filter((key) => !order.includes(key))].map((key) => [key, value[key]!]),
  );
}
