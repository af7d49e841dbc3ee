import { describe, expect, test } from 'vitest';
import { implementation } from '../../../src/language/expressions/builtins.ts';
import {
  BUILTINS,
  EXPRESSION_CODES,
  parseExpression,
  RESERVED_IDS,
} from '../../../src/language/expressions/index.ts';

function findings(source: string) {
  const parsed = parseExpression(source);
  return parsed.ok ? [] : parsed.findings;
}
const codes = (source: string) => findings(source).map((finding) => finding.code);

function refs(source: string) {
  const parsed = parseExpression(source);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.findings));
  return parsed.expression.refs.map(
    (ref) => `${ref.soft ? 'nodes.' : ''}${[ref.root, ...ref.path].join('.')}`,
  );
}

describe('findings', () => {
  test.each([
    ['', 'ICE1303'],
    ['a +', 'ICE1301'],
    ['(a', 'ICE1301'],
    ["'a", 'ICE1301'],
    ['a b', 'ICE1301'],
    ['loop.x', 'ICE1304'],
    ["b'x'", 'ICE1305'],
    ['1u', 'ICE1305'],
    ['9007199254740992', 'ICE1306'],
    ['0xffffffffffffffff', 'ICE1306'],
    ['1e999', 'ICE1306'],
    ['len(a)', 'ICE1308'],
    ['a.foo()', 'ICE1308'],
    ['map(a, 1)', 'ICE1308'],
    ['optional.of(1)', 'ICE1308'],
    ["a.replace('b')", 'ICE1309'],
    ['size()', 'ICE1309'],
    ['a.map(x)', 'ICE1309'],
    ['a.map(1, 2)', 'ICE1310'],
    ['a.sortBy(x.y, 2)', 'ICE1310'],
    ['has(a)', 'ICE1311'],
    ['has(1)', 'ICE1311'],
    ['nodes', 'ICE1312'],
    ['nodes[a].state', 'ICE1312'],
    ['size(nodes)', 'ICE1312'],
    ["a.matches('(?=x)')", 'ICE1313'],
    ["a.matches('(a)\\\\1')", 'ICE1313'],
    ['{a: 1}', 'ICE1321'],
    ["{'a': 1, 'a': 2}", 'ICE1321'],
    ['{1: 2}', 'ICE1321'],
    ['a.map(inputs, 1)', 'ICE1322'],
    ['a.map(x, x.map(x, 1))', 'ICE1322'],
    ['secrets.KEY', 'ICE1323'],
  ])('%s is %s', (source, code) => {
    expect(codes(source)).toEqual([code]);
    expect(EXPRESSION_CODES).toHaveProperty(code);
  });

  test.each([
    ['if a > 1 then 2 else 3', 'condition ? a : b'],
    ['for x in a', 'list.map('],
    ['return a', 'leave the word out'],
    ['let x = 1', 'cel.bind('],
    ['loop.x', 'another id'],
  ])('a statement of another language, %s, is told how it is written here', (source, help) => {
    expect(findings(source)[0]?.help).toContain(help);
  });

  test('all at once', () => {
    expect(codes('len(a) + foo(1u) + {b: 2}.x + secrets.y')).toEqual([
      'ICE1308',
      'ICE1305',
      'ICE1308',
      'ICE1321',
      'ICE1323',
    ]);
  });

  test('with ranges', () => {
    expect(findings('a + len(b)')[0]).toMatchObject({ start: 4, end: 7 });
    expect(findings('a.b.toUpperCase()')[0]).toMatchObject({
      start: 4,
      end: 15,
      help: 'Did you mean text.upper()?',
    });
    expect(findings('(a).trimm()')[0]).toMatchObject({ start: 4, end: 9, help: 'Did you mean text.trim()?' });
    expect(findings("a.replace('x')")[0]?.message).toBe('replace() takes 2 arguments, and got 1');
    expect(findings('loop + 1')[0]).toMatchObject({ start: 0, end: 4 });
  });
});

describe('references', () => {
  test.each([
    ['inputs.csv', ['inputs.csv']],
    ["a['b'].c[0].d", ['a.b.c.0.d']],
    ['a.b[i.j].c', ['a.b', 'i.j']],
    ['a.?b.c[?0]', ['a.b.c.0']],
    ['size(a) + b', ['a', 'b']],
    ['rows.map(r, r.x + other.y)', ['rows', 'other.y']],
    ['cel.bind(v, a.b, v + v)', ['a.b']],
    ['nodes.x.state', ['nodes.x.state']],
    ["nodes['x'].error.code", ['nodes.x.error.code']],
    ['has(nodes.x)', ['nodes.x']],
    ['has(nodes.x) ? x.y : 0', ['nodes.x', 'nodes.x.y']],
    ['has(nodes.x) ? 0 : x.y', ['nodes.x', 'x.y']],
    ['!has(nodes.check) || check.approved ? priced : []', ['nodes.check', 'nodes.check.approved', 'priced']],
    ["nodes.x.state == 'succeeded' && x.y", ['nodes.x.state', 'nodes.x.y']],
    ["nodes.x.state == 'failed' && x.y", ['nodes.x.state', 'x.y']],
    ['x.y && has(nodes.x)', ['x.y', 'nodes.x']],
    ['has(nodes.x) && has(nodes.z) ? x + z : 0', ['nodes.x', 'nodes.z', 'nodes.x', 'nodes.z']],
    ['has(nodes.x) || has(nodes.z) ? x + z : 0', ['nodes.x', 'nodes.z', 'x', 'z']],
    ["{'a': a}.a + [b][0]", ['a', 'b']],
    ['f.size()', ['f']],
  ])('%s', (source, expected) => expect(refs(source)).toEqual(expected));

  test('ranges cover the static path', () => {
    const parsed = parseExpression(' 1 + a.b[c].d');
    expect(parsed.ok && parsed.expression.refs.map((ref) => [ref.start, ref.end])).toEqual([
      [5, 8],
      [9, 10],
    ]);
  });

  test('expressions are plain data', () => {
    const parsed = parseExpression('rows.filter(r, has(r.x) && r.x > 1).map(r, {"a": -r.x})');
    expect(parsed.ok && structuredClone(parsed.expression)).toEqual(parsed.ok && parsed.expression);
  });
});

describe('the tables', () => {
  test('every function has code, every macro has none', () => {
    for (const each of BUILTINS)
      expect(Boolean(implementation(each.name)), each.name).toBe(each.kind === 'function');
    expect(new Set(BUILTINS.map((each) => each.name)).size).toBe(BUILTINS.length);
  });

  test('signatures are read into parameters', () => {
    const of = (name: string) => BUILTINS.find((each) => each.name === name)!;
    expect(of('substring')).toMatchObject({ min: 2, max: 3, result: 'string', style: 'method' });
    expect(of('substring').params.map((param) => param.types)).toEqual([
      ['string'],
      ['integer'],
      ['integer'],
    ]);
    expect(of('min')).toMatchObject({ min: 1, max: 32 });
    expect(of('sum').params[0]).toMatchObject({ types: ['array'], text: 'array<number>' });
  });

  test('reserved ids', () => {
    for (const id of [
      'in',
      'loop',
      'true',
      'inputs',
      'nodes',
      'run',
      'secrets',
      'size',
      'has',
      'string',
      'list',
      'map',
      'type',
      'min',
      'cel',
    ]) {
      expect(RESERVED_IDS.has(id), id).toBe(true);
    }
    for (const id of ['load', 'price', 'sort', 'first', 'item', 'replace'])
      expect(RESERVED_IDS.has(id), id).toBe(false);
  });

  test('every code has a page', () => {
    expect(Object.keys(EXPRESSION_CODES).length).toBeGreaterThanOrEqual(40);
    for (const [code, entry] of Object.entries(EXPRESSION_CODES)) {
      expect(code).toMatch(/^ICE1[34]\d\d$/);
      for (const text of Object.values(entry)) expect(text.length, code).toBeGreaterThan(3);
    }
  });
});
