import { describe, expect, test } from 'vitest';
import {
  ExpressionError,
  isStatic,
  type Json,
  parseTemplate,
  render,
  type Scope,
  toText,
} from '../../../src/language/expressions/index.ts';

const variables: Record<string, Json> = { a: { b: 1 }, n: null, list: [1, { x: 2 }], s: 'text', price: 12.0 };
const scope: Scope = { get: (name) => variables[name] };

function rendered(value: Json): Json {
  const { template, findings } = parseTemplate(value);
  expect(findings).toEqual([]);
  return render(template, scope);
}

const codes = (value: Json) => parseTemplate(value).findings.map((finding) => finding.code);

describe('text and values', () => {
  test.each<[Json, Json]>([
    ['plain', 'plain'],
    ['{{ a.b }}', 1],
    ['  {{ list }}\n', [1, { x: 2 }]],
    ['{{ n }}', null],
    ['n: {{ n }}.', 'n: .'],
    ['{{ list }}!', '[1,{"x":2}]!'],
    ['{{ a }} {{ price }}', '{"b":1} 12'],
    ['{{ 12.0 }} {{ 0.1 }} {{ true }}', '12 0.1 true'],
    ["{{ '{{' }}", '{{'],
    ["use {{ '{{' }} and {{ '}}' }}", 'use {{ and }}'],
    ["{{ {'a': {'b': 1}} }}", { a: { b: 1 } }],
    ["{{ {'a': {'b': 1}}}}", { a: { b: 1 } }],
    ["{{ {'a':1}.a }}{{ a.b }}", '11'],
    ['{{ "}}" + \'}}\' }}', '}}}}'],
    ["{{ '''a }} b''' }}", 'a }} b'],
    ["{{ 'it\\'s }}' }}", "it's }}"],
    ["{{ r'\\d}}' }}", '\\d}}'],
    ['{{ a.b // the b }}', 1],
    ['{{ a.b // it is }} the\n}}', '1 the\n}}'],
    ['{{\n  a.b // first\n  + 1\n}}', 2],
    ['a } b }} c', 'a } b }} c'],
    [
      { x: '{{ a.b }}', '{{ a.b }}': [true, '{{ s }}!'] },
      { x: 1, '{{ a.b }}': [true, 'text!'] },
    ],
    [7, 7],
    [null, null],
  ])('%j', (template, value) => expect(rendered(template)).toEqual(value));

  test('toText', () => {
    expect([null, 12.0, -0, 1.5, true, 'x', { a: [null] }].map((value) => toText(value as Json))).toEqual([
      '',
      '12',
      '0',
      '1.5',
      'true',
      'x',
      '{"a":[null]}',
    ]);
  });

  test('static values are known, and are not copied', () => {
    const value = { deep: [1, 'two', { three: null }] };
    const { template } = parseTemplate(value);
    expect(isStatic(template)).toBe(true);
    expect(render(template, scope)).toBe(value);
    expect(isStatic(parseTemplate({ ...value, x: '{{ 1 }}' }).template)).toBe(false);
  });

  test('keys called __proto__ stay data', () => {
    const value = JSON.parse('{"__proto__": "{{ a.b }}", "x": "{{ s }}"}') as Json;
    const result = rendered(value) as object;
    expect(Object.keys(result)).toEqual(['__proto__', 'x']);
    expect(Object.getPrototypeOf(result)).toBe(Object.prototype);
  });
});

describe('findings', () => {
  test('offsets and paths are in the string where the expression stands', () => {
    const { findings } = parseTemplate({ args: ['ok', 'Hello {{ a..b }} and {{ len(a) }}'] });
    expect(findings).toMatchObject([
      { code: 'ICE1301', path: ['args', 1], start: 11, end: 12 },
      { code: 'ICE1308', path: ['args', 1], start: 24, end: 27, help: 'Did you mean size(value)?' },
    ]);
  });

  test('what is not closed', () => {
    expect(codes('Hello {{ a.b')).toEqual(['ICE1302']);
    expect(codes('Hello {{ a.b } there')).toEqual(['ICE1302']);
    expect(codes("{{ it's }} and {{ a }}")).toEqual(['ICE1301']);
    expect(codes("{{ {'a': 1 }} and {{ a }}")).toEqual(['ICE1301']);
    expect(codes('{{ }}')).toEqual(['ICE1303']);
  });

  test.each([
    ['{{#if a}}', 'Blocks'],
    ['{{ a = 1 }}', 'Equality'],
    ['{{ a === 1 }}', 'Equality'],
    ['{{ a ?? 1 }}', 'orValue'],
    ['{{ a?.b }}', 'a.?b'],
    ['{{ a and b }}', '&&'],
    ['{{ a | upper }}', 'pipes'],
    ['{{ `a` }}', 'quotes'],
    ['{{ list.map(x => x) }}', 'list.map(x'],
    ['{{ $' + '{a} }}', 'variable'],
    ['{{ a.in }}', "a['in']"],
  ])('%s says how it is written here', (text, help) => {
    expect(parseTemplate(text).findings[0]?.help).toContain(help);
  });

  test('references carry the place where they stand', () => {
    const { refs } = parseTemplate({ p: 'Sell {{ row.name }}', q: ['{{ nodes.x.state }}'] });
    expect(refs).toEqual([
      { root: 'row', soft: false, path: ['name'], start: 8, end: 16, at: ['p'] },
      { root: 'x', soft: true, path: ['state'], start: 3, end: 16, at: ['q', 0] },
    ]);
  });
});

describe('errors of rendering', () => {
  test('stand in the template string, with its path', () => {
    const { template } = parseTemplate({ list: ['x', 'Hi {{ a.zz }}'] });
    try {
      render(template, scope);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(ExpressionError);
      expect(error).toMatchObject({
        code: 'ICE1401',
        start: 8,
        end: 10,
        source: 'Hi {{ a.zz }}',
        path: ['list', 1],
      });
    }
  });

  test('text is bounded', () => {
    const large = 'x'.repeat(2_000_000);
    const { template } = parseTemplate('{{ big }}'.repeat(6).concat('.'));
    expect(() => render(template, { get: () => large })).toThrow(/longer than/);
    const { template: list } = parseTemplate('list: {{ big }}');
    expect(() => render(list, { get: () => Array.from({ length: 9 }, () => large) })).toThrow(/longer than/);
  });
});

test('data deeper than the stack is an error of the template', () => {
  let deep: Json = 1;
  for (let i = 0; i < 200_000; i++) deep = [deep];
  const { template } = parseTemplate('x {{ d }}');
  expect(() => render(template, { get: () => deep })).toThrow(ExpressionError);
});

describe('hostile documents', () => {
  const quick = (value: Json) => {
    const before = performance.now();
    const { findings } = parseTemplate(value);
    expect(performance.now() - before).toBeLessThan(2_000);
    return findings;
  };

  test('are refused in bounded time', () => {
    expect(quick('{{ { }} '.repeat(100_000)).length).toBeGreaterThan(0);
    expect(quick("{{ ' }} ".repeat(100_000)).length).toBeGreaterThan(0);
    expect(quick('{{'.repeat(200_000)).length).toBeGreaterThan(0);
    expect(quick('{{ 1 }}'.repeat(5_000)).map((finding) => finding.code)).toEqual(['ICE1314']);
    expect(quick(`{{ ${'!'.repeat(40_000)}a }}`).map((finding) => finding.code)).toEqual(['ICE1314']);
    expect(quick(`{{ ${'-'.repeat(40_000)}a }}`).map((finding) => finding.code)).toEqual(['ICE1314']);
    expect(quick(`{{ ${'('.repeat(40_000)}a }}`).map((finding) => finding.code)).toEqual(['ICE1314']);
    expect(quick(`{{ a${'+a'.repeat(1_000)} }}`).map((finding) => finding.code)).toEqual(['ICE1314']);
    expect(quick(`{{ a${'.b'.repeat(20_000)} }}`).map((finding) => finding.code)).toEqual(['ICE1314']);
    expect(quick(`{{ '${'x'.repeat(60_000)}' }}`).map((finding) => finding.code)).toEqual(['ICE1314']);
    let deep: Json = '{{ a }}';
    for (let i = 0; i < 50_000; i++) deep = [deep];
    expect(quick(deep).map((finding) => finding.code)).toEqual(['ICE1314']);
  });
});
