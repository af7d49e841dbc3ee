import type { Json, JsonSchema } from '../contracts/json.ts';

export type SchemaObject = { readonly [keyword: string]: unknown };

/** One of the types that a schema takes, with the keywords that bear on it. */
export interface SchemaAlternative {
  type: 'null' | 'boolean' | 'integer' | 'number' | 'string' | 'array' | 'object' | 'any' | 'nothing';
  schema: SchemaObject;
  /** `enum` and `const`, those of this type only. */
  values?: readonly Json[];
}

const MOST_REFERENCES = 20;
/** Words about a schema that say nothing about its values. */
const ANNOTATIONS = new Set([
  '$schema',
  '$id',
  '$comment',
  '$defs',
  'definitions',
  'title',
  'description',
  'examples',
  'deprecated',
  'readOnly',
  'writeOnly',
  'type',
  'enum',
  'const',
  'anyOf',
  'oneOf',
]);

/**
 * A schema as the list of types that it takes: `type` lists, `anyOf` and `oneOf` become one alternative a type;
 * `$ref` is followed inside `root`.
 */
export function alternativesOf(schema: JsonSchema, root: JsonSchema): SchemaAlternative[] {
  const resolved = dereference(schema, root);
  if (resolved === false) return [{ type: 'nothing', schema: {} }];
  if (resolved === true) return [{ type: 'any', schema: {} }];
  const union = (resolved.anyOf ?? resolved.oneOf) as JsonSchema[] | undefined;
  if (Array.isArray(union)) return union.flatMap((member) => alternativesOf(member, root));

  const values = valuesOf(resolved);
  const kept = withoutAnnotations(resolved);
  const types = typesOf(resolved, values);
  return types.map((type) => {
    const own = values?.filter((value) => fits(value, type));
    return own === undefined || type === 'null'
      ? { type, schema: kept }
      : { type, schema: kept, values: own };
  });
}

function dereference(schema: JsonSchema, root: JsonSchema): true | false | SchemaObject {
  let current: JsonSchema = schema;
  for (let step = 0; step < MOST_REFERENCES; step++) {
    if (typeof current === 'boolean') return current;
    const reference = current.$ref;
    if (typeof reference !== 'string') return current;
    let target: unknown = reference.startsWith('#') ? root : undefined;
    for (const part of reference.slice(1).split('/').filter(Boolean)) {
      const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
      target =
        target !== null && typeof target === 'object' && Object.hasOwn(target, key)
          ? (target as SchemaObject)[key]
          : undefined;
    }
    // A reference to nothing takes anything: the schema's own check has reported it.
    if (target === undefined || target === null) return true;
    current = target as JsonSchema;
  }
  return true;
}

function valuesOf(schema: SchemaObject): readonly Json[] | undefined {
  if (Object.hasOwn(schema, 'const')) return [schema.const as Json];
  return Array.isArray(schema.enum) ? (schema.enum as Json[]) : undefined;
}

function typesOf(schema: SchemaObject, values: readonly Json[] | undefined): SchemaAlternative['type'][] {
  const type = schema.type;
  const types = (
    Array.isArray(type) ? type : type === undefined ? [] : [type]
  ) as SchemaAlternative['type'][];
  if (types.length > 0) return types;
  if (values) return [...new Set(values.map(typeOfValue))];
  if (schema.properties !== undefined || schema.required !== undefined) return ['object'];
  if (schema.items !== undefined || schema.prefixItems !== undefined) return ['array'];
  return ['any'];
}

function typeOfValue(value: Json): SchemaAlternative['type'] {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value as 'boolean' | 'number' | 'string' | 'object';
}

const fits = (value: Json, type: SchemaAlternative['type']): boolean =>
  typeOfValue(value) === type || (type === 'integer' && Number.isInteger(value));

const withoutAnnotations = (schema: SchemaObject): SchemaObject =>
  Object.fromEntries(Object.entries(schema).filter(([keyword]) => !ANNOTATIONS.has(keyword)));

/** Equal as JSON: the order of an object's keys does not matter. */
export function isEqual(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (left === null || right === null || typeof left !== 'object' || typeof right !== 'object') return false;
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  const [a, b] = [left as SchemaObject, right as SchemaObject];
  const keys = Object.keys(a).filter((key) => a[key] !== undefined);
  if (keys.length !== Object.keys(b).filter((key) => b[key] !== undefined).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && isEqual(a[key], b[key]));
}

/** A value in a sentence; long ones are cut. */
export function say(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

export function sayType(alternative: SchemaAlternative): string {
  if (alternative.values) return alternative.values.map(say).join(' or ');
  return alternative.type === 'any' ? 'anything' : alternative.type;
}
