import { expect, test } from 'vitest';
import stats from '../../src/std/stats.ts';
import { messageOf, runTool } from './std-tools.ts';

const run = (input: object) =>
  runTool(stats as never, input) as Promise<Record<string, unknown> & { groups: Record<string, unknown>[] }>;

test('known figures', async () => {
  expect(await run({ values: [1, 2, 3, 4], quantiles: [0, 0.25, 1] })).toMatchObject({
    count: 4,
    sum: 10,
    mean: 2.5,
    median: 2.5,
    min: 1,
    max: 4,
    quantiles: [
      { q: 0, value: 1 },
      { q: 0.25, value: 1.75 },
      { q: 1, value: 4 },
    ],
  });
  expect((await run({ values: [1, 2, 3, 4] }))['stddev']).toBeCloseTo(1.2909944, 6);
  expect((await run({ values: [1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16] }))['stddev']).toBeCloseTo(5.4772256, 6);
  expect((await run({ values: Array.from({ length: 10 }, () => 0.1) }))['sum']).toBe(1);
});

test('nothing, one, missing', async () => {
  expect(await run({ values: [] })).toMatchObject({
    count: 0,
    sum: 0,
    min: null,
    mean: null,
    median: null,
    stddev: null,
    histogram: [],
  });
  expect(await run({ values: [5, null], bins: 3 })).toMatchObject({
    count: 1,
    missing: 1,
    stddev: null,
    histogram: [{ from: 5, to: 5, count: 1 }],
  });
});

test('groups, nested fields', async () => {
  const values = [
    { p: { mag: 1, where: 'a' } },
    { p: { mag: 3, where: 'b' } },
    { p: { mag: 5, where: 'b' } },
    { p: { where: 'c' } },
  ];
  const { groups, missing } = await run({ values, field: 'p.mag', by: 'p.where' });
  expect(groups.map(({ key, count, mean }) => [key, count, mean])).toEqual([
    ['b', 2, 4],
    ['a', 1, 1],
    ['c', 0, null],
  ]);
  expect(missing).toBe(1);
});

test('what is no number is named', async () => {
  expect(await messageOf(run({ values: [1, '2'] }))).toBe('values[1] is "2", not a number');
  expect(await messageOf(run({ values: [{ a: {} }], field: 'a' }))).toBe(
    'a of values[0] is {}, not a number',
  );
  expect(await messageOf(run({ values: [], by: 'x' }))).toContain('field');
  expect(
    await messageOf(run({ values: [1, 2, 3].map((n) => ({ n })), field: 'n', by: 'n', maxGroups: 2 })),
  ).toContain('maxGroups');
});
