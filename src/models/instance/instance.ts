import type { Json, JsonObject, JsonSchema } from '../../contracts/json.ts';
import { draw } from './draw.ts';
import { mergeSchemas } from './merge.ts';
import { sampleText } from './text.ts';

/** Says in one line how a value breaks a schema; undefined when it does not. */
export type CheckSchema = (schema: JsonSchema, value: Json) => string | undefined;

type ObjectSchema = { readonly [keyword: string]: unknown };

/** Nothing valid was found; `reason` says where we gave up. */
class NoInstance extends Error {}

const DEEPEST = 60;
const MOST_VALUES = 20_000;
const TRIES = 20;
/** The same reason so often will not go away with another seed. */
const SAME_REASON = 3;
/** Checks of parts, over all tries: a schema can hold more branches than anyone can wait for. */
const MOST_CHECKS = 2000;

/**
 * The smallest instance that is valid under a JSON Schema (2020-12): required properties only, arrays as short as
 * they may be, the first branch that fits. Its leaves are filled from the seed, so that the same seed gives the same
 * instance on every machine. `value` was checked by `check`; `problem` says why there is none.
 */
export function smallestInstance(
  schema: JsonSchema,
  seed: string,
  check: CheckSchema,
): { value: Json; problem?: undefined } | { value?: undefined; problem: string } {
  let problem = '';
  let same = 0;
  const work = { checks: 0 };
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const before = problem;
    try {
      const builder = new Builder(schema, attempt === 0 ? seed : `${seed}#${attempt}`, check, work);
      const value = builder.build(schema, '$', 0);
      const wrong = check(schema, value);
      if (wrong === undefined) return { value };
      problem = wrong;
    } catch (error) {
      if (!(error instanceof NoInstance)) throw error;
      problem = error.message;
    }
    same = problem === before ? same + 1 : 1;
    if (same === SAME_REASON || work.checks > MOST_CHECKS) break;
  }
  return { problem };
}

class Builder {
  readonly root: JsonSchema;
  readonly seed: string;
  readonly check: CheckSchema;
  readonly work: { checks: number };
  values = 0;

  constructor(root: JsonSchema, seed: string, check: CheckSchema, work: { checks: number }) {
    this.root = root;
    this.seed = seed;
    this.check = check;
    this.work = work;
  }

  build(given: JsonSchema, place: string, depth: number): Json {
    if (depth > DEEPEST) throw new NoInstance(`${place} is nested without an end`);
    if (++this.values > MOST_VALUES)
      throw new NoInstance(`${place}: more than ${MOST_VALUES} values are needed`);
    if (given === false) throw new NoInstance(`${place}: nothing is valid here`);
    if (given === true) return this.text({}, place);
    const schema = this.flatten(given, place, 0);
    if ('const' in schema) return schema['const'] as Json;
    const branches = branchesOf(schema);
    return branches ? this.branch(branches, place, depth) : this.plain(schema, place, depth);
  }

  /** Follows `$ref` and folds `allOf` in, so that what is left can be read keyword by keyword. */
  flatten(schema: ObjectSchema, place: string, hops: number): ObjectSchema {
    if (hops > DEEPEST) throw new NoInstance(`${place}: a $ref that leads to itself`);
    const { $ref, allOf, ...own } = schema;
    let flat: ObjectSchema = own;
    const parts: unknown[] = Array.isArray(allOf) ? [...allOf] : [];
    if (typeof $ref === 'string') parts.unshift(this.resolve($ref, place));
    for (const part of parts) {
      if (part === false) throw new NoInstance(`${place}: nothing is valid here`);
      if (typeof part !== 'object' || part === null) continue;
      flat = mergeSchemas(flat, this.flatten(part as ObjectSchema, place, hops + 1));
    }
    return flat;
  }

  resolve(ref: string, place: string): unknown {
    if (!ref.startsWith('#')) throw new NoInstance(`${place}: the $ref ${ref} leads out of the schema`);
    let at: unknown = this.root;
    for (const part of decodeURIComponent(ref.slice(1)).split('/').slice(1)) {
      const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
      at =
        typeof at === 'object' && at !== null && Object.hasOwn(at, key)
          ? at[key as keyof typeof at]
          : undefined;
    }
    if (at === undefined || (ref !== '#' && !ref.startsWith('#/')))
      throw new NoInstance(`${place}: the $ref ${ref} leads nowhere`);
    return at;
  }

  /** The first branch that gives a value which the whole of it accepts. */
  branch(branches: { whole: ObjectSchema; options: ObjectSchema[] }, place: string, depth: number): Json {
    let problem = `${place}: no branch fits`;
    for (const [i, option] of branches.options.entries()) {
      for (let salt = 0; salt < 4; salt++) {
        try {
          const value = this.build(option, salt === 0 ? place : `${place}~${salt}`, depth + 1);
          const wrong = this.checkPart(branches.whole, value);
          if (wrong === undefined) return value;
          problem = `${place}, branch ${i + 1}: ${wrong}`;
        } catch (error) {
          if (!(error instanceof NoInstance) || this.work.checks > MOST_CHECKS) throw error;
          problem = error.message;
          break;
        }
      }
    }
    throw new NoInstance(problem);
  }

  /** Checks a value against a part of the schema; the definitions go along, so that the part's references resolve. */
  checkPart(part: ObjectSchema, value: Json): string | undefined {
    if (typeof this.root !== 'object') return undefined;
    if (++this.work.checks > MOST_CHECKS)
      throw new NoInstance(`nothing was found in ${MOST_CHECKS} tries; the schema has too many branches`);
    const definitions: Record<string, unknown> = {};
    for (const key of ['$defs', 'definitions'])
      if (this.root[key] !== undefined) definitions[key] = this.root[key];
    try {
      return this.check({ ...part, ...definitions }, value);
    } catch {
      // A reference to the root itself does not resolve in a part; the check of the whole at the end has the last word.
      return undefined;
    }
  }

  plain(schema: ObjectSchema, place: string, depth: number): Json {
    if (Array.isArray(schema['enum'])) return this.oneOf(schema, schema['enum'] as Json[], place);
    switch (typeOf(schema)) {
      case 'object':
        return this.object(schema, place, depth);
      case 'array':
        return this.array(schema, place, depth);
      case 'number':
        return this.number(schema, place, false);
      case 'integer':
        return this.number(schema, place, true);
      case 'boolean':
        return draw(this.seed, place, 2) === 1;
      case 'null':
        return null;
      default:
        return this.text(schema, place);
    }
  }

  oneOf(schema: ObjectSchema, values: Json[], place: string): Json {
    const start = draw(this.seed, place, Math.max(values.length, 1));
    const { enum: _, ...beside } = schema;
    for (let i = 0; i < values.length; i++) {
      const value = values[(start + i) % values.length]!;
      if (this.checkPart(beside, value) === undefined) return value;
    }
    throw new NoInstance(`${place}: no value of the enum is valid`);
  }

  text(schema: ObjectSchema, place: string): string {
    const text = sampleText(schema, this.seed, place);
    if (text === undefined) {
      const asked = typeof schema['pattern'] === 'string' ? ` of the pattern ${schema['pattern']}` : '';
      throw new NoInstance(`${place}: no text${asked} was found`);
    }
    return text;
  }

  number(schema: ObjectSchema, place: string, whole: boolean): number {
    const bound = (key: string): number | undefined =>
      typeof schema[key] === 'number' ? schema[key] : undefined;
    const step = bound('multipleOf') ?? 1;
    // 0.3 / 0.1 is a hair under 3; twelve digits are what a schema's author can mean.
    const inSteps = (value: number) => Number((value / step).toPrecision(12));
    const above = bound('exclusiveMinimum');
    const below = bound('exclusiveMaximum');
    const min = Math.max(bound('minimum') ?? -Infinity, above ?? -Infinity);
    const max = Math.min(bound('maximum') ?? Infinity, below ?? Infinity);
    // A round number of steps near zero, if the bounds have one; at most a hundred different ones.
    let first = Math.ceil(min === -Infinity ? Math.min(1, Math.floor(inSteps(max))) : inSteps(min));
    let last = Math.floor(inSteps(max));
    if (first * step === above) first++;
    if (last * step === below) last--;
    if (min === -Infinity && max !== Infinity) first = Math.max(last - 98, Math.min(first, last));
    if (first <= last) {
      const count = first + draw(this.seed, place, Math.min(last - first + 1, 99));
      // 3 * 0.1 is not 0.3; written with as many digits as the step has, it is.
      return Number((count * step).toFixed(Math.max(0, (String(step).split('.')[1] ?? '').length)));
    }
    if (whole || schema['multipleOf'] !== undefined) throw new NoInstance(`${place}: no number is valid`);
    if (above === undefined && min <= max) return min;
    if (min < max) return min + (max - min) / 2;
    throw new NoInstance(`${place}: no number is valid`);
  }

  array(schema: ObjectSchema, place: string, depth: number): Json[] {
    const prefix = Array.isArray(schema['prefixItems']) ? (schema['prefixItems'] as JsonSchema[]) : [];
    const rest = (schema['items'] ?? true) as JsonSchema;
    const wanted = typeof schema['contains'] === 'object' ? (schema['contains'] as JsonSchema) : undefined;
    const contained = wanted === undefined ? 0 : ((schema['minContains'] as number | undefined) ?? 1);
    const length = Math.max((schema['minItems'] as number | undefined) ?? 0, contained);
    if (length > MOST_VALUES) throw new NoInstance(`${place}: ${length} items are too many`);
    const items: Json[] = [];
    const seen = new Set<string>();
    for (let i = 0; i < length; i++) {
      // Contained items come last, where `prefixItems` says least.
      const own = prefix[i] ?? rest;
      const item = wanted !== undefined && i >= length - contained ? { allOf: [own, wanted] } : own;
      let value = this.build(item, `${place}[${i}]`, depth + 1);
      for (let salt = 1; schema['uniqueItems'] === true && seen.has(JSON.stringify(value)); salt++) {
        if (salt > 200) throw new NoInstance(`${place}: no ${length} different items were found`);
        value = this.build(item, `${place}[${i}]~${salt}`, depth + 1);
      }
      seen.add(JSON.stringify(value));
      items.push(value);
    }
    return items;
  }

  object(schema: ObjectSchema, place: string, depth: number): JsonObject {
    const properties = (schema['properties'] ?? {}) as Record<string, JsonSchema>;
    const names = new Set((schema['required'] ?? []) as string[]);
    const dependent = (schema['dependentRequired'] ?? {}) as Record<string, string[]>;
    for (const name of names)
      if (Object.hasOwn(dependent, name)) for (const more of dependent[name]!) names.add(more);
    const least = (schema['minProperties'] as number | undefined) ?? 0;
    for (const name of Object.keys(properties)) {
      if (names.size >= least) break;
      if (properties[name] !== false) names.add(name);
    }
    if (least > MOST_VALUES) throw new NoInstance(`${place}: ${least} properties are too many`);
    for (let i = 0; names.size < least; i++) {
      if (i > least + 200) throw new NoInstance(`${place}: no ${least} names were found`);
      names.add(this.text((schema['propertyNames'] ?? {}) as ObjectSchema, `${place}{${i}}`));
    }
    const object: JsonObject = {};
    for (const name of names) {
      const value = this.build(propertySchema(schema, name), `${place}.${name}`, depth + 1);
      // A property called __proto__ must become a property, not a prototype.
      Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });
    }
    return object;
  }
}

/** Everything that the schema says of the property of this name. */
function propertySchema(schema: ObjectSchema, name: string): JsonSchema {
  const properties = (schema['properties'] ?? {}) as Record<string, JsonSchema>;
  const said: JsonSchema[] = [];
  if (Object.hasOwn(properties, name)) said.push(properties[name]!);
  for (const [pattern, of] of Object.entries(
    (schema['patternProperties'] ?? {}) as Record<string, JsonSchema>,
  ))
    if (sampleMatches(pattern, name)) said.push(of);
  if (said.length === 0) return (schema['additionalProperties'] ?? true) as JsonSchema;
  return said.length === 1 ? said[0]! : { allOf: said };
}

/** Whether a property's pattern means this name. Only simple prefixes are read; the check of the whole sees the rest. */
const sampleMatches = (pattern: string, name: string): boolean =>
  /^\^[\w-]+$/.test(pattern) ? name.startsWith(pattern.slice(1)) : pattern === '' || pattern === '.*';

/** The alternatives of a schema, each with what stands beside them; undefined when it has none. */
function branchesOf(schema: ObjectSchema): { whole: ObjectSchema; options: ObjectSchema[] } | undefined {
  const { anyOf, oneOf, if: condition, then: yes, else: no, not, ...rest } = schema;
  const alternatives = (Array.isArray(oneOf) ? oneOf : anyOf) as JsonSchema[] | undefined;
  const merge = (...parts: unknown[]): ObjectSchema => {
    const all = parts.filter((part) => part !== undefined && part !== true);
    return all.length === 0 ? rest : { ...rest, allOf: [...((rest['allOf'] as unknown[]) ?? []), ...all] };
  };
  if (Array.isArray(alternatives)) {
    const other = Array.isArray(oneOf) && Array.isArray(anyOf) ? { anyOf } : undefined;
    const conditional = condition === undefined ? undefined : { if: condition, then: yes, else: no };
    const options = alternatives
      .filter((option) => option !== false)
      // Null is smaller than anything, but tells a reader nothing: it is taken when nothing else fits.
      .sort((a, b) => Number(isNull(a)) - Number(isNull(b)))
      .map((option) => merge(option, other, conditional, not === undefined ? undefined : { not }));
    return { whole: schema, options };
  }
  if (condition !== undefined) {
    const refused = not === undefined ? undefined : { not };
    return { whole: schema, options: [merge(condition, yes, refused), merge(no, refused), merge(refused)] };
  }
  if (not !== undefined) {
    const types = ['string', 'integer', 'boolean', 'object', 'array', 'null'];
    const typed = rest['type'] === undefined ? types.map((type) => merge({ type })) : [];
    return { whole: schema, options: [rest, ...typed] };
  }
  if (Array.isArray(rest['type']) && rest['type'].length > 0) {
    const types = [...(rest['type'] as string[])].sort((a, b) => Number(a === 'null') - Number(b === 'null'));
    return { whole: schema, options: types.map((type) => ({ ...rest, type })) };
  }
  return undefined;
}

const isNull = (schema: JsonSchema): boolean =>
  typeof schema === 'object' && (schema['type'] === 'null' || schema['const'] === null);

/** The type that a schema says, or that its keywords are about; a schema without any is a text. */
function typeOf(schema: ObjectSchema): string {
  if (typeof schema['type'] === 'string') return schema['type'];
  const has = (...keys: string[]) => keys.some((key) => schema[key] !== undefined);
  if (has('properties', 'required', 'minProperties', 'additionalProperties', 'patternProperties'))
    return 'object';
  if (has('items', 'prefixItems', 'minItems', 'contains', 'uniqueItems')) return 'array';
  if (has('minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf')) return 'number';
  return 'string';
}
