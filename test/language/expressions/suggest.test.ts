import { expect, test } from 'vitest';
import { hint, suggest } from '../../../src/language/expressions/suggest.ts';
import { randomOf } from './random.ts';

test('the nearest name is offered, and none that is far off', () => {
  const names = ['price', 'prices', 'load_rows', 'summary', 'x'];
  expect(suggest('prise', names)).toBe('price');
  expect(suggest('PRICE', names)).toBe('price');
  expect(suggest('pirces', names)).toBe('prices');
  expect(suggest('loadRows', names)).toBe('load_rows');
  expect(suggest('sumary', names)).toBe('summary');
  expect(suggest('weather', names)).toBeUndefined();
  expect(suggest('y', names)).toBeUndefined();
  expect(hint('weather', names)).toBe('There are: price, prices, load_rows, summary, x.');
});

/** The same distance by its definition, with the whole table and no bound. */
function distance(a: string, b: string): number {
  const table = Array.from({ length: a.length + 1 }, (_, i) =>
    Array.from({ length: b.length + 1 }, (_, j) => (i === 0 ? j : i)),
  );
  for (let i = 1; i <= a.length; i++)
    for (let j = 1; j <= b.length; j++) {
      const row = table[i]!;
      row[j] = Math.min(
        table[i - 1]![j]! + 1,
        row[j - 1]! + 1,
        table[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1),
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        row[j] = Math.min(row[j]!, table[i - 2]![j - 2]! + 1);
    }
  return table[a.length]![b.length]!;
}

test('what is left out to be quick changes no answer', () => {
  const seed = Date.now() % 1e9;
  const random = randomOf(seed);
  const word = () => Array.from({ length: 2 + random(7) }, () => 'abc'[random(3)]).join('');
  for (let round = 0; round < 2_000; round++) {
    const name = word();
    const candidates = Array.from({ length: 1 + random(6) }, word).filter((each) => each !== name);
    const limit = Math.max(1, Math.floor(name.length / 3)) + 1;
    const near = candidates.map((each) => ({ each, far: distance(name, each) })).filter((c) => c.far < limit);
    const best = near.sort((a, b) => a.far - b.far)[0]?.each;
    expect(suggest(name, candidates), `seed ${seed}, ${name} of ${candidates}`).toBe(best);
  }
});
