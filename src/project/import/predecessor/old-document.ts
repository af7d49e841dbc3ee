import { isMap, type JsonMap } from '../json-pointer.ts';
import { schemaOf } from './simple-schema.ts';

/** What could not be kept of a document, and where. */
export interface Loss {
  /** Id of the node, or empty for the document. */
  node: string;
  what: string;
}

/** A node of the old document with its new id; nested ones are in its lists. */
export interface OldNode {
  id: string;
  oldId: string;
  type: string;
  fields: JsonMap;
  /** `then`, `else`, `body`, names of branches. */
  lists: Record<string, OldNode[]>;
}

export const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value.trim() !== '' ? value : undefined;

export const textsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : [];

/**
 * How results of an old node are read in the new document: `llm.response` -> `llm.text`. `id` is how the node itself
 * is read from where the expression stands.
 */
export function readResult(
  { type, fields, lists }: OldNode,
  id: string,
  path: readonly string[],
): { code: string; taken: number } {
  const [first, second] = path;
  switch (type) {
    case 'llm':
    case 'agent': {
      if (first === undefined) return { code: structured(fields) ? `${id}.object` : `${id}.text`, taken: 0 };
      const schema = schemaOf(fields['output_schema'] ?? fields['json_schema']);
      const known = schema && isMap(schema['properties']) ? Object.keys(schema['properties']) : [];
      if (structured(fields) && known.includes(first)) return { code: `${id}.object.${first}`, taken: 1 };
      if (['response', 'text', 'output', 'message', 'content', 'result', 'last_message'].includes(first))
        return { code: `${id}.text`, taken: 1 };
      return { code: id, taken: 0 };
    }
    case 'condition': {
      if (first === 'result') return { code: `(${id}.branch == 'then')`, taken: 1 };
      if (first === 'branch_outputs' && second !== undefined) {
        const list = Object.entries(lists).find(([, nodes]) => nodes.some((node) => node.oldId === second));
        const inner = list?.[1].find((node) => node.oldId === second);
        if (list && inner) return { code: `${id}.?${list[0]}.?${inner.id}`, taken: 2 };
      }
      return { code: id, taken: 0 };
    }
    case 'parallel': {
      // Outputs of branches were merged: `fan.a` is the result of the node a of some branch.
      for (const [name, nodes] of Object.entries(lists)) {
        const inner = nodes.find((node) => node.oldId === first);
        if (inner) return { code: `${id}.${name}.${inner.id}`, taken: 1 };
      }
      return { code: id, taken: 0 };
    }
    default:
      return { code: id, taken: 0 };
  }
}

/** Whether an llm or agent answers with an object; a schema of one text is the text itself. */
export function structured(fields: JsonMap): boolean {
  const schema = schemaOf(fields['output_schema'] ?? fields['json_schema']);
  if (schema === undefined || !isMap(schema['properties'])) return false;
  const names = Object.keys(schema['properties']);
  return !(names.length === 1 && ['text', 'response', 'output', 'content'].includes(names[0]!));
}
