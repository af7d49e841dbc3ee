import { isDeepStrictEqual } from 'node:util';
import type { Json } from '../contracts/json.ts';

/** A part of a document that is different: `node priced.price`, `outputs.total`, `maxCost`. */
export interface DocumentChange {
  part: string;
  change: 'added' | 'removed' | 'changed';
}

type Document = { readonly [key: string]: unknown };
/** The lists of nodes that a node holds, by the name that stands in a path; a loop's body needs none. */
const LISTS = ['then', 'else', 'body'];

/** Nodes by their path, each without the nodes that it holds: a change inside is that of the inner node. */
function nodesOf(nodes: unknown, prefix: string, into: Map<string, unknown>): void {
  if (!Array.isArray(nodes)) return;
  for (const node of nodes as Document[]) {
    const path = prefix === '' ? String(node['id']) : `${prefix}.${String(node['id'])}`;
    const own = Object.fromEntries(
      Object.entries(node).filter(([key]) => !LISTS.includes(key) && key !== 'branches'),
    );
    into.set(path, own);
    for (const list of LISTS) nodesOf(node[list], list === 'body' ? path : `${path}.${list}`, into);
    const branches = (node['branches'] ?? {}) as Document;
    for (const [name, branch] of Object.entries(branches)) nodesOf(branch, `${path}.${name}`, into);
  }
}

/** What differs between two documents of a workflow or an agent, node by node and field by field. */
export function diffDocuments(before: Json, after: Json): DocumentChange[] {
  const [old, now] = [before, after].map((document) => partsOf(document as Document));
  const changes: DocumentChange[] = [];
  for (const part of new Set([...old!.keys(), ...now!.keys()])) {
    if (!now!.has(part)) changes.push({ part, change: 'removed' });
    else if (!old!.has(part)) changes.push({ part, change: 'added' });
    else if (!isDeepStrictEqual(old!.get(part), now!.get(part))) changes.push({ part, change: 'changed' });
  }
  return changes;
}

function partsOf(document: Document): Map<string, unknown> {
  const parts = new Map<string, unknown>();
  for (const [key, value] of Object.entries(document)) {
    if (key === 'nodes') continue;
    if ((key === 'inputs' || key === 'outputs') && value !== null && typeof value === 'object')
      for (const [name, one] of Object.entries(value)) parts.set(`${key}.${name}`, one);
    else parts.set(key, value);
  }
  const nodes = new Map<string, unknown>();
  nodesOf(document['nodes'], '', nodes);
  for (const [path, node] of nodes) parts.set(`node ${path}`, node);
  return parts;
}
