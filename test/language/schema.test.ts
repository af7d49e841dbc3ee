import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import type { Json, JsonSchema } from '../../src/contracts/json.ts';
import {
  applyDefaults,
  assertSchemaBounded,
  checkSchema,
  patternProblem,
  schemaErrors,
} from '../../src/language/schema/index.ts';
import { PUBLISHED, publishedSchema } from '../../src/language/schema/published.ts';
import { readSource } from '../../src/language/source/read-source.ts';

const PERSON: JsonSchema = {
  type: 'object',
  required: ['name', 'tags'],
  additionalProperties: false,
  properties: {
    name: { type: 'string', minLength: 2 },
    age: { type: 'integer', minimum: 0 },
    tags: { type: 'array', items: { $ref: '#/$defs/tag' } },
    mail: { type: 'string', format: 'email' },
    size: { anyOf: [{ type: 'number' }, { type: 'null' }] },
  },
  $defs: { tag: { enum: ['a', 'b'] } },
};
const GOOD = { name: 'Ann', tags: ['a'] };

describe('checkSchema and schemaErrors', () => {
  it.each<[string, Json, string, string]>([
    ['a wrong type', { ...GOOD, age: '3' }, 'age', 'must be a whole number, and is a string'],
    ['a fraction', { ...GOOD, age: 2.5 }, 'age', 'must be a whole number, and has a fraction'],
    ['a missing field', { name: 'Ann' }, '', "lacks the field 'tags'"],
    ['an unknown field', { ...GOOD, nmae: 1 }, '', "has an unknown field 'nmae'"],
    ['a value behind a reference', { ...GOOD, tags: ['a', 'c'] }, 'tags[1]', 'must be one of "a", "b"'],
    ['a limit', { ...GOOD, age: -1 }, 'age', 'must be at least 0'],
    ['a choice', { ...GOOD, size: 'x' }, 'size', 'must be a number or null, and is a string'],
    ['a format', { ...GOOD, mail: 'nobody' }, 'mail', 'must have the format email'],
    ['no object at all', [], '', 'must be an object, and is an array'],
  ])('%s', (_name, value, path, message) => {
    expect(schemaErrors(PERSON, value)).toContainEqual({ path, message });
    expect(checkSchema(PERSON, value)).toContain(message);
  });

  it('is silent about what fits', () => {
    expect(schemaErrors(PERSON, GOOD)).toEqual([]);
    expect(checkSchema(true, 1)).toBeUndefined();
    expect(checkSchema(false, 1)).toMatch(/./);
  });

  it('never puts a value into a message: it may be a secret', () => {
    for (const value of [
      { ...GOOD, name: 7654321 },
      { ...GOOD, age: 'hunter2' },
      { ...GOOD, mail: 'hunter2' },
      { ...GOOD, tags: ['hunter2'] },
    ]) {
      expect(JSON.stringify(schemaErrors(PERSON, value as Json))).not.toMatch(/hunter2|7654321/);
    }
  });

  it('says the same after a schema got hot and was compiled', async () => {
    const schema: JsonSchema = { ...(PERSON as object), title: 'hot' };
    for (let i = 0; i < 300; i++) expect(checkSchema(schema, GOOD)).toBeUndefined();
    await new Promise((done) => setTimeout(done, 500));
    expect(checkSchema(schema, GOOD)).toBeUndefined();
    expect(schemaErrors(schema, { ...GOOD, age: '3' })).toEqual(schemaErrors(PERSON, { ...GOOD, age: '3' }));
  });

  it('leaves schemas as they are, frozen ones and shared parts too', () => {
    const part = Object.freeze({ $ref: '#/$defs/x' });
    const one = Object.freeze({ properties: Object.freeze({ a: part }), $defs: { x: { type: 'string' } } });
    const other = Object.freeze({ properties: Object.freeze({ a: part }), $defs: { x: { type: 'number' } } });
    expect(checkSchema(one, { a: 'text' })).toBeUndefined();
    expect(checkSchema(other, { a: 1 })).toBeUndefined();
    expect(checkSchema(other, { a: 'text' })).toMatch(/number/);
  });

  it('answers for a schema that cannot be used', () => {
    expect(checkSchema({ $ref: '#/$defs/nope' }, 1)).toMatch(/cannot be checked/);
    expect(checkSchema({ $ref: '#' }, 1)).toMatch(/cannot be checked/);
    expect(checkSchema({ type: 'string', pattern: '^(a+)+$' }, 'a')).toMatch(/cannot be checked/);
  });
});

describe('applyDefaults', () => {
  it('fills in what is absent, in objects and lists, and changes nothing that is there', () => {
    const schema: JsonSchema = {
      type: 'object',
      properties: {
        margin: { type: 'number', default: 0.25 },
        rows: { type: 'array', items: { type: 'object', properties: { n: { default: 1 } } } },
        deep: { type: 'object', default: {}, properties: { on: { default: true } } },
      },
    };
    const given: Json = { rows: [{}, { n: 5 }], margin: null };
    expect(applyDefaults(schema, given)).toEqual({
      margin: null,
      rows: [{ n: 1 }, { n: 5 }],
      deep: { on: true },
    });
    expect(given).toEqual({ rows: [{}, { n: 5 }], margin: null });
  });

  it('gives each caller its own default', () => {
    const schema: JsonSchema = { properties: { list: { default: [] } } };
    const one = applyDefaults(schema, {}) as { list: Json[] };
    one.list.push(1);
    expect(applyDefaults(schema, {})).toEqual({ list: [] });
  });
});

describe('bounds', () => {
  const nested = (depth: number): JsonSchema => (depth === 0 ? {} : { properties: { a: nested(depth - 1) } });

  it.each<[string, JsonSchema]>([
    ['deep', nested(60)],
    ['large', { enum: Array.from({ length: 60_000 }, (_, i) => i) }],
    ['with long texts', { description: 'x'.repeat(600_000) }],
    ['that refers outside', { $ref: 'https://example.com/a.json' }],
    ['with a backtracking pattern', { pattern: '(x+x+)+y' }],
    ['with one in patternProperties', { patternProperties: { '^(a|a)*$': {} } }],
  ])('refuses a schema that is %s', (_name, schema) => {
    expect(() => assertSchemaBounded(schema)).toThrow(expect.objectContaining({ code: 'bad_request' }));
  });

  it('takes names and data for what they are', () => {
    assertSchemaBounded({
      properties: { pattern: { type: 'string' }, $ref: { type: 'string' } },
      enum: [{ pattern: '(a+)+' }],
    });
    assertSchemaBounded(nested(30));
  });
});

describe('patterns', () => {
  const DANGEROUS = [
    '(a+)+$',
    '(a*)*',
    '(a|a)*$',
    '(a|ab)*c',
    '(.*)*x',
    '([a-z]+)*$',
    '((a+)b?)*c',
    '(?=a)b',
    '(?<!a)b',
    '(a)\\1',
    '.*.*.*x',
    '\\s*\\s*\\s*x',
    '(x{1,}){1,}',
    '[',
    'a'.repeat(600),
    '(?:a{0,60}){60}',
    '^(?:a?){40}a{40}$',
    `^${'a?'.repeat(40)}a{40}$`,
    '^(a{1,50}){1,50}$',
    '^((a|b?){5}){20}c$',
    '^(a*b?){3,9}c$',
    '^(a{1,40}){0,6}b$',
    '^(?:(?:a{1,3}){1,3}){1,9}b$',
    `^(?:${'abcdefghijklmnopqrstuvwxyz'.replace(/./g, '$&?')}){50}$`,
  ];
  const FINE = [
    '^[a-z][a-z0-9-]*$',
    '^\\d{4}-\\d{2}-\\d{2}$',
    '^[^@]+@[^@]+\\.[a-z]+$',
    '^(?:[A-Z]{2})?\\d+$',
    '^(foo|bar)+$',
    '^#[0-9a-fA-F]{6}$',
    '^[A-Z][A-Z0-9_]{0,99}$',
    '^\\p{L}+$',
    '^(?<year>\\d+)$',
    '^(\\d{1,3}\\.){3}\\d{1,3}$',
    '^\\s*(foo)?\\s*(bar)?$',
    '^v?\\d+\\.\\d+\\.\\d+(-[a-z0-9.]+)?(\\+[a-z0-9.]+)?$',
    '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$',
    '^a+b+a+b+a+b+$',
    '^[A-Z]{1,3}\\d{1,4}[A-Z]{0,3}$',
    '^([01]\\d|2[0-3]):[0-5]\\d(:[0-5]\\d)?$',
    '^(https?):\\/\\/[^\\s/]+(\\/[^\\s]*)?$',
  ];

  it.each(DANGEROUS)('refuses %s', (pattern) => {
    const from = process.cpuUsage().user;
    expect(patternProblem(pattern)).toBeDefined();
    // The judge is no way to stop the server either.
    expect(process.cpuUsage().user - from).toBeLessThan(1_000_000);
  });

  it('a pattern that takes the square of a text is tried on short ones only, before and after it is compiled', async () => {
    const schema = { properties: { a: { type: 'string', pattern: '^.*.*x$', maxLength: 5_000_000 } } };
    const long = { a: 'a'.repeat(1_000_000) };
    for (let i = 0; i < 210; i++) expect(checkSchema(schema, { a: 'abx' })).toBeUndefined();
    await new Promise((done) => setTimeout(done, 300));
    for (const each of [structuredClone(schema), schema]) {
      const from = process.cpuUsage().user;
      expect(checkSchema(each, long)).toBe('a must have at most 20000 characters');
      expect(process.cpuUsage().user - from).toBeLessThan(1_000_000);
      expect(checkSchema(each, { a: 'ab' })).toBe('a must match "^.*.*x$"');
    }
    const named = { patternProperties: { '^.*.*x$': { type: 'number' } } };
    expect(checkSchema(named, { b: { [long.a]: 1 } })).toBe(
      'the value has a field whose name has more than 20000 characters',
    );
    expect(checkSchema(named, { ax: 'no' })).toBe('ax must be a number, and is a string');
    const aliased = { properties: { default: { type: 'string', pattern: '^.*.*x$' } } };
    expect(checkSchema(aliased, { default: long.a })).toBe('default must have at most 20000 characters');
    // What takes a text once is tried on texts of any length; data in a schema is no schema.
    expect(checkSchema({ type: 'string', pattern: '^[a-z]+$' }, long.a)).toBeUndefined();
    expect(checkSchema({ const: { pattern: '.*.*x' } }, { pattern: '.*.*x' })).toBeUndefined();
  });

  it.each(FINE)('takes %s', (pattern) => {
    expect(patternProblem(pattern)).toBeUndefined();
  });
});

describe('published schemas', () => {
  const folder = join(import.meta.dirname, 'fixtures');

  it.each(PUBLISHED)('%s is committed as it is generated', (name) => {
    const file = join(import.meta.dirname, `../../docs/reference/schemas/${name}.json`);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(publishedSchema(name));
  });

  it('accepts every valid fixture, and refuses those with a wrong shape', () => {
    const validate = new Ajv2020({ strict: false }).compile(publishedSchema('blueprint'));
    const documentOf = (file: string) =>
      readSource({ text: readFileSync(join(folder, file), 'utf8'), file, begin: '' }).source.value;
    for (const file of readdirSync(folder).filter((each) => each.includes('.good.'))) {
      validate(documentOf(file));
      expect(validate.errors, file).toBeNull();
    }
    for (const code of ['ICE1102', 'ICE1103', 'ICE1105', 'ICE1106', 'ICE1112', 'ICE1117', 'ICE1132']) {
      expect(validate(documentOf(`${code}.bad.yaml`)), code).toBe(false);
    }
  });
});
