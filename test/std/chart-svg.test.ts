import { expect, test } from 'vitest';
import { ticksOf } from '../../src/std/chart/scale.ts';
import chart from '../../src/std/chart-svg.ts';
import { messageOf, runTool } from './std-tools.ts';

const draw = async (input: object) =>
  ((await runTool(chart as never, { title: 'T', ...input })) as { svg: string }).svg;

test('bars stand on zero and carry their figures as text', async () => {
  const svg = await draw({
    type: 'bar',
    data: [
      { m: 'a', n: 2 },
      { m: 'b', n: -1 },
    ],
    x: 'm',
    y: 'n',
  });
  expect(svg.match(/<rect [^>]*><title>/g)).toHaveLength(2);
  expect(svg).toContain('<title>a: 2</title>');
  expect(svg).toContain('>0</text>');
  expect(svg).toMatch(
    /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"[^>]* role="img" aria-label="T">\n<title>T<\/title>/,
  );
});

test('text from the data cannot become markup', async () => {
  const evil = `"><script>alert(1)</script>&'\u0000\ud800`;
  const svg = await draw({
    type: 'line',
    title: evil,
    xLabel: evil,
    yLabel: evil,
    data: [{ m: evil, n: 1, [evil]: 2 }],
    x: 'm',
    y: ['n', evil],
  });
  expect(svg).not.toContain('<script');
  expect(svg).not.toContain('\u0000');
  expect(svg).toContain('&lt;script&gt;');
});

test('lines: numbers, times, gaps, order', async () => {
  const gap = await draw({
    type: 'line',
    data: [
      { x: 0, y: 1 },
      { x: 1, y: null },
      { x: 2, y: 3 },
    ],
    x: 'x',
    y: 'y',
  });
  expect(gap.match(/<path d="M[^L"]*M[^L"]*"/)).not.toBeNull();
  const sorted = await draw({
    type: 'line',
    data: [
      { x: 2, y: 2 },
      { x: 1, y: 1 },
    ],
    x: 'x',
    y: 'y',
  });
  expect(sorted).toBe(
    await draw({
      type: 'line',
      data: [
        { x: 1, y: 1 },
        { x: 2, y: 2 },
      ],
      x: 'x',
      y: 'y',
    }),
  );
  expect(
    await draw({
      type: 'line',
      data: [
        { t: '2026-01-01', y: 1 },
        { t: '2026-03-01', y: 2 },
      ],
      x: 't',
      y: 'y',
    }),
  ).toContain('2026-01-01');
});

test('a histogram counts every value once', async () => {
  const svg = await draw({ type: 'histogram', data: [1, 2, 2, 3, 4], bins: 3 });
  const counts = [...svg.matchAll(/<title>[^<]+: (\d+)<\/title>/g)].map((match) => Number(match[1]));
  expect(counts.reduce((a, b) => a + b, 0)).toBe(5);
  expect(await draw({ type: 'histogram', data: [] })).toContain('<svg');
  expect(await draw({ type: 'histogram', data: [{ a: { b: 1 } }], y: 'a.b' })).toContain('<svg');
});

test('no coordinate is NaN or infinite, whatever the data', async () => {
  for (const data of [
    [],
    [{ x: 'a', y: 0 }],
    [{ x: 'a', y: null }],
    [
      { x: 'a', y: 1e300 },
      { x: 'b', y: -1e300 },
    ],
    [{ x: 'a', y: 5e-324 }],
    [
      { x: 'a', y: 1.7e308 },
      { x: 'b', y: -1.7e308 },
    ],
  ])
    for (const type of ['bar', 'line'])
      expect(await draw({ type, data, x: 'x', y: 'y' })).not.toMatch(/NaN|Infinity|undefined/);
  expect(await draw({ type: 'line', data: [{ x: 5, y: 5 }], x: 'x', y: 'y' })).not.toMatch(/NaN|Infinity/);
});

test('ticks are round and hold the data', () => {
  expect(ticksOf(0, 9.7, 5).values).toEqual([0, 2, 4, 6, 8, 10]);
  expect(ticksOf(-0.3, 0.3, 4).values).toEqual([-0.4, -0.2, 0, 0.2, 0.4]);
});

test('errors', async () => {
  expect(await messageOf(draw({ type: 'bar', data: [] }))).toContain('needs x and y');
  expect(await messageOf(draw({ type: 'bar', data: [{ x: 'a', y: 'b' }], x: 'x', y: 'y' }))).toBe(
    'y of data[0] is "b", not a number',
  );
  expect(
    await messageOf(draw({ type: 'bar', data: Array.from({ length: 501 }, () => ({})), x: 'x', y: 'y' })),
  ).toContain('500');
});
