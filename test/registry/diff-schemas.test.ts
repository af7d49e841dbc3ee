import { expect, test } from 'vitest';
import type { JsonSchema } from '../../src/contracts/json.ts';
import { diffSchemas } from '../../src/registry/diff-schemas.ts';

const object = (properties: object, required: string[] = [], more: object = {}): JsonSchema => ({
  type: 'object',
  properties,
  required,
  ...more,
});
const said = (where: 'input' | 'output', before: JsonSchema, after: JsonSchema): string[] =>
  diffSchemas(where, before, after).map(
    (change) => `${change.breaking ? '!' : ' '} ${change.path}: ${change.change}`,
  );

const number = { type: 'number' };
const string = { type: 'string' };

test.each<[string, JsonSchema, JsonSchema, string[], string[]]>([
  ['nothing', object({ a: number }, ['a']), object({ a: number }, ['a']), [], []],
  [
    'only words and the order of keys',
    { type: 'object', title: 'A', properties: { a: { type: 'number', description: 'x' } } },
    { properties: { a: { description: 'y', type: 'number' } }, type: 'object', examples: [{}] },
    [],
    [],
  ],
  [
    'a new optional field',
    object({}),
    object({ a: number }),
    ['  a: is new and optional'],
    ['  a: is new and optional'],
  ],
  [
    'a new required field',
    object({}),
    object({ a: number }, ['a']),
    ['! a: is new and required'],
    ['  a: is new'],
  ],
  ['a field less', object({ a: number }, ['a']), object({}), ['! a: is gone'], ['! a: is gone']],
  [
    'a renamed field',
    object({ cost: number }, ['cost']),
    object({ price: number }, ['price']),
    ['! cost: is gone', '! price: is new and required'],
    ['! cost: is gone', '  price: is new'],
  ],
  [
    'now required',
    object({ a: number }),
    object({ a: number }, ['a']),
    ['! a: is now required'],
    ['  a: is now always there'],
  ],
  [
    'now optional',
    object({ a: number }, ['a']),
    object({ a: number }),
    ['  a: is now optional'],
    ['! a: may now be absent'],
  ],
  [
    'another type',
    object({ a: number }),
    object({ a: string }),
    ['! a: number is now string'],
    ['! a: number is now string'],
  ],
  [
    'integer to number',
    { type: 'integer' },
    number,
    ['  : integer is now number'],
    ['! : integer is now number'],
  ],
  [
    'number to integer',
    number,
    { type: 'integer' },
    ['! : number is now integer'],
    ['  : number is now integer'],
  ],
  [
    'null too',
    string,
    { anyOf: [string, { type: 'null' }] },
    ['  : also takes null'],
    ['! : may now be null'],
  ],
  [
    'no more null',
    { type: ['string', 'null'] },
    string,
    ['! : no longer takes null'],
    ['  : is never null now'],
  ],
  ['anything to something', {}, string, ['! : anything is now string'], ['  : anything is now string']],
  ['nothing to something', false, string, ['! : nothing is now string'], ['! : nothing is now string']],
  [
    'values',
    { enum: ['red', 'green'] },
    { enum: ['red', 'blue'] },
    ['! : "green" is no longer one of its values', '  : "blue" is a new one of its values'],
    ['  : "green" is no longer one of its values', '! : "blue" is a new one of its values'],
  ],
  [
    'from free text to values',
    string,
    { type: 'string', enum: ['a'] },
    ['! : is now only one of "a"'],
    ['  : is now only one of "a"'],
  ],
  [
    'a higher minimum',
    { type: 'number', minimum: 0 },
    { type: 'number', minimum: 1 },
    ['! : minimum 0 is now 1'],
    ['  : minimum 0 is now 1'],
  ],
  [
    'a higher maximum',
    { type: 'number', maximum: 5 },
    { type: 'number', maximum: 9 },
    ['  : maximum 5 is now 9'],
    ['! : maximum 5 is now 9'],
  ],
  [
    'a new pattern',
    string,
    { type: 'string', pattern: '^a' },
    ['! : pattern "^a" is new'],
    ['  : pattern "^a" is new'],
  ],
  [
    'another pattern',
    { type: 'string', pattern: '^a' },
    { type: 'string', pattern: '^b' },
    ['! : pattern "^a" is now "^b"'],
    ['! : pattern "^a" is now "^b"'],
  ],
  [
    'another default',
    object({ a: { type: 'number', default: 1 } }),
    object({ a: { type: 'number', default: 2 } }),
    ['  a: default 1 is now 2'],
    [],
  ],
  [
    'items',
    { type: 'array', items: number },
    { type: 'array', items: string },
    ['! []: number is now string'],
    ['! []: number is now string'],
  ],
  [
    'fields of items',
    object({ rows: { type: 'array', items: object({ id: number }, ['id']) } }),
    object({ rows: { type: 'array', items: object({ id: number, name: string }, ['id', 'name']) } }),
    ['! rows[].name: is new and required'],
    ['  rows[].name: is new'],
  ],
  [
    'places',
    { type: 'array', prefixItems: [number], items: false },
    { type: 'array', prefixItems: [string], items: false },
    ['! [0]: number is now string'],
    ['! [0]: number is now string'],
  ],
  [
    'no other fields',
    object({}),
    object({}, [], { additionalProperties: false }),
    ['! : no longer takes other fields'],
    ['  : no longer takes other fields'],
  ],
  [
    'other fields',
    object({}, [], { additionalProperties: number }),
    object({}, [], { additionalProperties: string }),
    ['! *: number is now string'],
    ['! *: number is now string'],
  ],
  [
    'what can not be compared',
    { type: 'string', not: { const: 'a' } },
    { type: 'string', not: { const: 'b' } },
    ['! : not {"const":"a"} is now {"const":"b"}'],
    ['! : not {"const":"a"} is now {"const":"b"}'],
  ],
])('%s', (_name, before, after, input, output) => {
  expect(said('input', before, after)).toEqual(input);
  expect(said('output', before, after)).toEqual(output);
});

test('references are followed, also recursive ones', () => {
  const tree = (value: object): JsonSchema => ({
    $ref: '#/$defs/node',
    $defs: { node: object({ value, children: { type: 'array', items: { $ref: '#/$defs/node' } } }) },
  });
  expect(said('input', tree(number), tree(string))).toEqual(['! value: number is now string']);
  expect(said('input', tree(number), tree(number))).toEqual([]);
  const itself = (value: object): JsonSchema => object({ value, child: { $ref: '#' } });
  expect(said('output', itself(number), itself(string))).toEqual(['! value: number is now string']);
});

test('hostile schemas end', () => {
  const endless: JsonSchema = {
    $ref: '#/$defs/a',
    $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } },
  };
  expect(said('input', endless, string)).toEqual(['! : anything is now string']);
  let deep: JsonSchema = number;
  let deeper: JsonSchema = string;
  for (let level = 0; level < 200; level++) [deep, deeper] = [object({ a: deep }), object({ a: deeper })];
  expect(said('input', deep, deeper)[0]).toMatch(/^! a\.a.*: is too deep to compare$/);
  const wide = (type: object): JsonSchema =>
    object(Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`f${index}`, type])));
  const changes = diffSchemas('input', wide(number), wide(string));
  expect(changes).toHaveLength(101);
  expect(changes.at(-1)).toMatchObject({ change: '200 more changes', breaking: true });
});
