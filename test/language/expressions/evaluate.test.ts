import { describe, expect, test } from 'vitest';
import {
  type EvalOptions,
  ExpressionError,
  evaluate,
  type Json,
  parseExpression,
  type Scope,
} from '../../../src/language/expressions/index.ts';

const variables: Record<string, Json> = {
  x: 3,
  half: 0.5,
  name: 'Ada',
  l: [10, 20, 30],
  empty: [],
  nothing: null,
  a: { b: 1, c: { d: 'deep' }, nil: null },
  people: [
    { name: 'Bo', age: 40 },
    { name: 'Al', age: 30 },
    { name: 'Cy', age: 50 },
  ],
  inputs: { csv: 'a,b\n1,2', emoji: '👋🏽 hi' },
};
const nodes: Record<string, ReturnType<NonNullable<Scope['node']>>> = {
  good: { state: 'succeeded', result: { price: 5 } },
  bad: { state: 'failed', error: { code: 'timeout', message: 'too late' } },
  left: { state: 'skipped' },
};
const scope: Scope = {
  get: (name) => (Object.hasOwn(variables, name) ? variables[name] : undefined),
  node: (id) => (Object.hasOwn(nodes, id) ? nodes[id] : undefined),
};

function run(source: string, options?: EvalOptions): Json {
  const parsed = parseExpression(source);
  if (!parsed.ok) throw new Error(`${source}: ${JSON.stringify(parsed.findings)}`);
  return evaluate(parsed.expression, scope, options);
}

function fails(source: string, options?: EvalOptions): ExpressionError {
  try {
    run(source, options);
  } catch (error) {
    if (error instanceof ExpressionError) return error;
    throw error;
  }
  throw new Error(`${source} has a value`);
}

const gives = (cases: [string, Json][]) =>
  test.each(cases)('%s', (source, value) => expect(run(source)).toEqual(value));

describe('one number type', () => {
  gives([
    ['x + 1', 4],
    ['x + 0.5', 3.5],
    ['5 / 2 == 2.5', true],
    ['5 / 2', 2.5],
    ['6 / 2', 3],
    ['size(l) + x', 6],
    ['l[1]', 20],
    ['l[x - 2]', 20],
    ['l[int(1.9)]', 20],
    ['7 % 3', 1],
    ['5.5 % 2', 1.5],
    ['-x', -3],
    ['-5 + 2', -3],
    ['2 * 3 + 4 * 5', 26],
    ['1 == 1.0', true],
    ['0x10', 16],
    ['1e3', 1000],
    ['int(-2.7)', -2],
    ["int('42')", 42],
    ["double('2.5')", 2.5],
    ['int(true)', 1],
    ["bool('true')", true],
    ['9007199254740991', 9007199254740991],
    ['0.1 + 0.2 > 0.3', true],
  ]);
});

describe('operators', () => {
  gives([
    ["'a' + 'b'", 'ab'],
    ['[1] + [2, 3]', [1, 2, 3]],
    ["1 in [1, 2] && !('z' in {'a': 1}) && 'a' in {'a': 1}", true],
    ["{'a': [1, {'b': 2}]} == {'a': [1.0, {'b': 2}]}", true],
    ["{'a': 1, 'b': 2} == {'b': 2, 'a': 1}", true],
    ["1 == '1'", false],
    ['null == false', false],
    ["1 != '1'", true],
    ["'a' < 'b' && 2 >= 2", true],
    ['x > 2 ? 1 : "no"', 1],
    ['x > 9 ? 1 : "no"', 'no'],
    ['true || nothing.b', true],
    ['false && nothing.b', false],
    ['[] == [] && {} == {} && [1] != [1, 2]', true],
  ]);
});

describe('fields', () => {
  gives([
    ['a.b', 1],
    ["a['b']", 1],
    ['a.c.d', 'deep'],
    ['has(a.b)', true],
    ['has(a.zz)', false],
    ['has(a.zz.yy)', false],
    ['has(a.nil)', true],
    ["has(a['b'])", true],
    ['has(l[2]) && !has(l[3])', true],
    ['a.?zz', null],
    ['a.?zz.orValue(7)', 7],
    ['a.?c.d', 'deep'],
    ['a.?zz.yy.xx', null],
    ['a[?"zz"].orValue("none")', 'none'],
    ['l[?9]', null],
    ['l[?0].orValue(1)', 10],
    ['nothing.?b', null],
    ['a.nil.orValue(2)', 2],
    ['a.?b.hasValue()', true],
    ['has(a.__proto__) || has(a.constructor) || has(a.toString)', false],
    ['a.?constructor', null],
    ['a.?__proto__', null],
    ["{'__proto__': 1}['__proto__']", 1],
  ]);

  test('a missing field says what there is', () => {
    const error = fails('a.bb');
    expect(error).toMatchObject({
      code: 'ICE1401',
      start: 2,
      end: 4,
      source: 'a.bb',
      help: "Did you mean 'b'?",
    });
    expect(fails('a.quantity').help).toBe('There are: b, c, nil.');
    expect(fails('a.__proto__').code).toBe('ICE1401');
    expect(fails('a.constructor.constructor').code).toBe('ICE1401');
    expect(fails("l['length']").code).toBe('ICE1409');
    expect(fails('l.length').help).toBe('Write size(x).');
    expect(fails('name.length').code).toBe('ICE1402');
    expect(fails('nothing.b').code).toBe('ICE1402');
  });

  test('an object with a field __proto__ stays an own field', () => {
    const made = run("{'__proto__': {'evil': true}}") as object;
    expect(Object.keys(made)).toEqual(['__proto__']);
    expect((made as { evil?: unknown }).evil).toBeUndefined();
  });

  test('an index must be whole and inside', () => {
    expect(fails('l[1.5]').code).toBe('ICE1318');
    expect(fails('l[3]').code).toBe('ICE1319');
    expect(fails('l[-1]').code).toBe('ICE1319');
    expect(fails("l['a']").code).toBe('ICE1409');
    expect(fails('a[1]').code).toBe('ICE1409');
  });
});

describe('nodes', () => {
  gives([
    ['has(nodes.good)', true],
    ['has(nodes.bad)', false],
    ['has(nodes.left)', false],
    ['nodes.bad.state', 'failed'],
    ['nodes.bad.error.code', 'timeout'],
    ['has(nodes.bad.error)', true],
    ['has(nodes.good.error)', false],
    ['nodes.good.result.price', 5],
    ["nodes['good'].state", 'succeeded'],
    ['nodes.left.?result', null],
    ['!has(nodes.left) || nodes.left.result.x', true],
    ['has(nodes.good.result.price)', true],
    ['has(nodes.left.result.price)', false],
  ]);

  test('unknown nodes and variables', () => {
    expect(fails('nodes.zz.state').code).toBe('ICE1324');
    expect(fails('zz').code).toBe('ICE1324');
  });
});

describe('macros', () => {
  gives([
    ['people.map(p, p.name)', ['Bo', 'Al', 'Cy']],
    ['people.map(p, p.age > 35, p.name)', ['Bo', 'Cy']],
    ['people.filter(p, p.age < 35).size()', 1],
    ['l.all(i, i > 5)', true],
    ['l.exists(i, i == 20)', true],
    ['l.exists_one(i, i > 15)', false],
    ['empty.all(i, i > 5)', true],
    ['people.sortBy(p, p.name).map(p, p.age)', [30, 40, 50]],
    ["{'b': 1, 'a': 2}.map(k, k)", ['b', 'a']],
    ['l.map(i, l.map(j, i + j))[2][0]', 40],
    ['cel.bind(t, x * 2, t + t)', 12],
    ['l.map(name, name + 1)', [11, 21, 31]],
  ]);

  test('need a list and a condition', () => {
    expect(fails('x.map(i, i)').code).toBe('ICE1408');
    expect(fails('l.filter(i, i)').code).toBe('ICE1407');
    expect(fails('x ? 1 : 2').code).toBe('ICE1407');
    expect(fails('!x').code).toBe('ICE1407');
    expect(fails('people.sortBy(p, p)').code).toBe('ICE1410');
  });
});

describe('functions', () => {
  gives([
    ["'abc'.contains('b') && [1, 2].contains(2)", true],
    ["'abc'.startsWith('a') && 'abc'.endsWith('c')", true],
    ["' x '.trim()", 'x'],
    ["'a,b,c'.split(',')", ['a', 'b', 'c']],
    ["'👋x'.split('')", ['👋', 'x']],
    ["l.join('-')", '10-20-30'],
    ['l.join()', '102030'],
    ["'aXbX'.replace('X', '--')", 'a--b--'],
    ["'hello'.substring(1, 3)", 'el'],
    ["'hello'.substring(3)", 'lo'],
    ["'hi'.substring(0, 99)", 'hi'],
    ["'👋🏽 hi'.substring(0, 1)", '👋'],
    ["size('👋')", 1],
    ["'abcabc'.indexOf('c')", 2],
    ["'abcabc'.lastIndexOf('c')", 5],
    ["'👋c'.indexOf('c')", 1],
    ["'x'.indexOf('y')", -1],
    ["'ÄB'.lowerAscii()", 'Äb'],
    ["'äb'.upper()", 'ÄB'],
    ["'a b&c'.urlEncode()", 'a%20b%26c'],
    ['min(3, 1, 2)', 1],
    ['max(l)', 30],
    ['abs(-2)', 2],
    ['round(2.5)', 3],
    ['round(-2.5)', -3],
    ['round(1.005, 2)', 1.01],
    ['round(12.5, 2)', 12.5],
    ['round(1e300, 2)', 1e300],
    ['round(1.5e-7, 3)', 0],
    ['floor(1.9) + ceil(1.1)', 3],
    ['sum(l)', 60],
    ['sum([])', 0],
    ['avg(l)', 20],
    ['string(12.0)', '12'],
    ['string(null)', ''],
    ["string({'a': [1]})", '{"a":[1]}'],
    ['type(1)', 'number'],
    ['type(l)', 'array'],
    ['type(nothing)', 'null'],
    ['first(l) + l.last()', 40],
    ['empty.first()', null],
    ['[3, 1, 2].sort()', [1, 2, 3]],
    ["['b', 'a'].sort()", ['a', 'b']],
    ["[1, 1.0, '1', {'a': 1, 'b': 2}, {'b': 2, 'a': 1}].distinct()", [1, '1', { a: 1, b: 2 }]],
    ['[[1], [2, [3]], 4].flatten()', [1, 2, [3], 4]],
    ['l.reverse()', [30, 20, 10]],
    ['l.slice(1)', [20, 30]],
    ['l.slice(-2, -1)', [20]],
    ['range(3)', [0, 1, 2]],
    ['keys(a)', ['b', 'c', 'nil']],
    ["values({'a': 1})", [1]],
    ["merge({'a': 1, 'b': 1}, {'b': 2})", { a: 1, b: 2 }],
    ['parseJson(\'{"a": [1]}\').a[0]', 1],
    ["toJson('a')", '"a"'],
    ["timestamp('1970-01-01T00:00:01Z')", 1000],
    ["duration('1h30m')", 5_400_000],
    ['isoTime(0)', '1970-01-01T00:00:00.000Z'],
    ["'2026-01-02'.matches('^[0-9]{4}-\\\\d\\\\d')", true],
    ["'abc'.matches('b')", true],
  ]);

  test('say what they need', () => {
    expect(fails('size(x)')).toMatchObject({ code: 'ICE1410', start: 5, end: 6 });
    expect(fails('size(nothing)').help).toContain('orValue');
    expect(fails("sum(['a'])").code).toBe('ICE1410');
    expect(fails('avg([])').code).toBe('ICE1320');
    expect(fails("int('x')").code).toBe('ICE1320');
    expect(fails("'a'.substring(0.5)").code).toBe('ICE1318');
    expect(fails("[1, 'a'].sort()").code).toBe('ICE1410');
    expect(fails('range(1.5)').code).toBe('ICE1318');
    expect(fails("parseJson('{')").code).toBe('ICE1320');
    expect(fails("timestamp('soon')").code).toBe('ICE1320');
    expect(fails("duration('1 hour')").code).toBe('ICE1320');
  });
});

describe('numbers end where JSON ends', () => {
  test.each([
    ['1 / 0', 'ICE1317'],
    ['1 % 0', 'ICE1317'],
    ['1e308 * 10', 'ICE1317'],
    ['sum([1e308, 1e308])', 'ICE1317'],
    ["'a' + 1", 'ICE1405'],
    ["'a' < 1", 'ICE1405'],
    ['nothing + 1', 'ICE1405'],
    ["'a' in 'abc'", 'ICE1405'],
    ['-name', 'ICE1405'],
  ])('%s', (source, code) => expect(fails(source).code).toBe(code));
});

describe('bounds', () => {
  test('steps', () => {
    expect(fails('range(2000).map(i, range(2000).map(j, i * j))').code).toBe('ICE1315');
    expect(fails('range(999999999)').code).toBe('ICE1315');
    expect(fails('l.map(i, i)', { maxSteps: 3 }).code).toBe('ICE1315');
    expect(run('range(100000).map(i, i + 1).size()')).toBe(100_000);
  });

  test('text and lists that grow', () => {
    const double = (inner: string, times: number): string =>
      times === 0 ? inner : `cel.bind(v${times}, ${double(inner, times - 1)}, v${times} + v${times})`;
    expect(fails(double("'0123456789'", 30)).code).toBe('ICE1316');
    expect(['ICE1315', 'ICE1316']).toContain(fails(double('[1, 2, 3, 4]', 30)).code);
    const nest = (inner: string, times: number): string =>
      times === 0 ? inner : `cel.bind(v${times}, ${nest(inner, times - 1)}, [v${times}, v${times}])`;
    expect(fails(nest('1', 40)).code).toBe('ICE1316');
    expect(fails(`string(${nest('1', 40)})`).code).toBe('ICE1316');
    expect(fails(`size(${nest('1', 40)}.distinct())`).code).toMatch(/ICE131[56]/);
    expect(fails(`${nest('1', 40)} == ${nest('1', 40).replaceAll('v', 'w')}`).code).toBe('ICE1315');
    expect(
      fails("'aaaaaaaaaa'.replace('a', range(9999).join('x')).replace('x', range(9999).join('y'))").code,
    ).toBe('ICE1316');
    expect(fails("range(9999).map(i, range(9999).join('x')).join('z')").code).toMatch(/ICE131[56]/);
  });

  test('data deeper than the stack is an error, not a crash', () => {
    let deep: Json = 1;
    for (let i = 0; i < 200_000; i++) deep = [deep];
    const parsed = parseExpression('d == d.first() || toJson(d) == ""');
    if (!parsed.ok) throw new Error('parse');
    expect(() => evaluate(parsed.expression, { get: () => deep })).toThrow(ExpressionError);
  });

  test('a careless scope gives no way to the host', () => {
    for (const name of ['constructor', 'toString', 'hasOwnProperty', 'valueOf']) {
      const parsed = parseExpression(name);
      if (!parsed.ok) throw new Error('parse');
      const careless: Record<string, Json> = {};
      expect(() => evaluate(parsed.expression, { get: (each) => careless[each] })).toThrow(ExpressionError);
    }
  });
});
