import { NODE_ID } from '../../../contracts/ids.ts';
import { RESERVED_IDS } from '../../../language/expressions/builtins.ts';
import { isMap, type JsonMap } from '../json-pointer.ts';
import { UniqueNames } from '../source-text.ts';
import type { Loss, OldNode } from './old-document.ts';
import { textsOf } from './old-document.ts';

const MOST_DEPTH = 30;

/**
 * The nodes of an old document as a tree. Containers name their nodes by id (1.1.0: `true_branch`, `body_nodes`) or
 * hold them (1.2.0: `true_path`, `body`); ids that are none any more get others.
 */
export function readNodes(list: readonly unknown[], lost: Loss[]): OldNode[] {
  const taken = new UniqueNames();
  const byId = new Map<string, OldNode>();
  const moved = new Set<string>();

  const read = (raw: unknown, depth: number): OldNode | undefined => {
    if (!isMap(raw) || typeof raw['id'] !== 'string') {
      lost.push({ node: '', what: 'a node without an id' });
      return undefined;
    }
    const type = typeof raw['type'] === 'string' ? raw['type'] : 'unknown';
    const node: OldNode = {
      id: taken.take(newId(raw['id']), '_'),
      oldId: raw['id'],
      type,
      fields: raw,
      lists: {},
    };
    byId.set(node.oldId, node);
    if (depth < MOST_DEPTH)
      for (const [name, items] of listsOf(type, raw))
        node.lists[name] = items.flatMap((item) => (isMap(item) ? (read(item, depth + 1) ?? []) : []));
    return node;
  };
  const all = list.flatMap((raw) => read(raw, 0) ?? []);

  /** Whether `outer` is `inner`, or holds it: then it can't move into it. */
  const holds = (outer: OldNode, inner: OldNode): boolean =>
    outer === inner || Object.values(outer.lists).some((list) => list.some((each) => holds(each, inner)));
  // Lists of ids: the nodes move from where they stand into their container.
  const adopt = (node: OldNode): void => {
    for (const [name, items] of listsOf(node.type, node.fields)) {
      const ids = textsOf(items);
      if (ids.length === 0) continue;
      node.lists[name] = ids.flatMap((id) => {
        const inner = byId.get(id);
        if (!inner || moved.has(id) || holds(inner, node)) {
          lost.push({
            node: node.id,
            what: `its ${name} names ${id}, which ${inner ? 'is elsewhere already, or holds it' : 'is no node'}`,
          });
          return [];
        }
        moved.add(id);
        return [inner];
      });
    }
  };
  for (const node of byId.values()) adopt(node);
  return all.filter((node) => !moved.has(node.oldId));
}

function listsOf(type: string, fields: JsonMap): [string, unknown[]][] {
  const list = (...names: string[]): unknown[] => {
    for (const name of names) if (Array.isArray(fields[name])) return fields[name];
    return [];
  };
  switch (type) {
    case 'condition':
      return [
        ['then', list('true_path', 'true_branch', 'true_nodes')],
        ['else', list('false_path', 'false_branch', 'false_nodes')],
      ];
    case 'loop':
      return [['body', list('body', 'body_nodes')]];
    case 'recursive':
      return [['body', list('body', 'body_nodes')]];
    case 'parallel': {
      const { branches } = fields;
      if (isMap(branches))
        return Object.entries(branches).map(([name, items]) => [name, Array.isArray(items) ? items : []]);
      return (Array.isArray(branches) ? branches : []).map((items, i) => [
        `branch_${i + 1}`,
        Array.isArray(items) ? items : [],
      ]);
    }
    default:
      return [];
  }
}

/** `fetch-rows.v2` -> `fetch_rows_v2`; a word of the expression language gets an end. */
export function newId(old: string): string {
  let id = old
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9_]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, 56);
  if (!/^[A-Za-z]/.test(id)) id = `node_${id}`.replace(/_+$/, '');
  if (RESERVED_IDS.has(id)) id = `${id}_node`;
  return NODE_ID.test(id) ? id : 'node';
}
