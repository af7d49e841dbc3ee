import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readInputs } from '../../src/cli/inputs.ts';
import type { JsonSchema } from '../../src/contracts/json.ts';
import { temporary } from '../support/ice.ts';

const { dir, remove } = temporary();
afterAll(remove);

const schema: JsonSchema = {
  type: 'object',
  properties: {
    cost: { type: 'number' },
    count: { type: 'integer' },
    name: { type: 'string' },
    on: { type: 'boolean' },
    tags: { type: 'array', items: { type: 'string' } },
    any: {},
    maybe: { anyOf: [{ type: 'number' }, { type: 'null' }] },
    either: { anyOf: [{ type: 'number' }, { type: 'string' }] },
    picture: { type: 'string', contentEncoding: 'base64' },
    mode: { enum: ['fast', 'slow'] },
  },
};
const read = (given: string[], stdin = '', of: JsonSchema = schema) =>
  readInputs({ given, schema: of, cwd: dir, readStdin: async () => stdin });

test.each([
  ['cost=10', { cost: 10 }],
  ['cost=-1.5e3', { cost: -1500 }],
  ['count=3', { count: 3 }],
  ['name=10', { name: '10' }],
  ['name=', { name: '' }],
  ['name=a=b', { name: 'a=b' }],
  ['name=@@home', { name: '@home' }],
  ['on=true', { on: true }],
  ['tags=["a","b"]', { tags: ['a', 'b'] }],
  ['any={"a":1}', { any: { a: 1 } }],
  ['any=word', { any: 'word' }],
  ['maybe=null', { maybe: null }],
  ['either=5', { either: 5 }],
  ['either=five', { either: 'five' }],
  ['mode=fast', { mode: 'fast' }],
])('%s', async (given, inputs) => {
  expect(await read([given])).toEqual(inputs);
});

test('files and stdin; later ones win', async () => {
  writeFileSync(join(dir, 'all.json'), '\uFEFF{"cost": 1, "name": "file"}');
  writeFileSync(join(dir, 'text.txt'), 'line\nline\n');
  writeFileSync(join(dir, 'tags.json'), '["x"]\n');
  writeFileSync(join(dir, 'p.bin'), Buffer.from([0, 255]));
  expect(await read(['@all.json', 'cost=2'])).toEqual({ cost: 2, name: 'file' });
  expect(await read(['name=@text.txt', 'tags=@tags.json', 'picture=@p.bin'])).toEqual({
    name: 'line\nline\n',
    tags: ['x'],
    picture: 'AP8=',
  });
  expect(await read(['-'], '{"cost": 3}')).toEqual({ cost: 3 });
  expect(await read(['name=@-'], 'from stdin')).toEqual({ name: 'from stdin' });
});

test.each([
  [['cost=cheap'], 'input_invalid', /cost must be a number/],
  [['count=true'], 'input_invalid', /count must be an integer/],
  [['on=1'], 'input_invalid', /boolean/],
  [['tags=a'], 'input_invalid', /array/],
  [['csot=1'], 'input_invalid', /no input csot/],
  [['cost'], 'usage', /key=value/],
  [['=1'], 'usage', /key=value/],
  [['@missing.json'], 'usage', /is not there/],
  [['name=@.'], 'usage', /is a folder/],
  [['-', '-'], 'usage', /once/],
  [['count=9007199254740993'], 'input_invalid', /2\^53/],
])('%j is refused', async (given, code, message) => {
  await expect(read(given, '{}')).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
});

test.each([
  ['', /is empty/],
  ['{ not json', /is not JSON/],
  ['[1]', /no object/],
  ['{"cost": 9007199254740993}', /2\^53/],
])('stdin %j is refused', async (stdin, message) => {
  await expect(read(['-'], stdin)).rejects.toMatchObject({ message: expect.stringMatching(message) });
});

test('no message repeats a value', async () => {
  const secret = 'hunter2-is-secret';
  for (const given of [`cost=${secret}`, `tags=${secret}`, `on=${secret}`]) {
    const error = await read([given]).catch((thrown: unknown) => thrown);
    expect(JSON.stringify({ ...(error as object), message: (error as Error).message })).not.toContain(secret);
  }
});

test('a component that takes anything takes any name', async () => {
  expect(await read(['foo=1'], '', true)).toEqual({ foo: 1 });
  expect(await read(['foo=1'], '', { type: 'object', properties: {}, additionalProperties: {} })).toEqual({
    foo: 1,
  });
});
