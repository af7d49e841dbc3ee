import * as z from 'zod';
import { inputSchema, nodeSchema } from '../../contracts/blueprint.ts';
import { durationSchema } from '../../contracts/durations.ts';
import { NODE_ID } from '../../contracts/ids.ts';
import { schemaSchema } from '../../contracts/json-schemas.ts';

/** A zod schema as the walk reads it. The zod schemas in contracts stay the only definition of a document. */
export type Shape =
  | { kind: 'object'; fields: Map<string, Field>; strict: boolean }
  | { kind: 'list'; item: Shape; schema: z.ZodType }
  | { kind: 'record'; value: Shape }
  | { kind: 'union'; options: Shape[] }
  | { kind: 'leaf'; type: LeafType; values?: (string | number | boolean | null)[]; schema: z.ZodType }
  | { kind: 'nodes' }
  | { kind: 'duration' }
  | { kind: 'schema' }
  | { kind: 'json' };

export type LeafType = 'string' | 'number' | 'integer' | 'boolean' | 'literal' | 'enum';

export interface Field {
  shape: Shape;
  required: boolean;
  /** What stands for an absent field; made anew each time. */
  default?: () => unknown;
  description?: string;
}

// The part of zod's definitions that is read here; zod keeps them public under `_zod.def` for libraries.
interface Def {
  type: string;
  shape?: Record<string, z.ZodType>;
  catchall?: z.ZodType;
  element?: z.ZodType;
  valueType?: z.ZodType;
  innerType?: z.ZodType;
  options?: z.ZodType[];
  getter?: () => z.ZodType;
  values?: unknown[];
  entries?: Record<string, string | number>;
  defaultValue?: unknown;
  checks?: { _zod: { def: { format?: string; pattern?: RegExp } } }[];
  format?: string;
}
const defOf = (schema: z.ZodType): Def => (schema as unknown as { _zod: { def: Def } })._zod.def;

const shapes = new WeakMap<z.ZodType, Shape>();

/** The shape of a schema, made once. Throws for a kind of schema that no document of ours uses. */
export function shapeOf(schema: z.ZodType): Shape {
  let shape = shapes.get(schema);
  if (shape === undefined) {
    shape = read(schema);
    shapes.set(schema, shape);
  }
  return shape;
}

function read(schema: z.ZodType): Shape {
  if (schema === durationSchema) return { kind: 'duration' };
  if (schema === schemaSchema) return { kind: 'schema' };
  // An input is a schema with fields of ours: whoever reads blueprints checks it.
  if (schema === inputSchema) return { kind: 'json' };
  const def = defOf(schema);
  switch (def.type) {
    case 'object': {
      const fields = new Map<string, Field>();
      for (const [name, field] of Object.entries(def.shape!)) fields.set(name, fieldOf(field));
      return { kind: 'object', fields, strict: def.catchall !== undefined };
    }
    case 'array':
      if (def.element === nodeSchema) return { kind: 'nodes' };
      return { kind: 'list', item: shapeOf(def.element!), schema };
    case 'record':
      return { kind: 'record', value: shapeOf(def.valueType!) };
    case 'lazy': {
      const inner = def.getter!();
      const innerDef = defOf(inner);
      // z.json(): a union of everything, null included.
      if (innerDef.type === 'union' && innerDef.options!.some((option) => defOf(option).type === 'null')) {
        return { kind: 'json' };
      }
      return shapeOf(inner);
    }
    case 'union': {
      const types = def.options!.map((option) => defOf(option).type);
      if (types.length === 2 && types[0] === 'boolean' && types[1] === 'record') return { kind: 'schema' };
      return { kind: 'union', options: def.options!.map(shapeOf) };
    }
    case 'string':
      // Whoever reads nodes says what is wrong with an id, and goes on with it.
      return { kind: 'leaf', type: 'string', schema: isNodeId(def) ? z.string() : schema };
    case 'boolean':
      return { kind: 'leaf', type: 'boolean', schema };
    case 'number':
      return { kind: 'leaf', type: isInteger(def) ? 'integer' : 'number', schema };
    case 'literal':
      return { kind: 'leaf', type: 'literal', values: def.values as string[], schema };
    case 'enum':
      return { kind: 'leaf', type: 'enum', values: Object.values(def.entries!), schema };
    case 'unknown':
    case 'any':
      return { kind: 'json' };
    case 'optional':
    case 'default':
    case 'prefault':
    case 'nullable':
      return shapeOf(def.innerType!);
    default:
      throw new TypeError(`A document cannot use a zod schema of type ${def.type}`);
  }
}

const isNodeId = (def: Def): boolean =>
  (def.checks ?? []).some((check) => check._zod.def.pattern?.source === NODE_ID.source);

const isInteger = (def: Def): boolean =>
  def.format === 'safeint' || (def.checks ?? []).some((check) => check._zod.def.format === 'safeint');

function fieldOf(schema: z.ZodType): Field {
  let required = true;
  let fallback: (() => unknown) | undefined;
  let inner = schema;
  for (;;) {
    const def = defOf(inner);
    if (def.type === 'optional') required = false;
    else if (def.type === 'default' || def.type === 'prefault') {
      required = false;
      const wrapped = inner;
      // `prefault` is read by its schema: the defaults of the fields inside come with it.
      fallback = () => wrapped.parse(undefined);
    } else break;
    inner = def.innerType!;
  }
  return {
    shape: shapeOf(inner),
    required,
    ...(fallback === undefined ? {} : { default: fallback }),
    ...(schema.description === undefined ? {} : { description: schema.description }),
  };
}

/** What a shape wants, in words: `a text`, `a whole number`, `a list or true or false`. */
export function describeShape(shape: Shape): string {
  switch (shape.kind) {
    case 'object':
    case 'record':
      return 'a map';
    case 'list':
      return 'a list';
    case 'nodes':
      return 'a list of nodes';
    case 'duration':
      return 'a length of time as 30s';
    case 'schema':
      return 'a JSON Schema';
    case 'json':
      return 'a value';
    case 'union':
      return [...new Set(shape.options.map(describeShape))].join(' or ');
    case 'leaf':
      switch (shape.type) {
        case 'string':
          return 'a text';
        case 'number':
          return 'a number';
        case 'integer':
          return 'a whole number';
        case 'boolean':
          return 'true or false';
        default:
          return shape.values!.map((value) => JSON.stringify(value)).join(' or ');
      }
  }
}

/** What a value is, in words. */
export function describeValue(value: unknown): string {
  if (value === null) return 'empty';
  if (value === undefined) return 'missing';
  if (Array.isArray(value)) return 'a list';
  switch (typeof value) {
    case 'string':
      return 'a text';
    case 'number':
      return 'a number';
    case 'boolean':
      return String(value);
    default:
      return 'a map';
  }
}
