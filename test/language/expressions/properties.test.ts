import { describe, expect, test } from 'vitest';
import type { JsonSchema } from '../../../src/contracts/json.ts';
import {
  BUILTINS,
  ExpressionError,
  evaluate,
  inferExpression,
  type Json,
  parseExpression,
  type Scope,
  type TypeEnv,
} from '../../../src/language/expressions/index.ts';
import { assignable, describe as describeType } from '../../../src/language/types/index.ts';
import { randomOf } from './random.ts';

const item: JsonSchema = {
  type: 'object',
  required: ['name', 'price'],
  properties: {
    name: { type: 'string' },
    price: { type: 'number' },
    note: { type: 'string' },
    rank: { type: ['integer', 'null'] },
  },
  additionalProperties: false,
};
const types: Record<string, JsonSchema> = {
  n: { type: 'number' },
  k: { type: 'integer' },
  s: { type: 'string' },
  b: { type: 'boolean' },
  l: { type: 'array', items: { type: 'number' } },
  rows: { type: 'array', items: item },
  row: item,
  any: {},
  either: { anyOf: [{ type: 'string' }, { type: 'number' }] },
  map: { type: 'object', additionalProperties: { type: 'number' } },
};
const value: Record<string, Json> = {
  n: 2.5,
  k: 3,
  s: 'text',
  b: true,
  l: [1, 2.5, 3],
  rows: [
    { name: 'a', price: 1, rank: null },
    { name: 'b', price: 2, note: 'x', rank: 1 },
  ],
  row: { name: 'c', price: 9 },
  any: { deep: [1, 'x'] },
  either: 7,
  map: { x: 1 },
};
const env: TypeEnv = {
  variable: (name) => types[name],
  names: () => Object.keys(types),
  node: (id) => (id === 'good' || id === 'bad' ? item : undefined),
  nodeNames: () => ['good', 'bad'],
};
const scope: Scope = {
  get: (name) => value[name],
  node: (id) =>
    id === 'good'
      ? { state: 'succeeded', result: value['row'] }
      : id === 'bad'
        ? { state: 'failed', error: { code: 'x', message: 'it broke' } }
        : undefined,
};

/** Sources that parse: of every operator, function and macro, over the variables above. */
function generator(seed: number) {
  const random = randomOf(seed);
  const pick = <T>(list: readonly T[]): T => list[random(list.length)]!;
  const functions = BUILTINS.filter((each) => each.kind === 'function');
  let locals: string[] = [];
  let counter = 0;
  const withLocal = (body: (name: string) => string): string => {
    const name = `v${counter++}`;
    const outer = locals;
    locals = [...locals, name];
    const text = body(name);
    locals = outer;
    return text;
  };
  const leaf = (): string =>
    pick([
      () => pick([...Object.keys(types), ...locals]),
      () => pick(['1', '0', '2.5', '-3', "'a'", "''", 'true', 'false', 'null', '[]', '{}']),
      () =>
        pick([
          'row.name',
          'row.price',
          'row.note',
          'row.rank',
          'rows[0]',
          'l[0]',
          'any.deep',
          'map.x',
          'row.?note',
        ]),
      () =>
        pick([
          'nodes.good.result',
          'nodes.bad.state',
          'nodes.bad.?result',
          'has(nodes.good)',
          'has(nodes.bad)',
          'has(row.note)',
        ]),
    ])();
  const make = (depth: number): string => {
    if (depth <= 0) return leaf();
    const sub = () => make(depth - 1 - random(2));
    return pick([
      leaf,
      () =>
        `(${sub()} ${pick(['+', '-', '*', '/', '%', '<', '<=', '>', '>=', '==', '!=', 'in', '&&', '||'])} ${sub()})`,
      () => `(${sub()} ? ${sub()} : ${sub()})`,
      () => `${pick(['!', '-'])}(${sub()})`,
      () => `[${sub()}, ${sub()}]`,
      () => `{'a': ${sub()}, 'name': ${sub()}}`,
      () => `(${sub()}).${pick(['?', ''])}${pick(['name', 'price', 'note', 'a', 'zz'])}`,
      () => `(${sub()})[${pick(['?', ''])}${sub()}]`,
      () => {
        const each = pick(functions);
        const count = each.min + random(Math.min(each.max, 3) - each.min + 1);
        return `${each.name}(${Array.from({ length: count }, sub).join(', ')})`;
      },
      () => {
        const target = pick(['rows', 'l', 'map', sub()]);
        const name = pick(['map', 'filter', 'all', 'exists', 'exists_one', 'sortBy']);
        return withLocal(
          (v) => `(${target}).${name}(${v}, ${pick([v, `${v}.price`, `${v} > 1`, `has(${v}.note)`, sub()])})`,
        );
      },
      () => withLocal((v) => `cel.bind(${v}, ${leaf()}, ${sub()})`),
      () => `(has(row.note) ? row.note : ${sub()})`,
    ])();
  };
  return () => {
    counter = 0;
    return make(4);
  };
}

function outcome(source: string):
  | {
      value?: Json;
      error?: ExpressionError;
      type: JsonSchema;
      findings: { severity: string; code: string }[];
    }
  | undefined {
  const parsed = parseExpression(source);
  if (!parsed.ok) {
    expect(parsed.findings.length, source).toBeGreaterThan(0);
    return undefined;
  }
  const inferred = inferExpression(parsed.expression, env);
  try {
    return { value: evaluate(parsed.expression, scope, { maxSteps: 20_000 }), ...inferred };
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw new Error(`${source}: ${error}`, { cause: error });
    return { error, ...inferred };
  }
}

describe('random expressions', () => {
  test.each([1, 2, 3, 4])(
    'seed %i: evaluate to JSON or to an error with a place, and types tell the truth',
    (seed) => {
      const next = generator(seed);
      let values = 0;
      let clean = 0;
      for (let i = 0; i < 3_000; i++) {
        const source = next();
        const result = outcome(source);
        if (!result) continue;
        if (result.error) {
          const { code, start, end } = result.error;
          expect(code, source).toMatch(/^ICE1[34]\d\d$/);
          expect(start >= 0 && end >= start && end <= source.length, source).toBe(true);
        } else {
          values++;
          // JSON, and nothing else: no undefined, NaN or function.
          expect(JSON.parse(JSON.stringify(result.value)), source).toEqual(noNegativeZero(result.value!));
        }
        if (result.findings.length > 0) continue;
        clean++;
        if (result.error) {
          // Without findings only a value can be wrong, or a member of a union: never a type that is known exactly.
          const dynamic = /\?|\bany\b|\beither\b|parseJson|orValue|\[|rows \+ l|l \+ rows/.test(source);
          if (!dynamic) expect(result.error.code, `${source}: ${result.error.message}`).toMatch(/^ICE13/);
        } else {
          const fit = assignable(typeless(result.value!), result.type);
          expect(
            fit.ok || fit,
            `${source} = ${JSON.stringify(result.value)}: ${describeType(result.type)}`,
          ).toBe(true);
        }
      }
      expect(values).toBeGreaterThan(300);
      expect(clean).toBeGreaterThan(300);
    },
  );
});

const noNegativeZero = (each: Json): Json => JSON.parse(JSON.stringify(each)) as Json;

/** The plain type of a value: what it is, not which one it is. */
function typeless(each: Json): JsonSchema {
  if (each === null) return { type: 'null' };
  if (Array.isArray(each)) return { type: 'array', prefixItems: each.map(typeless), items: false };
  if (typeof each === 'object') {
    const fields = Object.entries(each);
    return {
      type: 'object',
      properties: Object.fromEntries(fields.map(([k, v]) => [k, typeless(v)])),
      required: fields.map(([k]) => k),
      additionalProperties: false,
    };
  }
  return { type: typeof each as 'string' };
}

describe('random text', () => {
  test('never throws, and findings are inside it', () => {
    const random = randomOf(99);
    const pieces = [
      'a',
      'nodes',
      '.',
      '?',
      '[',
      ']',
      '(',
      ')',
      '{',
      '}',
      "'",
      '"',
      '"""',
      ',',
      ':',
      '+',
      '-',
      '!',
      '&&',
      '||',
      ' ',
      '1',
      '1.5',
      '0x',
      'in',
      'has',
      'map',
      'size',
      'r',
      'b',
      '\\',
      '//',
      '\n',
      'é',
      '👋',
      '=',
      '<',
      'null',
      '1e',
      'cel.bind',
      '__proto__',
    ];
    for (let i = 0; i < 20_000; i++) {
      const source = Array.from({ length: random(12) + 1 }, () => pieces[random(pieces.length)]).join('');
      const parsed = parseExpression(source);
      if (parsed.ok) {
        inferExpression(parsed.expression, env);
        continue;
      }
      for (const { code, start, end, message } of parsed.findings) {
        expect(code).toMatch(/^ICE13\d\d$/);
        expect(message).not.toBe('');
        expect(start >= 0 && end >= start && end <= source.length, JSON.stringify(source)).toBe(true);
      }
    }
  });
});

describe('numbers', () => {
  const run = (source: string): Json => {
    const parsed = parseExpression(source);
    if (!parsed.ok) throw new Error(source);
    return evaluate(parsed.expression, scope);
  };

  test('agree with JSON and JavaScript', () => {
    const random = randomOf(5);
    for (let i = 0; i < 2_000; i++) {
      const [a, b] = [random(2_000) - 1_000, (random(20_000) - 10_000) / 8];
      expect(run(`(${a}) + (${b})`)).toBe(a + b);
      expect(run(`(${a}) * (${b})`)).toBe(a * b);
      expect(run(`(${a}) < (${b})`)).toBe(a < b);
      expect(run(`(${a}) == (${b})`)).toBe(a === b);
      expect(run(`int(${b})`)).toBe(Math.trunc(b));
      if (b !== 0) expect(run(`(${a}) / (${b})`)).toBe(a / b);
      expect(run(`round(${b}, 2)`)).toBeCloseTo(b, 1);
      expect(run(`double(string(${b}))`)).toBe(b);
    }
  });
});
