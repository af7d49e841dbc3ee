import type { Json, JsonObject } from '../../../contracts/json.ts';
import { isMap } from '../json-pointer.ts';

const TYPES: Record<string, JsonObject> = {
  string: { type: 'string' },
  str: { type: 'string' },
  text: { type: 'string' },
  number: { type: 'number' },
  float: { type: 'number' },
  integer: { type: 'integer' },
  int: { type: 'integer' },
  boolean: { type: 'boolean' },
  bool: { type: 'boolean' },
  array: { type: 'array' },
  list: { type: 'array' },
  object: { type: 'object' },
  dict: { type: 'object' },
  any: {},
};

/**
 * The predecessor's schemas as JSON Schema: a JSON Schema as it is, simple literals (`{"text": "string"}`) written
 * out. Undefined when there is none, or none that can be read.
 */
export function schemaOf(value: unknown): JsonObject | undefined {
  if (typeof value === 'string') return Object.hasOwn(TYPES, value) ? TYPES[value] : undefined;
  if (!isMap(value) || Object.keys(value).length === 0) return undefined;
  const says =
    typeof value['type'] === 'string' || isMap(value['properties']) || '$ref' in value || 'anyOf' in value;
  // `{"type": "string"}` is a schema, `{"type": "string", "name": "string"}` names two fields.
  const isSchema =
    isMap(value['properties']) ||
    '$ref' in value ||
    'anyOf' in value ||
    (says &&
      Object.keys(value).every((key) =>
        [
          'type',
          'items',
          'required',
          'description',
          'title',
          'additionalProperties',
          'enum',
          'format',
          'default',
        ].includes(key),
      ));
  if (isSchema) return value as JsonObject;
  const fields: [string, Json][] = [];
  for (const [name, type] of Object.entries(value)) {
    const read = schemaOf(Array.isArray(type) && type.length === 1 ? undefined : type);
    if (Array.isArray(type) && type.length === 1)
      fields.push([name, { type: 'array', items: schemaOf(type[0]) ?? {} }]);
    else fields.push([name, read ?? {}]);
  }
  return { type: 'object', properties: Object.fromEntries(fields), required: fields.map(([name]) => name) };
}
