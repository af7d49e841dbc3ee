import { IceError } from '../contracts/errors.ts';
import type { Json, JsonObject } from '../contracts/json.ts';

/** Editing a draft: pure, and never in place. A draft may be wrong in any way but these: it is JSON, and bounded. */

const MOST_CHARS = 2 * 1024 * 1024;
const MOST_NODES = 5_000;
const MOST_DEPTH = 32;

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const idOf = (node: Json): unknown => (isObject(node) ? node['id'] : undefined);
const listOf = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : []);

/** Nodes of a document, nested ones included. */
export function countNodes(document: JsonObject): number {
  let count = 0;
  const walk = (list: Json | undefined, depth: number): void => {
    if (depth > MOST_DEPTH) throw tooLarge(`it is nested deeper than ${MOST_DEPTH} levels`);
    for (const node of listOf(list)) {
      count += 1;
      if (!isObject(node)) continue;
      for (const key of ['then', 'else', 'body']) walk(node[key], depth + 1);
      const { branches } = node;
      if (isObject(branches)) for (const branch of Object.values(branches)) walk(branch, depth + 1);
    }
  };
  walk(document['nodes'], 0);
  return count;
}

/** Refuses what no blueprint needs: a draft is read whole with every edit. */
export function assertBounded(document: JsonObject): void {
  if (countNodes(document) > MOST_NODES) throw tooLarge(`it has more than ${MOST_NODES} nodes`);
  if (JSON.stringify(document).length > MOST_CHARS) throw tooLarge('it has more than 2 MB');
}

const tooLarge = (why: string): IceError =>
  new IceError('too_large', `The draft is too large: ${why}`, {
    hint: 'Put data into inputs, and parts into workflows of their own',
  });

export const nameOf = (document: JsonObject): string | null =>
  typeof document['name'] === 'string' ? document['name'].slice(0, 200) : null;

/** Puts a node at a path, in the place of the one that is there; a new one goes last, or before `before`. */
export function setNode(
  document: JsonObject,
  path: string,
  node: JsonObject,
  before: string | undefined,
): JsonObject {
  return editList(document, path, (list, id) => {
    if (node['id'] !== undefined && node['id'] !== id)
      throw new IceError(
        'bad_request',
        `The path ends with ${id}, and the node says that its id is another`,
        {
          hint: 'Leave the id out of the node, or make them the same; to rename one, put it there and remove the old',
        },
      );
    const whole = { id, ...node };
    const at = list.findIndex((one) => idOf(one) === id);
    if (before === undefined)
      return at < 0 ? [...list, whole] : list.map((one, i) => (i === at ? whole : one));
    const others = list.filter((_, i) => i !== at);
    const place = others.findIndex((one) => idOf(one) === before);
    if (place < 0)
      throw new IceError('not_found', `There is no node ${before.slice(0, 64)} beside it`, {
        hint: there(others),
      });
    return [...others.slice(0, place), whole, ...others.slice(place)];
  });
}

/** Takes a node out, with what it holds. */
export function removeNode(document: JsonObject, path: string): JsonObject {
  return editList(document, path, (list, id) => {
    const at = list.findIndex((one) => idOf(one) === id);
    if (at < 0)
      throw new IceError('not_found', `There is no node ${path} in this draft`, { hint: there(list) });
    return list.filter((_, i) => i !== at);
  });
}

const there = (list: readonly Json[]): string => {
  const ids = list.map(idOf).filter((id) => typeof id === 'string');
  return ids.length === 0 ? 'The list is empty' : `There are ${ids.slice(0, 20).join(', ')}`;
};

/** The document with the list that a path leads to replaced; the last part of the path is the node's own id. */
function editList(
  document: JsonObject,
  path: string,
  edit: (list: Json[], id: string) => Json[],
): JsonObject {
  const parts = path.split('.');
  const into = (list: Json[], from: number): Json[] => {
    const id = parts[from]!;
    if (from === parts.length - 1) return edit(list, id);
    const at = list.findIndex((one) => idOf(one) === id);
    const holder = list[at];
    if (!isObject(holder))
      throw new IceError(
        'not_found',
        `There is no node ${parts.slice(0, from + 1).join('.')} in this draft`,
        {
          hint: there(list),
        },
      );
    const changed = inside(holder, parts, from + 1, into);
    return list.map((one, i) => (i === at ? changed : one));
  };
  return { ...document, nodes: into(listOf(document['nodes']), 0) };
}

/** One step into a node that holds others: a loop's body needs no name in the path, lists of others do. */
function inside(
  holder: JsonObject,
  parts: readonly string[],
  from: number,
  into: (list: Json[], from: number) => Json[],
): JsonObject {
  const name = parts[from]!;
  const of = parts.slice(0, from).join('.');
  switch (holder['type']) {
    case 'loop':
      return { ...holder, body: into(listOf(holder['body']), from) };
    case 'condition':
      if ((name !== 'then' && name !== 'else') || from === parts.length - 1)
        throw misled(`${of} is a condition: its nodes are ${of}.then.ID and ${of}.else.ID`);
      return { ...holder, [name]: into(listOf(holder[name]), from + 1) };
    case 'parallel': {
      if (from === parts.length - 1) throw misled(`${of} is a parallel: its nodes are ${of}.BRANCH.ID`);
      const branches = isObject(holder['branches']) ? holder['branches'] : {};
      return {
        ...holder,
        branches: { ...branches, [name]: into(listOf(branches[name]), from + 1) },
      };
    }
    default:
      throw misled(`${of} holds no nodes: loop, condition and parallel do`);
  }
}

const misled = (why: string): IceError =>
  new IceError('bad_request', why, { hint: 'Paths: id, loop.id, check.then.id, fan.branch.id' });
