import type { JsonSchema } from '../../contracts/json.ts';

/** Schemas may come from anyone: what is beyond these becomes "unknown", never an error or a hang. */
const MAX_NODES = 20_000;
const MAX_DEPTH = 100;
/** How often one definition is written out inside itself. */
const MAX_UNROLLED = 3;

const ONE = ['items', 'additionalProperties', 'contains', 'propertyNames', 'unevaluatedProperties'] as const;
const LISTS = ['prefixItems', 'anyOf', 'oneOf', 'allOf'] as const;
const MAPS = ['properties', 'patternProperties'] as const;
const ANNOTATIONS = new Set([
  'title',
  'description',
  'default',
  'examples',
  'deprecated',
  'readOnly',
  'writeOnly',
  '$comment',
]);

type SchemaObject = { readonly [keyword: string]: unknown };

export const isSchemaObject = (schema: unknown): schema is SchemaObject =>
  typeof schema === 'object' && schema !== null && !Array.isArray(schema);

const resolved = new WeakMap<object, JsonSchema>();

/**
 * A schema without `$ref`: local references (`#`, `#/$defs/X`, any pointer) are written out in place. A definition
 * that contains itself is written out three times and is unknown below; so are references that lead nowhere or out of
 * the document, and whatever is beyond 20,000 nodes. Remembered for each schema object.
 */
export function resolveRefs(schema: JsonSchema): JsonSchema {
  if (!isSchemaObject(schema)) return schema !== false;
  const known = resolved.get(schema);
  if (known !== undefined) return known;
  const made = hasRef(schema) ? new Resolver(schema).schema(schema, [], 0) : schema;
  resolved.set(schema, made);
  if (isSchemaObject(made)) resolved.set(made, made);
  return made;
}

/** Looks at everything, also at places that hold no schemas: a false alarm only costs a copy. */
function hasRef(schema: SchemaObject): boolean {
  const open: unknown[] = [schema];
  let left = MAX_NODES;
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next !== 'object' || next === null) continue;
    // Too large to look through: the copy is bounded.
    if (left-- === 0) return true;
    if (!Array.isArray(next) && typeof (next as SchemaObject)['$ref'] === 'string') return true;
    for (const each of Object.values(next)) open.push(each);
  }
  return false;
}

class Resolver {
  readonly root: SchemaObject;
  left = MAX_NODES;

  constructor(root: SchemaObject) {
    this.root = root;
  }

  schema(schema: unknown, inside: readonly string[], depth: number): JsonSchema {
    if (!isSchemaObject(schema)) return schema !== false;
    if (--this.left < 0 || depth > MAX_DEPTH) return {};
    const ref = schema['$ref'];
    if (typeof ref === 'string') return this.ref(ref, schema, inside, depth);
    return this.copy(schema, inside, depth);
  }

  copy(schema: SchemaObject, inside: readonly string[], depth: number): JsonSchema {
    const copy: { [keyword: string]: unknown } = { ...schema };
    delete copy['$defs'];
    delete copy['definitions'];
    for (const keyword of ONE) {
      if (copy[keyword] !== undefined && !Array.isArray(copy[keyword]))
        copy[keyword] = this.schema(copy[keyword], inside, depth + 1);
    }
    for (const keyword of LISTS) {
      const list = copy[keyword];
      if (Array.isArray(list)) copy[keyword] = list.map((each) => this.schema(each, inside, depth + 1));
    }
    for (const keyword of MAPS) {
      const map = copy[keyword];
      if (!isSchemaObject(map)) continue;
      copy[keyword] = Object.fromEntries(
        Object.entries(map).map(([name, each]) => [name, this.schema(each, inside, depth + 1)]),
      );
    }
    return copy;
  }

  ref(ref: string, schema: SchemaObject, inside: readonly string[], depth: number): JsonSchema {
    if (inside.filter((each) => each === ref).length >= MAX_UNROLLED) return {};
    const found = this.target(ref);
    if (found === undefined) return {};
    const target = this.schema(found, [...inside, ref], depth + 1);
    const { $ref: _, ...beside } = schema;
    const constraints = Object.keys(beside).filter(
      (keyword) => !ANNOTATIONS.has(keyword) && !keyword.startsWith('$') && keyword !== 'definitions',
    );
    if (constraints.length === 0) return target;
    const rest = this.copy(beside, inside, depth);
    return { allOf: [target, rest] };
  }

  target(ref: string): unknown {
    if (ref !== '#' && !ref.startsWith('#/')) return undefined;
    let at: unknown = this.root;
    for (const part of ref.split('/').slice(1)) {
      const name = safeDecode(part).replaceAll('~1', '/').replaceAll('~0', '~');
      if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined;
      at = (at as { [name: string]: unknown })[name];
    }
    return at;
  }
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
