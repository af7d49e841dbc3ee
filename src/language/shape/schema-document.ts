import type { Collector } from '../diagnostics/collector.ts';
import { renameKey, replaceValue } from '../diagnostics/fixes.ts';
import { suggest } from '../expressions/suggest.ts';
import { boundsProblem } from '../schema/bounds.ts';
import type { Path } from '../source/path.ts';

const TYPES = ['string', 'number', 'integer', 'boolean', 'object', 'array', 'null'];
/** Names of types in other languages. */
const TYPE_WORDS: Record<string, string> = {
  str: 'string', text: 'string', date: 'string', datetime: 'string', uuid: 'string', file: 'string',
  int: 'integer', long: 'integer', float: 'number', double: 'number', decimal: 'number', num: 'number',
  bool: 'boolean', list: 'array', arr: 'array', tuple: 'array', dict: 'object', map: 'object', record: 'object',
  obj: 'object', json: 'object', none: 'null', nil: 'null',
}; // biome-ignore format: a table

/** Keywords whose value is a schema, a list of schemas, a map of schemas, or a plain value of some type. */
const SCHEMA = ['items', 'additionalProperties', 'contains', 'not', 'if', 'then', 'else', 'propertyNames',
  'unevaluatedProperties', 'unevaluatedItems', 'additionalItems', 'contentSchema']; // biome-ignore format: a table
const LISTS = ['anyOf', 'oneOf', 'allOf', 'prefixItems'];
const MAPS = ['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas'];
const NUMBERS = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'];
const COUNTS = [
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
  'minContains',
  'maxContains',
];
const OTHER = ['$schema', '$id', '$ref', '$anchor', '$comment', '$dynamicRef', '$dynamicAnchor', '$vocabulary', 'type',
  'enum', 'const', 'required', 'dependentRequired', 'uniqueItems', 'pattern', 'format', 'title', 'description',
  'default', 'examples', 'example', 'deprecated', 'readOnly', 'writeOnly', 'contentMediaType', 'contentEncoding',
  'nullable']; // biome-ignore format: a table
const KEYWORDS = new Set([...SCHEMA, ...LISTS, ...MAPS, ...NUMBERS, ...COUNTS, ...OTHER]);

/**
 * Checks that a value is a JSON Schema that can be used here, and reports what is not; false when it can't be used.
 * `extra` are keywords that are ours (`optional` of an input).
 */
export function checkSchemaDocument(
  out: Collector,
  schema: unknown,
  path: Path,
  extra: readonly string[] = [],
): boolean {
  const before = out.errors;
  new SchemaWalk(out, extra).schema(schema, path, 0);
  if (out.errors > before) return false;
  const problem = boundsProblem(schema as never);
  if (problem !== undefined) {
    out.atValue('ICE1131', problem.path.length > 0 ? [...path, ...problem.path] : path, problem.message, {
      help: problem.help,
    });
    return false;
  }
  return true;
}

class SchemaWalk {
  readonly out: Collector;
  readonly extra: readonly string[];

  constructor(out: Collector, extra: readonly string[]) {
    this.out = out;
    this.extra = extra;
  }

  schema(schema: unknown, path: Path, depth: number): void {
    if (typeof schema === 'boolean' || depth > 60) return;
    if (typeof schema === 'string') {
      this.word(schema, path);
      return;
    }
    if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) {
      this.out.atValue('ICE1125', path, 'A JSON Schema is a map, as { type: string }');
      return;
    }
    for (const [keyword, value] of Object.entries(schema)) {
      const at = [...path, keyword];
      if (keyword === 'type') this.type(value, at);
      else if (keyword === 'required') this.required(value, at, schema as Record<string, unknown>);
      else if (SCHEMA.includes(keyword)) this.schema(value, at, depth + 1);
      else if (LISTS.includes(keyword)) this.list(value, at, depth);
      else if (MAPS.includes(keyword)) this.map(value, at, depth);
      else if (NUMBERS.includes(keyword) || COUNTS.includes(keyword)) this.number(keyword, value, at);
      else if (keyword === 'enum' && (!Array.isArray(value) || value.length === 0)) {
        this.out.atValue('ICE1125', at, '`enum` is a list of the allowed values', {
          help: 'Write it in brackets, as enum: [low, high].',
        });
      } else if (keyword === 'pattern') this.pattern(value, at);
      else if (!KEYWORDS.has(keyword) && !this.extra.includes(keyword)) this.unknown(keyword, at, depth);
    }
    this.bounds(schema as Record<string, unknown>, path);
  }

  /** `csv: string`: the name of a type in the place of a schema. */
  private word(word: string, path: Path): void {
    const type = TYPES.includes(word) ? word : (TYPE_WORDS[word.toLowerCase()] ?? suggest(word, TYPES));
    this.out.atValue('ICE1127', path, 'A schema is a map, and this is a text', {
      help: type ? `Write { type: ${type} }.` : 'Write { type: string }.',
      fix: type
        ? replaceValue(
            this.out.source,
            path,
            `{ type: ${type} }`,
            `Write { type: ${type} }`,
            TYPES.includes(word) || word.toLowerCase() in TYPE_WORDS,
          )
        : undefined,
    });
  }

  private type(value: unknown, path: Path): void {
    const types = Array.isArray(value) ? value : [value];
    for (const [index, type] of types.entries()) {
      if (typeof type === 'string' && TYPES.includes(type)) continue;
      const at = Array.isArray(value) ? [...path, index] : path;
      if (type === null || typeof type !== 'string') {
        this.out.atValue('ICE1125', at, '`type` is the name of a type', {
          help: type === null ? 'For null, write type: "null" with quotes.' : `One of ${TYPES.join(', ')}.`,
        });
        continue;
      }
      const known = TYPE_WORDS[type.toLowerCase()];
      const near = known ?? suggest(type, TYPES);
      this.out.atValue('ICE1125', at, `There is no type '${type}' in JSON Schema`, {
        help: near
          ? `Did you mean '${near}'?`
          : type === 'any'
            ? 'Leave `type` out for any value.'
            : type === 'enum'
              ? 'Write { enum: [ … ] } with the allowed values.'
              : `The types are ${TYPES.join(', ')}.`,
        fix: near ? replaceValue(this.out.source, at, near, `Write ${near}`, known !== undefined) : undefined,
      });
    }
  }

  private required(value: unknown, path: Path, schema: Record<string, unknown>): void {
    if (typeof value === 'boolean') {
      const optional = this.extra.includes('optional') && path.length === 3;
      this.out.atValue('ICE1125', path, '`required` is a list of the names of properties', {
        help: optional
          ? 'An input is required unless it has a `default` or says `optional: true`.'
          : 'Name the property in the `required` list of the object that holds it.',
      });
      return;
    }
    if (!Array.isArray(value) || value.some((each) => typeof each !== 'string')) {
      this.out.atValue('ICE1125', path, '`required` is a list of the names of properties');
      return;
    }
    const properties = schema['properties'];
    if (typeof properties !== 'object' || properties === null) return;
    const names = Object.keys(properties);
    for (const [index, name] of value.entries()) {
      if (names.includes(name)) continue;
      const near = suggest(name, names);
      this.out.atValue(
        'ICE1125',
        [...path, index],
        `'${name}' is required, and is no property of this schema`,
        {
          severity: near ? 'error' : 'warning',
          help: near ? `Did you mean '${near}'?` : 'Describe it under `properties`.',
        },
      );
    }
  }

  private list(value: unknown, path: Path, depth: number): void {
    if (!Array.isArray(value) || value.length === 0) {
      this.out.atValue('ICE1125', path, `\`${path.at(-1)}\` is a list of schemas`);
      return;
    }
    for (const [index, item] of value.entries()) this.schema(item, [...path, index], depth + 1);
  }

  private map(value: unknown, path: Path, depth: number): void {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.out.atValue('ICE1125', path, `\`${path.at(-1)}\` is a map of schemas`, {
        help: Array.isArray(value) ? 'Write `name: { type: … }` without dashes.' : undefined,
      });
      return;
    }
    for (const [key, item] of Object.entries(value)) this.schema(item, [...path, key], depth + 1);
  }

  private number(keyword: string, value: unknown, path: Path): void {
    const count = COUNTS.includes(keyword);
    if (typeof value === 'number' && (!count || (Number.isInteger(value) && value >= 0))) return;
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
    this.out.atValue('ICE1125', path, `\`${keyword}\` is a ${count ? 'whole number from 0' : 'number'}`, {
      fix: Number.isFinite(number)
        ? replaceValue(this.out.source, path, String(number), 'Remove the quotes', true)
        : undefined,
    });
  }

  private pattern(value: unknown, path: Path): void {
    try {
      if (typeof value !== 'string') throw new TypeError('no text');
      new RegExp(value, 'u');
    } catch {
      this.out.atValue('ICE1125', path, '`pattern` is not a regular expression');
    }
  }

  private unknown(keyword: string, path: Path, depth: number): void {
    if (keyword.startsWith('x-')) return;
    const near = suggest(keyword, KEYWORDS);
    if (near === undefined) {
      const input = depth === 0 && this.extra.includes('optional');
      this.out.atKey('ICE1130', path, `JSON Schema has no keyword \`${keyword}\``, {
        severity: 'warning',
        help: input
          ? 'It is ignored. For an object, write the fields under `properties`.'
          : 'It is ignored. Properties of an object stand under `properties`.',
      });
      return;
    }
    this.out.atKey('ICE1130', path, `JSON Schema has no keyword \`${keyword}\``, {
      help: `Did you mean \`${near}\`?`,
      fix: renameKey(
        this.out.source,
        path,
        near,
        near.toLowerCase() === keyword.toLowerCase().replaceAll(/[_-]/g, ''),
      ),
    });
  }

  private bounds(schema: Record<string, unknown>, path: Path): void {
    for (const [low, high] of [
      ['minimum', 'maximum'],
      ['minLength', 'maxLength'],
      ['minItems', 'maxItems'],
    ] as const) {
      const from = schema[low];
      const to = schema[high];
      if (typeof from === 'number' && typeof to === 'number' && from > to) {
        this.out.atValue(
          'ICE1125',
          [...path, low],
          `\`${low}\` (${from}) is above \`${high}\` (${to}): no value fits`,
        );
      }
    }
  }
}
