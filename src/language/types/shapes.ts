import type { Json, JsonSchema } from '../../contracts/json.ts';
import { isSchemaObject } from './refs.ts';

export type Scalar = 'null' | 'boolean' | 'integer' | 'number' | 'string';

/** One member of a type, as a reader needs it: what a schema allows is a list of these; an empty list is "nothing". */
export type Shape = UnknownShape | ScalarShape | ArrayShape | ObjectShape;
export interface UnknownShape {
  type: 'unknown';
}
export interface ScalarShape {
  type: Scalar;
  /** The only values there are, when they are known (`const`, `enum`). */
  values?: Json[];
  /** `minimum`, `maxLength`, …: what a known value is checked against. */
  limits?: { readonly [keyword: string]: unknown };
}
export interface ArrayShape {
  type: 'array';
  /** Of the first items, when they have their own types. */
  prefix: JsonSchema[];
  /** Of the other items; `false` when there are none. */
  items: JsonSchema;
  minItems: number;
  maxItems: number;
}
export interface ObjectShape {
  type: 'object';
  properties: Map<string, JsonSchema>;
  required: Set<string>;
  /** Of the other fields; undefined when the schema does not say, so that only the listed ones count as known. */
  additional: JsonSchema | undefined;
}

export const MAX_MEMBERS = 64;
const MAX_DEPTH = 20;
const UNKNOWN: readonly Shape[] = [{ type: 'unknown' }];
const TYPES = new Set<unknown>(['null', 'boolean', 'integer', 'number', 'string', 'array', 'object']);

const cache = new WeakMap<object, readonly Shape[]>();

/** The members of a schema without references. Remembered for each schema object; at most 64, else unknown. */
export function shapesOf(schema: JsonSchema, depth = 0): readonly Shape[] {
  if (schema === false) return [];
  if (!isSchemaObject(schema)) return UNKNOWN;
  const known = cache.get(schema);
  if (known) return known;
  if (depth > MAX_DEPTH) return UNKNOWN;
  let shapes = plain(schema);
  for (const part of lists(schema, 'allOf')) shapes = intersect(shapes, shapesOf(part, depth + 1));
  for (const keyword of ['anyOf', 'oneOf'] as const) {
    const parts = lists(schema, keyword);
    if (parts.length === 0) continue;
    const members: Shape[] = [];
    for (const part of parts) {
      if (members.length > MAX_MEMBERS) break;
      members.push(...shapesOf(part, depth + 1));
    }
    shapes = intersect(shapes, members.length > MAX_MEMBERS ? UNKNOWN : members);
  }
  if (schema['nullable'] === true && !shapes.some((shape) => shape.type === 'null'))
    shapes = [...shapes, { type: 'null' }];
  if (shapes.some((shape) => shape.type === 'unknown') || shapes.length > MAX_MEMBERS) shapes = UNKNOWN;
  cache.set(schema, shapes);
  return shapes;
}

const lists = (schema: { readonly [keyword: string]: unknown }, keyword: string): JsonSchema[] => {
  const list = schema[keyword];
  return Array.isArray(list) ? list.slice(0, MAX_MEMBERS + 1) : [];
};

/** What the schema says itself, without its `allOf` and `anyOf`. */
function plain(schema: { readonly [keyword: string]: unknown }): readonly Shape[] {
  const values =
    'const' in schema
      ? [schema['const'] as Json]
      : Array.isArray(schema['enum'])
        ? (schema['enum'] as Json[])
        : undefined;
  const declared = (Array.isArray(schema['type']) ? schema['type'] : [schema['type']]).filter((type) =>
    TYPES.has(type),
  ) as (Scalar | 'array' | 'object')[];
  if (values) return ofValues(values.slice(0, 1000), declared, schema);
  if (declared.length === 0) {
    // Without a type a schema allows anything, but nobody means that who lists properties.
    if (
      isSchemaObject(schema['properties']) ||
      Array.isArray(schema['required']) ||
      isSchemaObject(schema['additionalProperties'])
    ) {
      return [objectShape(schema)];
    }
    if (schema['items'] !== undefined || Array.isArray(schema['prefixItems'])) return [arrayShape(schema)];
    return UNKNOWN;
  }
  return declared.map((type): Shape => {
    if (type === 'object') return objectShape(schema);
    if (type === 'array') return arrayShape(schema);
    return type === 'null' || type === 'boolean' ? { type } : { type, limits: schema };
  });
}

function ofValues(
  values: Json[],
  declared: readonly string[],
  schema: { readonly [keyword: string]: unknown },
): Shape[] {
  const groups = new Map<Scalar, Json[]>();
  const shapes: Shape[] = [];
  for (const value of values) {
    if (typeof value === 'object' && value !== null) {
      if (shapes.length < MAX_MEMBERS) shapes.push(...shapesOf(typeOfValue(value)));
      continue;
    }
    const type =
      value === null
        ? 'null'
        : typeof value === 'number'
          ? Number.isInteger(value)
            ? 'integer'
            : 'number'
          : (typeof value as Scalar);
    // An enum may list values that its own `type` does not allow.
    if (
      declared.length > 0 &&
      !declared.includes(type) &&
      !(type === 'integer' && declared.includes('number'))
    )
      continue;
    const group = groups.get(type) ?? [];
    group.push(value);
    groups.set(type, group);
  }
  for (const [type, group] of groups)
    shapes.push(type === 'null' ? { type } : { type, values: group, limits: schema });
  return shapes;
}

function objectShape(schema: { readonly [keyword: string]: unknown }): ObjectShape {
  const properties = isSchemaObject(schema['properties']) ? schema['properties'] : {};
  const required = Array.isArray(schema['required'])
    ? schema['required'].filter((name) => typeof name === 'string')
    : [];
  const additional = schema['additionalProperties'] as JsonSchema | undefined;
  return {
    type: 'object',
    properties: new Map(Object.entries(properties) as [string, JsonSchema][]),
    required: new Set(required),
    // Names by pattern are not looked up: patterns may be hostile. Such an object is open.
    additional: isSchemaObject(schema['patternProperties']) ? true : additional,
  };
}

function arrayShape(schema: { readonly [keyword: string]: unknown }): ArrayShape {
  // Before 2020-12 a list under `items` was what `prefixItems` is now.
  const old = Array.isArray(schema['items']);
  const prefix = lists(schema, old ? 'items' : 'prefixItems');
  const items = (old ? schema['additionalItems'] : schema['items']) as JsonSchema | undefined;
  const count = (keyword: string, otherwise: number): number => {
    const value = schema[keyword];
    return typeof value === 'number' ? value : otherwise;
  };
  return {
    type: 'array',
    prefix,
    items: items ?? true,
    minItems: count('minItems', 0),
    maxItems: count('maxItems', Number.POSITIVE_INFINITY),
  };
}

function intersect(left: readonly Shape[], right: readonly Shape[]): readonly Shape[] {
  if (left.some((shape) => shape.type === 'unknown')) return right;
  if (right.some((shape) => shape.type === 'unknown')) return left;
  const both: Shape[] = [];
  for (const a of left) {
    for (const b of right) {
      const shape = overlap(a, b);
      if (shape && both.length <= MAX_MEMBERS) both.push(shape);
    }
  }
  return both;
}

function overlap(a: Shape, b: Shape): Shape | undefined {
  if (a.type === 'object' && b.type === 'object') {
    const properties = new Map(a.properties);
    for (const [name, schema] of b.properties) {
      const other = properties.get(name);
      properties.set(name, other === undefined ? schema : { allOf: [other, schema] });
    }
    return {
      type: 'object',
      properties,
      required: new Set([...a.required, ...b.required]),
      additional: a.additional ?? b.additional,
    };
  }
  if (a.type === 'array' && b.type === 'array') {
    const items = a.items === true ? b.items : b.items === true ? a.items : { allOf: [a.items, b.items] };
    const prefix = a.prefix.length > 0 ? a.prefix : b.prefix;
    return {
      type: 'array',
      prefix,
      items,
      minItems: Math.max(a.minItems, b.minItems),
      maxItems: Math.min(a.maxItems, b.maxItems),
    };
  }
  if (!isScalar(a) || !isScalar(b)) return undefined;
  const numeric = isNumeric(a) && isNumeric(b);
  if (a.type !== b.type && !numeric) return undefined;
  const type = a.type === b.type ? a.type : 'integer';
  const limits = a.limits && b.limits ? { ...a.limits, ...b.limits } : (a.limits ?? b.limits);
  const values =
    a.values && b.values ? a.values.filter((value) => b.values!.includes(value)) : (a.values ?? b.values);
  if (values?.length === 0) return undefined;
  return { type, ...(values ? { values } : {}), ...(limits ? { limits } : {}) };
}

export const isScalar = (shape: Shape): shape is ScalarShape =>
  shape.type !== 'unknown' && shape.type !== 'array' && shape.type !== 'object';
export const isNumeric = (shape: Shape): boolean => shape.type === 'number' || shape.type === 'integer';

const MAX_VALUE_NODES = 2_000;
const MAX_TUPLE = 64;

/** The type of one known value: as exact as it can be, coarse beyond 2,000 nodes. */
export function typeOfValue(value: Json): JsonSchema {
  let left = MAX_VALUE_NODES;
  const visit = (each: Json, depth: number): JsonSchema => {
    if (each === null) return { type: 'null' };
    if (typeof each === 'number') return { type: Number.isInteger(each) ? 'integer' : 'number', const: each };
    if (typeof each !== 'object') return { type: typeof each, const: each };
    if (--left < 0 || depth > MAX_DEPTH) return { type: Array.isArray(each) ? 'array' : 'object' };
    if (Array.isArray(each)) {
      if (each.length > MAX_TUPLE) return { type: 'array' };
      return { type: 'array', prefixItems: each.map((item) => visit(item, depth + 1)), items: false };
    }
    return objectType(Object.entries(each).map(([name, item]) => [name, visit(item, depth + 1)]));
  };
  return visit(value, 0);
}

/** An object with exactly these fields. */
export function objectType(fields: [string, JsonSchema][]): JsonSchema {
  return {
    type: 'object',
    properties: Object.fromEntries(fields),
    required: fields.map(([name]) => name),
    additionalProperties: false,
  };
}
