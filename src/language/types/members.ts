import type { Json, JsonSchema } from '../../contracts/json.ts';
import { resolveRefs } from './refs.ts';
import { shapesOf } from './shapes.ts';
import { union } from './union.ts';

/** What a type says about one of its fields, or about its items. */
export interface Member {
  /** Whether some member of the type has it. */
  found: boolean;
  /** Its type; nothing (`false`) when not found. */
  type: JsonSchema;
  /** Whether it may be absent: it is not required, or not every object of a union has it. */
  optional: boolean;
  /** Whether the whole may be null. */
  nullable: boolean;
  /** The fields that there are, for "did you mean". */
  known: string[];
  /** Whether the whole can be an object (for `itemType`: an array) at all. */
  fits: boolean;
}

const MAX_KNOWN = 200;

/** The field `name` of a value of this type. An open object (no properties listed) has every field, of unknown type. */
export function memberType(schema: JsonSchema, name: string): Member {
  const types: JsonSchema[] = [];
  const known = new Set<string>();
  const result = { optional: false, nullable: false, fits: false };
  let missing = false;
  for (const shape of shapesOf(resolveRefs(schema))) {
    if (shape.type === 'unknown') {
      types.push({});
      result.fits = true;
    } else if (shape.type === 'null') {
      result.nullable = true;
    } else if (shape.type === 'object') {
      result.fits = true;
      for (const field of shape.properties.keys()) if (known.size < MAX_KNOWN) known.add(field);
      const property = shape.properties.get(name);
      if (property !== undefined) {
        types.push(property);
        if (!shape.required.has(name)) result.optional = true;
      } else if (
        shape.required.has(name) ||
        (shape.additional === undefined && shape.properties.size === 0)
      ) {
        types.push({});
      } else if (shape.additional === undefined || shape.additional === false) {
        missing = true;
      } else {
        types.push(shape.additional);
        // A map of a known type may lack any name; `additionalProperties: true` only says that nobody knows.
        if (shape.additional !== true && Object.keys(shape.additional).length > 0) result.optional = true;
      }
    }
  }
  const type = union(...types);
  const found = types.length > 0 && type !== false;
  return {
    found,
    type: found ? type : false,
    known: [...known],
    ...result,
    optional: result.optional || (found && missing),
  };
}

/** The items of an array of this type; `fits` is false when it cannot be an array. */
export function itemType(schema: JsonSchema): Member {
  const types: JsonSchema[] = [];
  const result = { optional: false, nullable: false, fits: false };
  for (const shape of shapesOf(resolveRefs(schema))) {
    if (shape.type === 'unknown') {
      types.push({});
      result.fits = true;
    } else if (shape.type === 'null') {
      result.nullable = true;
    } else if (shape.type === 'array') {
      result.fits = true;
      types.push(...shape.prefix, shape.items);
    }
  }
  const type = union(...types);
  return { found: type !== false, type, known: [], ...result };
}

/** Without null. */
export function withoutNull(schema: JsonSchema): JsonSchema {
  const whole = resolveRefs(schema);
  const shapes = shapesOf(whole);
  if (!shapes.some((shape) => shape.type === 'null')) return whole;
  return union(...splitUnion(whole).map((part) => dropNull(part)));
}

/** A field of a value that was compared with what it may be. */
export interface Compared {
  field: string;
  value: Json;
  equal: boolean;
}

/**
 * What is left of a union once fields of it have been compared: `answer.kind == 'ok'` leaves those that have this kind.
 * The whole type where that tells nothing.
 */
export function afterComparing(schema: JsonSchema, compared: readonly Compared[]): JsonSchema {
  const whole = resolveRefs(schema);
  const parts = splitUnion(whole);
  const left = parts.filter((part) => compared.every((each) => mayCompare(part, each)));
  return left.length === 0 || left.length === parts.length ? whole : union(...left);
}

/** Whether a value of a type can have a field that compares so. */
function mayCompare(part: JsonSchema, { field, value, equal }: Compared): boolean {
  const member = memberType(part, field);
  if (!member.found) return !equal;
  const shapes = shapesOf(resolveRefs(member.type));
  const values = shapes.flatMap((shape) => ('values' in shape && shape.values ? shape.values : []));
  if (shapes.some((shape) => !('values' in shape) || !shape.values)) return true;
  return equal ? values.includes(value) : member.optional || values.some((each) => each !== value);
}

const dropNull = (part: JsonSchema): JsonSchema => {
  if (typeof part === 'boolean') return part;
  const shapes = shapesOf(part);
  if (!shapes.some((shape) => shape.type === 'null')) return part;
  const { nullable: _, ...rest } = part as { [keyword: string]: unknown };
  if (Array.isArray(rest['type'])) return { ...rest, type: rest['type'].filter((type) => type !== 'null') };
  if (Array.isArray(rest['enum'])) return { ...rest, enum: rest['enum'].filter((value) => value !== null) };
  if (rest['type'] === 'null' || rest['const'] === null) return false;
  return rest;
};

/** The alternatives of a schema that is nothing but a union, else the schema itself. */
function splitUnion(schema: JsonSchema): JsonSchema[] {
  if (typeof schema === 'boolean') return [schema];
  for (const keyword of ['anyOf', 'oneOf']) {
    const parts = schema[keyword];
    if (
      Array.isArray(parts) &&
      schema['type'] === undefined &&
      schema['properties'] === undefined &&
      schema['allOf'] === undefined
    ) {
      return parts.length <= 64 ? (parts as JsonSchema[]).flatMap(splitUnion) : [schema];
    }
  }
  return [schema];
}
