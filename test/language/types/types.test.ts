import { describe, expect, test } from 'vitest';
import type { JsonSchema } from '../../../src/contracts/json.ts';
import {
  assignable,
  describe as describeType,
  isUnknown,
  itemType,
  memberType,
  resolveRefs,
  typeOfValue,
  union,
  withoutNull,
} from '../../../src/language/types/index.ts';

const string: JsonSchema = { type: 'string' };
const number: JsonSchema = { type: 'number' };
const integer: JsonSchema = { type: 'integer' };
const nil: JsonSchema = { type: 'null' };
const arrayOf = (items: JsonSchema): JsonSchema => ({ type: 'array', items });
const object = (
  properties: Record<string, JsonSchema>,
  required = Object.keys(properties),
  more = {},
): JsonSchema => ({
  type: 'object',
  properties,
  required,
  ...more,
});
const closed = { additionalProperties: false };

describe('assignable', () => {
  test.each<[string, JsonSchema, JsonSchema]>([
    ['the same', string, string],
    ['unknown from', {}, string],
    ['unknown to', string, {}],
    ['true', true, integer],
    ['integer to number', integer, number],
    ['number to integer, not known', number, integer],
    ['2.0 to integer', { const: 2 }, integer],
    ['a union of which one fits', union(string, number), number],
    ['nullable to plain', union(string, nil), string],
    ['plain to nullable', string, { type: ['string', 'null'] }],
    ['into a union', { const: 'a' }, { anyOf: [number, { enum: ['a', 'b'] }] }],
    ['string to enum', string, { enum: ['a'] }],
    ['enums that overlap', { enum: ['a', 'b'] }, { enum: ['b', 'c'] }],
    ['nothing', false, string],
    ['an empty list', typeOfValue([]), arrayOf(string)],
    ['a tuple to a list', typeOfValue([1, 2]), arrayOf(number)],
    ['lists', arrayOf(integer), arrayOf(number)],
    ['object with more fields', object({ a: string, b: number }), object({ a: string })],
    ['an open object', { type: 'object' }, object({ a: string })],
    ['a map', { type: 'object', additionalProperties: number }, object({ a: number })],
    [
      'an optional field too many',
      object({ a: string, b: number }, ['a']),
      object({ a: string }, ['a'], closed),
    ],
    ['allOf', { allOf: [object({ a: string }), object({ b: number })] }, object({ a: string, b: number })],
    ['openapi nullable', nil, { type: 'string', nullable: true }],
    ['limits', { const: 5 }, { type: 'number', minimum: 1, maximum: 5 }],
  ])('%s fits', (_, from, to) => expect(assignable(from, to)).toEqual({ ok: true }));

  test.each<[string, JsonSchema, JsonSchema, object]>([
    [
      'string to number',
      string,
      number,
      { kind: 'type', path: [], reason: 'string, where number is needed' },
    ],
    ['1.5 to integer', { type: 'number', const: 1.5 }, integer, { kind: 'value' }],
    ['null', nil, string, { kind: 'type' }],
    [
      'no member',
      union(string, nil),
      union(number, { type: 'boolean' }),
      { kind: 'type', reason: 'string | null, where number | boolean is needed' },
    ],
    [
      'a value not listed',
      { const: 'z' },
      { enum: ['a', 'b'] },
      { kind: 'value', reason: '"z", where "a" | "b" is needed' },
    ],
    ['enums apart', { enum: ['a', 'b'] }, { enum: ['c'] }, { kind: 'value' }],
    [
      'a missing field',
      object({ a: string }),
      object({ a: string, b: number }),
      { kind: 'missing', path: [], reason: "the field 'b' is missing" },
    ],
    [
      'an optional field',
      object({ a: string }, []),
      object({ a: string }),
      { kind: 'optional', path: ['a'] },
    ],
    [
      'a field too many',
      object({ a: string, b: string }),
      object({ a: string }, ['a'], closed),
      { kind: 'extra', path: [] },
    ],
    [
      'deep',
      object({ a: arrayOf(object({ b: string })) }),
      object({ a: arrayOf(object({ b: number })) }),
      { kind: 'type', path: ['a', '*', 'b'] },
    ],
    ['a tuple item', typeOfValue([1, 'x']), arrayOf(number), { path: [1] }],
    ['too few', typeOfValue([1]), { type: 'array', minItems: 2 }, { kind: 'value' }],
    ['too many', typeOfValue([1, 2]), { type: 'array', maxItems: 1 }, { kind: 'value' }],
    [
      'a limit',
      { const: -1 },
      { type: 'number', minimum: 0 },
      { kind: 'value', reason: '-1, where at least 0 is needed' },
    ],
    ['a length', { const: '' }, { type: 'string', minLength: 1 }, { kind: 'value' }],
    ['a map', { type: 'object', additionalProperties: string }, object({ a: number }), { path: ['a'] }],
    ['object to array', object({}), arrayOf(string), { kind: 'type' }],
    ['to nothing', string, false, { kind: 'type' }],
    [
      'the nearest member speaks',
      object({ a: string }),
      { anyOf: [string, object({ a: number })] },
      { path: ['a'] },
    ],
  ])('%s does not', (_, from, to, expected) =>
    expect(assignable(from, to)).toMatchObject({ ok: false, ...expected }),
  );

  test('fields called __proto__ are fields', () => {
    const schema = JSON.parse(
      '{"type":"object","properties":{"__proto__":{"type":"string"}},"required":["__proto__"],"additionalProperties":false}',
    ) as JsonSchema;
    expect(assignable(schema, schema)).toEqual({ ok: true });
    expect(assignable(object({}, [], closed), schema)).toMatchObject({ kind: 'missing' });
    expect(memberType(schema, '__proto__')).toMatchObject({ found: true, optional: false });
    expect(memberType(object({ a: string }), 'constructor')).toMatchObject({ found: false });
  });
});

describe('union', () => {
  test.each<[JsonSchema[], string]>([
    [[string, string], 'string'],
    [[integer, number], 'number'],
    [[string, { const: 'a', type: 'string' }], 'string'],
    [[{ const: 1 }, { const: 2 }], '1 | 2'],
    [[string, {}], 'unknown'],
    [[false, string], 'string'],
    [[], 'nothing'],
    [[union(string, nil), union(nil, number)], 'string | null | number'],
  ])('%j is %s', (schemas, text) => expect(describeType(union(...schemas))).toBe(text));

  test('is bounded', () => {
    const many = Array.from({ length: 100 }, (_, i) => typeOfValue(i));
    expect(describeType(union(...many))).toBe('integer');
    const objects = Array.from({ length: 100 }, (_, i) => object({ [`f${i}`]: string }));
    expect(isUnknown(union(...objects))).toBe(true);
  });
});

describe('members and items', () => {
  const either: JsonSchema = { oneOf: [object({ a: string, b: number }), object({ a: number }), nil] };

  test('of a union', () => {
    expect(memberType(either, 'a')).toMatchObject({
      found: true,
      optional: false,
      nullable: true,
      known: ['a', 'b'],
      fits: true,
    });
    expect(describeType(memberType(either, 'a').type)).toBe('string | number');
    expect(memberType(either, 'b')).toMatchObject({ found: true, optional: true });
    expect(memberType(either, 'c')).toMatchObject({ found: false, type: false, fits: true });
    expect(memberType(string, 'c')).toMatchObject({ found: false, fits: false });
  });

  test('of open and closed objects', () => {
    expect(memberType({ type: 'object' }, 'x')).toMatchObject({ found: true, optional: false });
    expect(memberType({ type: 'object', additionalProperties: number }, 'x')).toMatchObject({
      found: true,
      optional: true,
    });
    expect(memberType(object({ a: string }, ['a'], { additionalProperties: true }), 'x')).toMatchObject({
      found: true,
      optional: false,
    });
    expect(memberType(object({ a: string }), 'x')).toMatchObject({ found: false });
    expect(
      memberType(
        { type: 'object', patternProperties: { '(a+)+$': string } },
        'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!',
      ),
    ).toMatchObject({ found: true });
  });

  test('items', () => {
    expect(describeType(itemType(arrayOf(string)).type)).toBe('string');
    expect(describeType(itemType({ type: 'array', prefixItems: [string], items: number }).type)).toBe(
      'string | number',
    );
    expect(itemType(union(arrayOf(string), nil))).toMatchObject({ fits: true, nullable: true });
    expect(itemType(string)).toMatchObject({ fits: false });
    expect(isUnknown(itemType({}).type)).toBe(true);
  });

  test('withoutNull', () => {
    expect(describeType(withoutNull(either))).toBe('{ a: string, b: number } | { a: number }');
    expect(describeType(withoutNull({ type: ['string', 'null'] }))).toBe('string');
    expect(describeType(withoutNull({ enum: ['a', null] }))).toBe('"a"');
    expect(describeType(withoutNull(nil))).toBe('nothing');
    expect(describeType(withoutNull({ type: 'string', nullable: true }))).toBe('string');
  });
});

describe('references', () => {
  test('are written out', () => {
    const schema: JsonSchema = {
      type: 'array',
      items: { $ref: '#/$defs/a~1b' },
      $defs: { 'a/b': { type: 'object', properties: { x: { $ref: '#/$defs/n' } } }, n: number },
    };
    expect(resolveRefs(schema)).toEqual({
      type: 'array',
      items: { type: 'object', properties: { x: number } },
    });
  });

  test('with constraints beside them', () => {
    const schema: JsonSchema = {
      $ref: '#/$defs/a',
      required: ['x'],
      description: 'd',
      $defs: { a: { type: 'object', properties: { x: number } } },
    };
    expect(memberType(schema, 'x')).toMatchObject({ found: true, optional: false });
  });

  test('that lead nowhere are unknown', () => {
    for (const $ref of ['#/$defs/none', 'https://example.com/x.json', '#anchor', '#/%E0%A4%A'])
      expect(isUnknown(resolveRefs({ $ref }))).toBe(true);
  });

  test('a const or default that looks like one is data', () => {
    expect(describeType({ const: { $ref: '#/x' } })).toBe('{ $ref: "#/x" }');
  });
});

describe('hostile schemas end soon', () => {
  const soon = (work: () => unknown): void => {
    // Time of the processor: what else the machine does at that moment is not ours.
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(1_500);
  };

  const fan: JsonSchema = {
    $ref: '#/$defs/a0',
    $defs: Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [
        `a${i}`,
        {
          type: 'object',
          properties: { l: { $ref: `#/$defs/a${i + 1}` }, r: { $ref: `#/$defs/a${i + 1}` } },
        },
      ]),
    ),
  };
  const recursive: JsonSchema = {
    $ref: '#/$defs/t',
    $defs: { t: { anyOf: [{ $ref: '#/$defs/t' }, { $ref: '#/$defs/t' }, arrayOf({ $ref: '#/$defs/t' })] } },
  };
  const wide: JsonSchema = {
    anyOf: Array.from({ length: 10_000 }, (_, i) => ({ anyOf: [{ const: i }, { const: `${i}` }] })),
  };
  let deepAll: JsonSchema = string;
  for (let i = 0; i < 5_000; i++) deepAll = { allOf: [deepAll, deepAll] };
  let deepAny: JsonSchema = string;
  for (let i = 0; i < 5_000; i++) deepAny = { anyOf: [deepAny, number] };
  const self = object({ a: string });
  (self as { properties: Record<string, unknown> }).properties['self'] = self;
  const huge: JsonSchema = {
    type: 'object',
    properties: Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`p${i}`, { enum: ['a', 'b'] }])),
  };

  test.each<[string, JsonSchema]>([
    ['a fan of references', fan],
    ['recursion in a union', recursive],
    ['a wide union', wide],
    ['deep allOf', deepAll],
    ['deep anyOf', deepAny],
    ['an object in a circle', self],
    ['many properties', huge],
    [
      'nonsense',
      {
        type: 7,
        properties: [],
        required: 'x',
        items: null,
        anyOf: 'y',
        enum: 3,
        allOf: [3, null],
      } as unknown as JsonSchema,
    ],
  ])('%s', (_, schema) => {
    soon(() => {
      const resolved = resolveRefs(schema);
      assignable(schema, schema);
      assignable(schema, object({ l: object({ l: object({ l: string }) }) }));
      assignable(schema, recursive);
      expect(describeType(schema).length).toBeLessThanOrEqual(200);
      memberType(resolved, 'l');
      itemType(resolved);
      withoutNull(resolved);
      union(resolved, schema, string);
    });
  });
});
