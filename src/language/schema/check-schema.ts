import { type OutputUnit, Validator } from '@cfworker/json-schema';
import type { Json, JsonSchema } from '../../contracts/json.ts';
import { type AjvCheck, compileWithAjv } from './ajv.ts';
import { boundPatterns, hasKeyOver } from './bound-patterns.ts';
import { boundsProblem } from './bounds.ts';
import { WorkBound } from './work-bound.ts';

/** One thing that is wrong with a value: where (`rows[2].price`, '' = the whole) and what. */
export interface SchemaError {
  path: string;
  message: string;
}

/**
 * A schema is interpreted (0.02 ms to make, 0.2 ms a check) until it has been used this often; then it is compiled
 * (20 ms and more to make, 0.01 ms a check).
 */
const HOT = 200;
const MAX_CACHED = 1_000;
const MAX_ERRORS = 20;

class Checker {
  private readonly schema: JsonSchema;
  /** The longest name of a field that patterns are tried on. */
  private readonly longestKey: number;
  private readonly work: WorkBound;
  private readonly slow: Validator;
  private fast: AjvCheck | undefined;
  private uses = 0;

  constructor(schema: JsonSchema) {
    // cfworker marks the schemas that it is given with their place; a copy keeps shared parts apart.
    const bounded = boundPatterns(structuredClone(schema));
    this.schema = bounded.schema;
    this.longestKey = bounded.longestKey;
    this.work = new WorkBound(this.schema);
    this.slow = new Validator(this.schema as never, '2020-12', true);
  }

  valid(value: unknown): boolean {
    if (this.hasLongKey(value)) return false;
    this.work.begin(value, this.fast !== undefined);
    if (this.fast) return this.fast(value);
    if (++this.uses === HOT && this.work.mayBeCompiled) {
      // Loaded by the first schema that gets hot, so that no cold command pays for it.
      void compileWithAjv(structuredClone(this.schema)).then((fast) => {
        this.fast = fast;
      });
    }
    return this.slow.validate(value).valid;
  }

  errors(value: unknown): SchemaError[] {
    if (this.hasLongKey(value))
      return [{ path: '', message: `has a field whose name has more than ${this.longestKey} characters` }];
    this.work.begin(value, false);
    const { valid, errors } = new Validator(this.schema as never, '2020-12', false).validate(value);
    return valid ? [] : explain(errors, this.schema, value);
  }

  private hasLongKey(value: unknown): boolean {
    return this.longestKey !== Number.POSITIVE_INFINITY && hasKeyOver(value, this.longestKey);
  }
}

const byIdentity = new WeakMap<object, Checker>();
const byContent = new Map<string, Checker>();

function checkerOf(schema: JsonSchema): Checker {
  if (typeof schema === 'boolean') return new Checker(schema);
  let checker = byIdentity.get(schema);
  if (checker !== undefined) return checker;
  const key = JSON.stringify(schema);
  checker = byContent.get(key);
  if (checker === undefined) {
    const problem = boundsProblem(schema);
    if (problem) throw new SchemaUnusable(problem.message);
    checker = new Checker(schema);
    if (byContent.size >= MAX_CACHED) byContent.delete(byContent.keys().next().value!);
    byContent.set(key, checker);
  }
  byIdentity.set(schema, checker);
  return checker;
}

/** A schema that no value can be checked against: out of bounds, or with a reference to nothing. */
class SchemaUnusable extends Error {}

/** Checks a value against a JSON Schema (2020-12); undefined when it fits, else what is wrong, in one line. */
export function checkSchema(schema: JsonSchema, value: Json): string | undefined {
  if (schema === true) return undefined;
  const errors = schemaErrors(schema, value);
  const [first] = errors;
  if (first === undefined) return undefined;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  return `${first.path === '' ? 'the value' : first.path} ${first.message}${more}`;
}

/** All that is wrong with a value, up to 20 findings, most telling first; empty when it fits. */
export function schemaErrors(schema: JsonSchema, value: Json): SchemaError[] {
  if (schema === true) return [];
  try {
    const checker = checkerOf(schema);
    return checker.valid(value) ? [] : checker.errors(value);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [{ path: '', message: `cannot be checked, because its schema cannot be used: ${reason}` }];
  }
}

/** Keywords that only say that something inside them failed. */
const OUTER = new Set(['properties', 'items', 'prefixItems', 'additionalProperties', 'patternProperties', '$ref',
  'allOf', 'then', 'else', 'if', 'dependentSchemas', 'unevaluatedProperties', 'unevaluatedItems', 'contains',
  '$dynamicRef', '$recursiveRef', 'propertyNames']); // biome-ignore format: a table

function explain(units: OutputUnit[], schema: JsonSchema, value: unknown): SchemaError[] {
  const errors: SchemaError[] = [];
  const seen = new Set<string>();
  const add = (location: string, message: string) => {
    const path = pathOf(location);
    const key = `${path}\n${message}`;
    if (seen.has(key) || errors.length >= MAX_ERRORS) return;
    seen.add(key);
    errors.push({ path, message });
  };
  const choices = units.filter((unit) => unit.keyword === 'anyOf' || unit.keyword === 'oneOf');
  for (const unit of units) {
    // What failed inside a choice is only one of several ways: the choice itself says it.
    const inside = choices.some(
      (choice) => choice !== unit && unit.keywordLocation.startsWith(`${choice.keywordLocation}/`),
    );
    if (inside) continue;
    const failed = at(schema, unit.keywordLocation);
    if (failed === false && /^(additional|unevaluated)Properties$/.test(unit.keyword)) {
      add(unit.instanceLocation, `has an unknown field '${/"([^"]*)"/.exec(unit.error)?.[1] ?? ''}'`);
    } else if (failed === false && OUTER.has(unit.keyword)) {
      add(unit.instanceLocation, 'has an item too many');
    }
    if (OUTER.has(unit.keyword) || unit.keyword === 'false') continue;
    add(unit.instanceLocation, messageOf(unit, failed, at(value, unit.instanceLocation)));
  }
  if (errors.length === 0) errors.push({ path: '', message: 'does not match its schema' });
  return errors;
}

/** The value at a location as `#/properties/a/type`; for a keyword, what it is set to. */
function at(root: unknown, location: string): unknown {
  let value = root;
  for (const part of location.replace(/^#\/?/, '').split('/')) {
    if (part === '') continue;
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string, unknown>)[decode(part)];
    // The location goes on through a reference, as if its target stood there.
    if (part === '$ref' && typeof value === 'string' && value.startsWith('#')) value = at(root, value);
  }
  return value;
}

const decode = (part: string): string => {
  const bare = part.replaceAll('~1', '/').replaceAll('~0', '~');
  try {
    return decodeURIComponent(bare);
  } catch {
    return bare;
  }
};

function pathOf(location: string): string {
  let out = '';
  for (const part of location.replace(/^#\/?/, '').split('/')) {
    if (part === '') continue;
    const name = decode(part);
    out += /^\d+$/.test(name)
      ? `[${name}]`
      : /^[\w$-]+$/.test(name)
        ? out === ''
          ? name
          : `.${name}`
        : `[${JSON.stringify(name)}]`;
  }
  return out;
}

const short = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
};

const typeOf = (value: unknown): string =>
  value === null
    ? 'null'
    : Array.isArray(value)
      ? 'an array'
      : typeof value === 'object'
        ? 'an object'
        : `a ${typeof value}`;

/** Messages name types and limits, never the value: it may be a secret, and messages are logged. */
function messageOf(unit: OutputUnit, limit: unknown, value: unknown): string {
  switch (unit.keyword) {
    case 'type':
      // The number is of no use to the reader without what is wrong with it.
      if (limit === 'integer' && typeof value === 'number')
        return 'must be a whole number, and has a fraction';
      return `must be ${Array.isArray(limit) ? limit.map(nameOf).join(' or ') : nameOf(String(limit))}, and is ${typeOf(value)}`;
    case 'required': {
      const name = /"([^"]*)"/.exec(unit.error)?.[1];
      return name === undefined ? 'lacks a required field' : `lacks the field '${name}'`;
    }
    case 'enum':
      return `must be one of ${Array.isArray(limit) ? limit.slice(0, 12).map(short).join(', ') : '…'}`;
    case 'const':
      return `must be ${short(limit)}`;
    case 'minimum':
      return `must be at least ${limit}`;
    case 'maximum':
      return `must be at most ${limit}`;
    case 'exclusiveMinimum':
      return `must be more than ${limit}`;
    case 'exclusiveMaximum':
      return `must be less than ${limit}`;
    case 'multipleOf':
      return `must be a multiple of ${limit}`;
    case 'minLength':
      return `must have at least ${limit} characters`;
    case 'maxLength':
      return `must have at most ${limit} characters`;
    case 'minItems':
      return `must have at least ${limit} items`;
    case 'maxItems':
      return `must have at most ${limit} items`;
    case 'uniqueItems':
      return 'must not hold the same item twice';
    case 'minProperties':
      return `must have at least ${limit} fields`;
    case 'maxProperties':
      return `must have at most ${limit} fields`;
    case 'pattern':
      return `must match ${short(limit)}`;
    case 'format':
      return `must have the format ${String(limit)}`;
    case 'anyOf':
    case 'oneOf':
      return choiceText(limit, value);
    case 'not':
      return 'is a value that is ruled out';
    default:
      return `does not match \`${unit.keyword}\``;
  }
}

const nameOf = (type: string): string =>
  type === 'null'
    ? 'null'
    : type === 'integer'
      ? 'a whole number'
      : `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type}`;

function choiceText(options: unknown, value: unknown): string {
  if (!Array.isArray(options)) return 'fits none of the choices';
  const types = options.map((option) => (option as { type?: unknown } | null)?.type);
  if (types.every((type) => typeof type === 'string')) {
    const wanted = [...new Set(types as string[])];
    const actual = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
    if (!wanted.includes(actual))
      return `must be ${wanted.map(nameOf).join(' or ')}, and is ${typeOf(value)}`;
  }
  return `fits none of the ${options.length} choices`;
}
