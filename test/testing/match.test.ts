import { expect, test } from 'vitest';
import type { Json } from '../../src/contracts/json.ts';
import { differences, MOST_DIFFERENCES, sayDifference } from '../../src/testing/match.ts';

const said = (expected: Json, got: Json, mode: 'partial' | 'exact' = 'partial') =>
  differences(expected, got, mode).map(sayDifference);

test('partial: objects may hold more at any depth, lists may not', () => {
  expect(said({ a: { b: 1 } }, { a: { b: 1, c: 2 }, d: 3 })).toEqual([]);
  expect(said({ rows: [{ x: 1 }] }, { rows: [{ x: 1, y: 2 }] })).toEqual([]);
  expect(said({ rows: [1] }, { rows: [1, 2] })).toEqual(['rows[1] is there and was not expected: 2']);
  expect(said({ rows: [1, 2] }, { rows: [1] })).toEqual(['rows[1] is missing, expected 2']);
});

test('exact: what was not expected is a difference', () => {
  expect(said({ a: 1 }, { a: 1, b: { c: null } }, 'exact')).toEqual([
    'b is there and was not expected: {"c":null}',
  ]);
});

test('says each place, with its path', () => {
  expect(said({ 'a b': [{ c: 1 }], d: null }, { 'a b': [{ c: '1' }] })).toEqual([
    '["a b"][0].c is "1", expected 1',
    'd is missing, expected null; there is a b',
  ]);
  expect(said({ text: 'hi' }, { result: { text: 'hi' }, cost: 1 })).toEqual([
    'text is missing, expected "hi"; there is result, cost',
  ]);
  expect(said(1, [1])).toEqual(['the result is [1], expected 1']);
  expect(said({ a: [] }, { a: {} })).toEqual(['a is {}, expected []']);
  expect(said({ a: 0 }, { a: -0 })).toEqual([]);
});

test('names that objects have of themselves are not there unless they are given', () => {
  expect(said({ constructor: 1 }, {})).toEqual(['constructor is missing, expected 1']);
  expect(said({}, JSON.parse('{"__proto__": 1}'), 'exact')).toEqual([
    '__proto__ is there and was not expected: 1',
  ]);
});

test('is bounded: many differences, deep values, long texts', () => {
  const many = Array.from({ length: 5000 }, (_, i) => i);
  expect(
    differences(
      many,
      many.map((n) => n + 1),
      'exact',
    ),
  ).toHaveLength(MOST_DIFFERENCES);
  let deep: Json = 1;
  let other: Json = 2;
  for (let i = 0; i < 3000; i++) {
    deep = [deep];
    other = [other];
  }
  expect(differences(deep, other, 'exact')).toHaveLength(1);
  expect(differences(deep, structuredClone(deep), 'exact')).toEqual([]);
  expect(said('x'.repeat(1000), 'y')[0]!.length).toBeLessThan(300);
});
