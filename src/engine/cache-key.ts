import type { Json } from '../contracts/json.ts';
import type { EffectNode } from '../contracts/plan.ts';

/**
 * The key of a node's result in the cache: sha256 of its project, type, component (or own fields), canonical arguments
 * and output schema. Two projects never share one.
 */
export async function cacheKey(project: string, node: EffectNode, args: Json): Promise<string> {
  const identity = {
    project,
    type: node.type,
    config: node.config as unknown as Json,
    args,
    output: (node.output ?? null) as Json,
  };
  const bytes = new TextEncoder().encode(canonicalText(identity));
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** JSON with sorted keys and no white space (RFC 8785: numbers and strings as ECMAScript writes them). */
function canonicalText(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`;
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, field]) => `${JSON.stringify(key)}:${canonicalText(field)}`);
  return `{${fields.join(',')}}`;
}
