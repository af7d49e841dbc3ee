import { describe, expect, test } from 'vitest';
import type { JsonSchema } from '../../../src/contracts/json.ts';
import {
  EXPRESSION_CODES,
  inferExpression,
  inferTemplate,
  type Json,
  parseExpression,
  parseTemplate,
  type TypeEnv,
} from '../../../src/language/expressions/index.ts';
import { describe as describeType } from '../../../src/language/types/index.ts';

const row: JsonSchema = {
  type: 'object',
  required: ['name', 'cost'],
  properties: {
    name: { type: 'string' },
    cost: { type: 'number' },
    note: { type: 'string' },
    tag: { enum: ['new', 'old'] },
    size: { type: ['integer', 'null'] },
    dims: { type: 'object', properties: { w: { type: 'number' } }, required: ['w'] },
  },
  additionalProperties: false,
};

const variables: Record<string, JsonSchema> = {
  inputs: {
    type: 'object',
    required: ['csv', 'count', 'any'],
    properties: {
      csv: { type: 'string' },
      count: { type: 'integer' },
      margin: { type: 'number' },
      any: {},
      open: { type: 'object' },
    },
    additionalProperties: false,
  },
  rows: { type: 'array', items: { $ref: '#/$defs/row' }, $defs: { row } },
  row,
  names: { type: 'array', items: { type: 'string' } },
  prices: { type: 'object', additionalProperties: { type: 'number' } },
  either: { anyOf: [{ type: 'string' }, { type: 'number' }] },
  shape: {
    anyOf: [
      {
        type: 'object',
        required: ['kind', 'r'],
        properties: { kind: { const: 'circle' }, r: { type: 'number' } },
      },
      {
        type: 'object',
        required: ['kind', 'a'],
        properties: { kind: { const: 'square' }, a: { type: 'number' } },
      },
    ],
  },
  maybe: { anyOf: [row, { type: 'null' }] },
  tree: {
    $ref: '#/$defs/tree',
    $defs: {
      tree: {
        type: 'object',
        required: ['v'],
        properties: { v: { type: 'number' }, next: { $ref: '#/$defs/tree' } },
      },
    },
  },
};
const nodes: Record<string, JsonSchema> = {
  price: { type: 'object', required: ['total'], properties: { total: { type: 'number' } } },
};
const env: TypeEnv = {
  variable: (name) => variables[name],
  names: () => Object.keys(variables),
  node: (id) => nodes[id],
  nodeNames: () => Object.keys(nodes),
};

function infer(source: string) {
  const parsed = parseExpression(source);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.findings));
  return inferExpression(parsed.expression, env);
}
/** `W` marks warnings. */
const codes = (source: string) =>
  infer(source).findings.map((finding) => (finding.severity === 'warning' ? 'W' : '') + finding.code);

describe('types', () => {
  test.each([
    ['inputs.csv', 'string'],
    ['inputs.count + 1', 'integer'],
    ['inputs.count / 2', 'number'],
    ['inputs.count + 0.5', 'number'],
    ['-inputs.count', 'integer'],
    ['size(rows) + row.cost', 'number'],
    ['rows[0].name', 'string'],
    ['rows[inputs.count].cost * 2', 'number'],
    ['rows.map(r, r.cost)', 'number[]'],
    ["rows.map(r, {'n': r.name, 'c': r.cost * 2})", '{ n: string, c: number }[]'],
    ['rows.filter(r, r.cost > 1)[0].name', 'string'],
    [
      'rows.sortBy(r, r.cost).first()',
      '{ name: string, cost: number, note?: string, tag?: "new" | "old", size?: integer | null, dims?: { w: number } } | null',
    ],
    ['rows.exists(r, r.cost > 1)', 'boolean'],
    ["row.cost > 1 ? 'high' : 0", '"high" | 0'],
    ['row.cost > 1 ? row.name : row.cost', 'string | number'],
    ['row.?note', 'string | null'],
    ["row.?note.orValue('')", 'string'],
    ['row.?dims.w', 'number | null'],
    ['rows[?0].name', 'string | null'],
    ["prices[?'a'].orValue(0) + 1", 'number'],
    ['prices.?x', 'number | null'],
    ['names.map(n, n.size()).sum()', 'integer'],
    ["names.join(',')", 'string'],
    ["inputs.csv.split('\\n')", 'string[]'],
    ['names + [1]', '(string | 1)[]'],
    ['[]', '[]'],
    ['[1, 2]', '(1 | 2)[]'],
    ["merge({'a': 1}, {'b': row.name})", '{ a: 1, b: string }'],
    ['keys(prices)', 'string[]'],
    ['values(prices)', 'number[]'],
    ['[[1], [2]].flatten()', '(1 | 2)[]'],
    ['type(row)', '"null" | "boolean" | "number" | "string" | "array" | "object"'],
    ["type(row) == 'object'", 'boolean'],
    ['inputs.any', 'unknown'],
    ['inputs.any.deep[0].x', 'unknown'],
    ['inputs.any + 1', 'number'],
    ['inputs.?open.x', 'unknown'],
    ['parseJson(inputs.csv).a', 'unknown'],
    ["{'a': row.cost}.a", 'number'],
    ['[row.name, row.cost][1]', 'number'],
    ['cel.bind(c, row.cost * 2, c + c)', 'number'],
    ['has(row.note) ? row.note : 0', 'string | 0'],
    ['nodes.price.state', '"succeeded" | "failed" | "skipped"'],
    ['has(nodes.price) ? nodes.price.result.total : 0', 'number'],
    ["nodes.price.state == 'succeeded' ? nodes.price.result.total : 0", 'number'],
    ["nodes.price.state == 'failed' ? nodes.price.error.code : ''", 'string'],
    ['nodes.price.?error.code', 'string | null'],
    ['maybe.?name', 'string | null'],
    ["maybe != null ? maybe.name : ''", 'string'],
    ["maybe == null ? '' : maybe.name", 'string'],
    ['tree.v', 'number'],
    ['tree.?next.next.v', 'number | null'],
    ['shape.kind', '"circle" | "square"'],
    ['has(row.size) && row.size != null ? row.size + 1 : 0', 'integer'],
    ['range(3).map(i, i * 2)', 'integer[]'],
    ['round(row.cost)', 'integer'],
    ['round(row.cost, 2)', 'number'],
    ['rows.filter(r, has(r.note)).map(r, r.note)', 'string[]'],
    ['rows.filter(r, has(r.size) && r.size != null).map(r, r.size + 1)', 'integer[]'],
  ])('%s: %s', (source, type) => {
    const inferred = infer(source);
    expect(inferred.findings).toEqual([]);
    expect(describeType(inferred.type)).toBe(type);
  });
});

describe('errors', () => {
  test.each([
    ['input.csv', 'ICE1307'],
    ['price.total', 'ICE1307'],
    ['item.x', 'ICE1307'],
    ['nodes.prize.state', 'ICE1307'],
    ['row.nmae', 'ICE1401'],
    ['rows.map(r, r.nmae)', 'ICE1401'],
    ["row['nmae']", 'ICE1401'],
    ['nodes.price.total', 'ICE1401'],
    ['shape.side', 'ICE1401'],
    ['rows.name', 'ICE1402'],
    ['row.name.length', 'ICE1402'],
    ['inputs.count.x', 'ICE1402'],
    ['row.name[0]', 'ICE1402'],
    ["'a' + 1", 'ICE1405'],
    ['row.name - 1', 'ICE1405'],
    ['row * 2', 'ICE1405'],
    ['-row.name', 'ICE1405'],
    ["'a' in row.name", 'ICE1405'],
    ['rows > 1', 'ICE1405'],
    ['row.name > 1', 'ICE1406'],
    ["row.cost == '3'", 'ICE1406'],
    ['rows == row', 'ICE1406'],
    ['1 in names', 'ICE1406'],
    ['row.cost ? 1 : 2', 'ICE1407'],
    ['!row.name', 'ICE1407'],
    ['rows.filter(r, r.cost)', 'ICE1407'],
    ['row.cost && true', 'ICE1407'],
    ['row.cost.map(x, x)', 'ICE1408'],
    ['row.name.all(x, true)', 'ICE1408'],
    ["rows['a']", 'ICE1409'],
    ['prices[0]', 'ICE1409'],
    ['size(row.cost)', 'ICE1410'],
    ['sum(names)', 'ICE1410'],
    ['row.name.startsWith(1)', 'ICE1410'],
    ['rows.sortBy(r, r)', 'ICE1410'],
    ['rows.sort()', 'ICE1410'],
    ['row.name.contains(1)', 'ICE1410'],
    ['row.name.indexOf(row)', 'ICE1410'],
    ['min(1, names)', 'ICE1410'],
    ['max(names)', 'ICE1410'],
    ['rows[0.5]', 'ICE1318'],
    ['row.name.substring(0.5)', 'ICE1318'],
    ['rows[-1]', 'ICE1319'],
    ['[1, 2][5]', 'ICE1319'],
    ['1 / 0', 'ICE1317'],
    ["nodes.price.state == 'success'", 'ICE1411'],
    ["has(row.tag) && row.tag == 'odl'", 'ICE1411'],
    ['names.map(row, row)', 'ICE1322'],
    ['{string(1): 1}', ''],
    ['{row.cost: 1}', 'ICE1321'],
  ])('%s is %s', (source, code) => {
    expect(codes(source)).toEqual(code === '' ? [] : [code]);
    if (code) expect(EXPRESSION_CODES).toHaveProperty(code);
  });

  test('say what was meant', () => {
    expect(infer('input.csv').findings[0]).toMatchObject({
      start: 0,
      end: 5,
      help: "Did you mean 'inputs'?",
    });
    expect(infer('rows[0].nmae').findings[0]).toMatchObject({
      start: 8,
      end: 12,
      help: "Did you mean 'name'?",
    });
    expect(infer('row.quux').findings[0]?.help).toContain('There are: name, cost');
    expect(infer('price.total').findings[0]?.help).toBe('Write nodes.price.');
    expect(infer('nodes.price.total').findings[0]?.help).toContain('.result.total');
    expect(infer("has(row.tag) && row.tag == 'odl'").findings[0]?.help).toBe("Did you mean 'old'?");
    expect(infer("'Total ' + row.cost").findings[0]?.help).toContain('string(a)');
  });

  test('come all at once', () => {
    expect(codes('(row.nmae + rows.x) + (zz ? 1 : row.cost == "a" ? 1 : 2)')).toEqual([
      'ICE1401',
      'ICE1402',
      'ICE1307',
      'ICE1406',
    ]);
  });

  test('a union is an error only when no member fits', () => {
    expect(codes('either + 1')).toEqual([]);
    expect(codes("either + 'a'")).toEqual([]);
    expect(codes('either == 1 && either == "a"')).toEqual([]);
    expect(codes('either + [1]')).toEqual(['ICE1405']);
    expect(codes('either == true')).toEqual(['ICE1406']);
    expect(codes('size(either)')).toEqual([]);
    expect(codes('inputs.any == 1 || inputs.any == "x" || inputs.any.y > 2')).toEqual([]);
    expect(codes('row.cost == null')).toEqual([]);
  });
});

describe('warnings', () => {
  test.each([
    ['row.note', ['WICE1403']],
    ['inputs.margin * 2', ['WICE1403']],
    ['shape.r', ['WICE1403']],
    ['row.dims.w', ['WICE1403']],
    ['row.size + 1', ['WICE1403', 'WICE1404']],
    ['maybe.name', ['WICE1404']],
    ['size(row.?note)', ['WICE1404']],
    ['rows.first().name', ['WICE1404']],
    ['row.?note.size() > 1 ? 1 : 2', ['WICE1404']],
    ['maybe.?zzz', ['WICE1401']],
    ["prices['a'] + 1", ['WICE1403']],
    ['inputs.open.x', ['WICE1403']],
    ['has(row.zzz)', ['WICE1401']],
    ['nodes.price.result', ['WICE1403']],
    ['nodes.price.error.code', ['WICE1403']],
    // Guarded
    ['has(row.note) ? row.note : ""', []],
    ['has(row.note) && row.note > "a"', []],
    ['!has(row.note) || row.note > "a"', []],
    ['!has(row.note) ? "" : row.note', []],
    ['has(row.dims) && row.dims.w > 1', []],
    ['has(row.dims.w) && row.dims.w > 1', []],
    ["has(row['note']) && row.note > 'a'", []],
    ['has(inputs.margin) && has(row.note) ? row.note + string(inputs.margin) : ""', []],
    ['rows.exists(r, has(r.note) && r.note == "x")', []],
    ['rows.map(r, has(r.note), r.note)', []],
    ['row.?note != null ? row.note : ""', []],
    ['row.?note.hasValue() ? row.note : ""', []],
    // Guarded the wrong way
    ['has(row.note) || row.note > "a"', ['WICE1403']],
    ['has(row.note) ? "" : row.note', ['WICE1403']],
    ['row.note > "a" && has(row.note)', ['WICE1403']],
    ['has(row.note) && row.size == 1', ['WICE1403']],
    ['rows.exists(r, has(r.note)) && rows.exists(r, r.note == "x")', ['WICE1403']],
  ])('%s', (source, expected) => expect(codes(source)).toEqual(expected));

  test('say how to read it', () => {
    expect(infer('row.note').findings[0]?.help).toBe('Write row.?note, or guard it with has(row.note).');
  });
});

describe('templates', () => {
  const inferT = (value: Json) => inferTemplate(parseTemplate(value).template, env);

  test('have the type of their value', () => {
    expect(describeType(inferT('{{ row.cost }}').type)).toBe('number');
    expect(describeType(inferT('cost: {{ row.cost }}').type)).toBe('string');
    expect(describeType(inferT({ a: '{{ row.cost }}', b: ['{{ row.name }}', 1], c: null }).type)).toBe(
      '{ a: number, b: (string | 1)[], c: null }',
    );
    expect(describeType(inferT('plain').type)).toBe('"plain"');
  });

  test('findings stand in the string, with its path', () => {
    expect(inferT({ a: ['x {{ row.nmae }} {{ zz }}'] }).findings).toMatchObject([
      { code: 'ICE1401', path: ['a', 0], start: 9, end: 13 },
      { code: 'ICE1307', path: ['a', 0], start: 20, end: 22 },
    ]);
  });
});

describe('hostile types', () => {
  test('types that share their parts stay small', () => {
    const nest = (times: number): string =>
      times === 0 ? '1' : `cel.bind(v${times}, ${nest(times - 1)}, [v${times}, v${times}])`;
    const { type } = infer(nest(50));
    expect(JSON.stringify(type).length).toBeLessThan(500_000);
  });

  test('recursive schemas end', () => {
    const any = '.next'.repeat(50);
    expect(codes(`tree.?next${any}.v`)).toEqual([]);
    const loop: JsonSchema = {
      $ref: '#/$defs/a',
      $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } },
    };
    const parsed = parseExpression('x.y.z');
    if (!parsed.ok) throw new Error('parse');
    expect(inferExpression(parsed.expression, { ...env, variable: () => loop }).findings).toEqual([]);
  });
});
