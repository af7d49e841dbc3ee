import type { JsonSchema } from '../../contracts/json.ts';
import { isSchemaObject } from './refs.ts';
import { shapesOf } from './shapes.ts';

const MAX_MEMBERS = 32;
/** So many known values are kept apart; more are only of their type. */
const MAX_VALUES = 16;

/** The type of a value that is of one of these types. Unknown swallows the others; nothing (`false`) adds nothing. */
export function union(...schemas: JsonSchema[]): JsonSchema {
  const members: JsonSchema[] = [];
  for (const schema of schemas) flatten(schema, members);
  if (members.length === 0) return false;
  if (members.length > MAX_MEMBERS * 4) return {};
  if (members.some(isUnknown)) return {};
  const kept = distinct(widen(members));
  if (kept.length > MAX_MEMBERS) return {};
  return kept.length === 1 ? kept[0]! : { anyOf: kept };
}

export const isUnknown = (schema: JsonSchema): boolean =>
  shapesOf(schema).some((shape) => shape.type === 'unknown');
export const isNever = (schema: JsonSchema): boolean => shapesOf(schema).length === 0;

/** A union of ours (only `anyOf`) counts as its members. */
function flatten(schema: JsonSchema, into: JsonSchema[]): void {
  if (isSchemaObject(schema) && Array.isArray(schema['anyOf']) && Object.keys(schema).length === 1) {
    for (const each of schema['anyOf'] as JsonSchema[]) flatten(each, into);
  } else if (!isNever(schema)) into.push(schema);
}

/** `1 | 2 | … | 17` is `integer`, and `integer | number` is `number`. */
function widen(members: JsonSchema[]): JsonSchema[] {
  const literals = members.filter((each) => isSchemaObject(each) && 'const' in each);
  const wide = literals.length > MAX_VALUES;
  const types = new Set(
    members.map((each) =>
      isSchemaObject(each) && Object.keys(each).length === 1 ? each['type'] : undefined,
    ),
  );
  return members.flatMap((each) => {
    if (!isSchemaObject(each)) return [each];
    if ('const' in each) {
      // Covered by a member without a value.
      if (
        (each['type'] !== undefined && types.has(each['type'])) ||
        (each['type'] === 'integer' && types.has('number'))
      )
        return [];
      return [wide ? widened(each) : each];
    }
    return each['type'] === 'integer' && Object.keys(each).length === 1 && types.has('number') ? [] : [each];
  });
}

/** The type without the value: `"a"` is `string`. Only of what is a single known value. */
export function widened(schema: JsonSchema): JsonSchema {
  if (!isSchemaObject(schema) || !('const' in schema) || typeof schema['type'] !== 'string') return schema;
  return { type: schema['type'] };
}

function distinct(members: JsonSchema[]): JsonSchema[] {
  const seen = new Set<unknown>();
  return members.filter((each) => {
    // Large schemas are compared as objects: their text would cost more than a member too many.
    const key = textOf(each) ?? each;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

const texts = new WeakMap<object, string | null>();

/** The JSON of a small schema; undefined for a large one. */
function textOf(schema: JsonSchema): string | undefined {
  if (!isSchemaObject(schema)) return String(schema);
  let known = texts.get(schema);
  if (known === undefined) {
    known = size(schema) > 500 ? null : JSON.stringify(schema);
    texts.set(schema, known);
  }
  return known ?? undefined;
}

function size(schema: object): number {
  let count = 0;
  const open: unknown[] = [schema];
  while (open.length > 0 && count <= 500) {
    const next = open.pop();
    count++;
    if (typeof next === 'object' && next !== null) for (const each of Object.values(next)) open.push(each);
  }
  return count;
}
