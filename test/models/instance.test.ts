import { describe, expect, test } from 'vitest';
import type { JsonSchema } from '../../src/contracts/json.ts';
import { smallestInstance } from '../../src/models/instance/instance.ts';
import { sampleOfPattern } from '../../src/models/instance/text.ts';
import { checkSchema } from './check-schema.ts';

const schemas: Record<string, JsonSchema> = {
  unknown: {},
  'an object with optional fields': {
    type: 'object',
    required: ['title'],
    properties: { title: { type: 'string' }, note: { type: 'string' } },
  },
  'bounds of numbers': {
    type: 'object',
    required: ['a', 'b', 'c', 'd', 'e', 'f'],
    properties: {
      a: { type: 'integer', minimum: 5, maximum: 5 },
      b: { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 },
      c: { type: 'integer', multipleOf: 7, minimum: 100 },
      d: { type: 'number', multipleOf: 0.1, minimum: 0.3, maximum: 0.3 },
      e: { type: 'integer', maximum: -3 },
      f: { type: 'number', exclusiveMinimum: 10 },
    },
  },
  'lengths of texts': {
    type: 'array',
    minItems: 3,
    prefixItems: [
      { type: 'string', maxLength: 3 },
      { type: 'string', minLength: 40 },
      { type: 'string', minLength: 6, maxLength: 6 },
    ],
  },
  patterns: {
    type: 'object',
    required: ['sku', 'hex', 'either', 'long'],
    properties: {
      sku: { type: 'string', pattern: '^[A-Z]{2,4}-\\d{3}$' },
      hex: { type: 'string', pattern: '^(?:0x)?[0-9a-f]{8}$' },
      either: { type: 'string', pattern: '^(red|green)$' },
      long: { type: 'string', pattern: '^a+b*$', minLength: 9 },
    },
  },
  formats: {
    type: 'array',
    minItems: 8,
    prefixItems: ['date-time', 'date', 'time', 'email', 'uri', 'uuid', 'ipv4', 'ipv6'].map((format) => ({
      type: 'string',
      format,
    })),
  },
  'different items': { type: 'array', minItems: 3, uniqueItems: true, items: { enum: ['x', 'y', 'z'] } },
  'contained items': {
    type: 'array',
    minItems: 2,
    items: { type: 'integer' },
    contains: { minimum: 50, maximum: 60 },
    minContains: 2,
  },
  'a recursive type': {
    $ref: '#/$defs/tree',
    $defs: {
      tree: {
        type: 'object',
        required: ['label', 'left'],
        properties: {
          label: { type: 'string' },
          left: { anyOf: [{ $ref: '#/$defs/tree' }, { type: 'null' }] },
        },
      },
    },
  },
  'allOf that narrows': {
    allOf: [
      { type: 'object', required: ['n'], properties: { n: { type: 'number', minimum: 10 } } },
      { required: ['m'], properties: { n: { type: 'integer', maximum: 11 }, m: { const: 'fixed' } } },
    ],
  },
  'oneOf with a discriminator': {
    oneOf: [
      {
        type: 'object',
        required: ['kind', 'radius'],
        properties: { kind: { const: 'circle' }, radius: { type: 'number' } },
      },
      {
        type: 'object',
        required: ['kind', 'side'],
        properties: { kind: { const: 'square' }, side: { type: 'number' } },
      },
    ],
  },
  'a refused value': { type: 'integer', minimum: 1, maximum: 3, not: { enum: [1, 3] } },
  'if and then': {
    type: 'object',
    required: ['country'],
    properties: { country: { const: 'US' } },
    if: { properties: { country: { const: 'US' } } },
    then: { required: ['zip'], properties: { zip: { type: 'string', pattern: '^\\d{5}$' } } },
  },
  'names of properties': {
    type: 'object',
    minProperties: 2,
    propertyNames: { pattern: '^[a-z]{3}$' },
    additionalProperties: { type: 'boolean' },
  },
  'required by another': {
    type: 'object',
    required: ['a'],
    dependentRequired: { a: ['b'] },
    properties: { b: { type: 'integer' } },
  },
  'nullable by type list': { type: ['null', 'string'] },
  'the root, by reference': {
    type: 'object',
    required: ['children'],
    properties: { children: { type: 'array', items: { $ref: '#' } } },
  },
};

describe('the smallest instance', () => {
  for (const [name, schema] of Object.entries(schemas)) {
    test(`of ${name} is valid, and the same for the same seed`, () => {
      for (const seed of ['a', 'b', 'c', 'd', 'e']) {
        const found = smallestInstance(schema, seed, checkSchema);
        expect(found.problem).toBeUndefined();
        expect(checkSchema(schema, found.value!)).toBeUndefined();
        expect(smallestInstance(schema, seed, checkSchema)).toEqual(found);
      }
    });
  }

  test('has required properties only, and the shortest arrays', () => {
    const found = smallestInstance(
      {
        type: 'object',
        required: ['tags'],
        properties: { tags: { type: 'array', items: { type: 'string' } }, more: { type: 'string' } },
      },
      'seed',
      checkSchema,
    );
    expect(found.value).toEqual({ tags: [] });
  });

  test('prefers a value over null', () => {
    expect(
      smallestInstance({ anyOf: [{ type: 'null' }, { type: 'integer' }] }, 's', checkSchema).value,
    ).toBeTypeOf('number');
  });

  test('differs with the seed', () => {
    const values = new Set(
      Array.from(
        { length: 20 },
        (_, i) => smallestInstance({ type: 'string' }, `seed ${i}`, checkSchema).value,
      ),
    );
    expect(values.size).toBeGreaterThan(10);
  });

  test('says why there is none', () => {
    const none = (schema: JsonSchema) => smallestInstance(schema, 's', checkSchema).problem;
    expect(none(false)).toMatch(/nothing is valid/);
    expect(none({ type: 'integer', minimum: 3, maximum: 2 })).toMatch(/no number/);
    expect(none({ $ref: '#/$defs/gone' })).toMatch(/leads nowhere/);
    expect(none({ $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/a' } } })).toMatch(/leads to itself/);
    expect(
      none({
        $ref: '#/$defs/a',
        $defs: { a: { type: 'object', required: ['a'], properties: { a: { $ref: '#/$defs/a' } } } },
      }),
    ).toMatch(/nested without an end/);
    expect(none({ type: 'string', pattern: '^(?=x)y$' })).toMatch(/pattern/);
    expect(none({ type: 'array', minItems: 1_000_000_000 })).toMatch(/too many/);
    expect(none({ type: 'array', minItems: 3, uniqueItems: true, items: { type: 'boolean' } })).toMatch(
      /different/,
    );
  });

  test('gives up on hostile schemas after a bounded search', () => {
    let checks = 0;
    const counted: typeof checkSchema = (schema, value) => {
      checks++;
      return checkSchema(schema, value);
    };
    const branches = (depth: number): JsonSchema =>
      depth === 0
        ? { type: 'string', not: { minLength: 0 } }
        : { anyOf: [branches(depth - 1), branches(depth - 1), branches(depth - 1)] };
    const tree = (depth: number): JsonSchema =>
      depth === 0 ? false : { anyOf: [tree(depth - 1), tree(depth - 1), tree(depth - 1)] };
    for (const hostile of [
      branches(7),
      tree(7),
      { enum: Array.from({ length: 5000 }, (_, i) => i), minimum: 1e9 },
      { type: 'string', pattern: '(((a*)*)*)*b{1000}$', minLength: 40_000 },
      { $ref: '#/$defs/t', $defs: { t: { type: 'array', minItems: 3, items: { $ref: '#/$defs/t' } } } },
    ])
      expect(smallestInstance(hostile, 's', counted).problem).toBeTypeOf('string');
    expect(checks).toBeLessThan(10_000);
  });

  test('a property called __proto__ is a property', () => {
    const schema = JSON.parse(
      '{"type":"object","required":["__proto__"],"properties":{"__proto__":{"const":1}}}',
    );
    const { value } = smallestInstance(schema, 's', () => undefined);
    expect(Object.keys(value as object)).toEqual(['__proto__']);
  });
});

describe('a sample of a pattern', () => {
  test.each([
    ['^\\d{4}-\\d{2}$', 0, 99],
    ['^[^a-z0-9]$', 0, 99],
    ['foo|bar', 0, 99],
    ['^$', 0, 99],
    ['[\\u00e9]', 5, 5],
    ['^(ab)*$', 5, 6],
  ])('%s between %i and %i', (pattern, min, max) => {
    const text = sampleOfPattern(pattern, min, max)!;
    expect(text).toMatch(new RegExp(pattern));
    expect(text.length).toBeGreaterThanOrEqual(min);
    expect(text.length).toBeLessThanOrEqual(max);
  });

  test('is none where none fits', () => {
    expect(sampleOfPattern('^a{5}$', 0, 4)).toBeUndefined();
    expect(sampleOfPattern('^a{5}$', 6, 9)).toBeUndefined();
  });
});
