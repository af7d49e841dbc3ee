import { describe, expect, test } from 'vitest';
import type { Json, JsonSchema } from '../../src/contracts/json.ts';
import { checkSchema } from '../../src/language/schema/index.ts';

const objects = (count: number): Json[] => Array.from({ length: count }, (_, i) => ({ i }));
/** Schemas of a few hundred bytes that ask for more work than there is time. */
const doubling = (both: (ref: JsonSchema) => JsonSchema): JsonSchema => ({
  $ref: '#/$defs/a0',
  $defs: Object.fromEntries(
    Array.from({ length: 41 }, (_, i) => [
      `a${i}`,
      i === 40 ? { type: 'number' } : both({ $ref: `#/$defs/a${i + 1}` }),
    ]),
  ),
});
let deep: Json = 1;
for (let i = 0; i < 60; i++) deep = [deep];

describe('a check that would take too long', () => {
  test.each<[string, JsonSchema, Json]>([
    ['references that double', doubling((ref) => ({ allOf: [ref, ref] })), 1],
    ['references that double, none of which fits', doubling((ref) => ({ anyOf: [{ not: ref }, ref] })), 'x'],
    [
      'lists that are tried twice at each level',
      {
        $ref: '#/$defs/l',
        $defs: { l: { allOf: [{ items: { $ref: '#/$defs/l' } }, { items: { $ref: '#/$defs/l' } }] } },
      },
      deep,
    ],
    ['a reference to itself alone', { $ref: '#' }, 1],
    ['a long list of objects, each compared with each', { uniqueItems: true }, objects(50_000)],
    ['a long list within', { properties: { a: { items: { uniqueItems: true } } } }, { a: [objects(50_000)] }],
    [
      'many values against many choices',
      { items: { enum: Array.from({ length: 20_000 }, (_, i) => i) } },
      Array.from({ length: 50_000 }, () => -1),
    ],
    [
      'many schemas for many values',
      { items: { allOf: Array.from({ length: 2_000 }, () => ({ minimum: 0 })) } },
      Array.from({ length: 100_000 }, () => 1),
    ],
  ])('ends, and says so: %s', (_, schema, value) => {
    expect(checkSchema(schema, value)).toMatch(/cannot be checked/);
  });
});

describe('a check of an honest size is made', () => {
  test('of a long list of numbers, each once', () => {
    const numbers = Array.from({ length: 5_000 }, (_, i) => i);
    expect(checkSchema({ uniqueItems: true }, numbers)).toBeUndefined();
    expect(checkSchema({ uniqueItems: true }, [...numbers, 7])).toContain('twice');
  });

  test('of many rows', () => {
    const row: JsonSchema = { type: 'object', required: ['i'], properties: { i: { type: 'number' } } };
    expect(checkSchema({ type: 'array', items: row }, objects(100_000))).toBeUndefined();
  });

  test('again and again, with the same answer before and after the schema is compiled', async () => {
    const schema: JsonSchema = { type: 'array', uniqueItems: true, items: { enum: ['a', 'b', 'c'] } };
    for (let i = 0; i < 250; i++) {
      expect(checkSchema(schema, ['a', 'b'])).toBeUndefined();
      expect(checkSchema(schema, ['a', 'a'])).toContain('twice');
      if (i === 205) await new Promise((done) => setImmediate(done));
    }
  });

  test('where a field has the name of a keyword', () => {
    const schema: JsonSchema = { properties: { $recursiveAnchor: { type: 'number' } } };
    expect(checkSchema(schema, { $recursiveAnchor: 'x' })).toContain('must be a number');
  });
});
