import type { Json, JsonSchema } from '../../contracts/json.ts';

const MAX_DEPTH = 20;

/**
 * A copy of `value` in which absent fields have the defaults of the schema, in objects inside objects and lists too.
 * Only plain `properties` and `items` are followed: inside a choice it would be a guess. Never changes what is there.
 */
export function applyDefaults(schema: JsonSchema, value: Json): Json {
  return fill(schema, value, 0);
}

function fill(schema: JsonSchema, value: Json, depth: number): Json {
  if (typeof schema === 'boolean' || depth > MAX_DEPTH || typeof value !== 'object' || value === null)
    return value;
  if (Array.isArray(value)) {
    const items = schema['items'];
    return isSchema(items) ? value.map((item) => fill(items, item, depth + 1)) : value;
  }
  const properties = schema['properties'];
  if (!isSchema(properties)) return value;
  const filled: { [key: string]: Json } = { ...value };
  for (const [name, property] of Object.entries(properties)) {
    if (!isSchema(property)) continue;
    if (Object.hasOwn(value, name)) filled[name] = fill(property, value[name]!, depth + 1);
    else if (Object.hasOwn(property, 'default')) {
      filled[name] = fill(property, structuredClone(property['default']) as Json, depth + 1);
    }
  }
  return filled;
}

const isSchema = (value: unknown): value is { [keyword: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
