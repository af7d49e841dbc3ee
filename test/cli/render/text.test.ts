import { expect, test } from 'vitest';
import { typeName } from '../../../src/cli/render/component.ts';
import {
  clockTime,
  formatAge,
  formatCost,
  formatCount,
  formatDuration,
} from '../../../src/cli/render/figures.ts';
import { table } from '../../../src/cli/render/table.ts';
import {
  oneLine,
  pad,
  textWidth,
  truncate,
  withoutControl,
  wrap,
} from '../../../src/cli/render/text-width.ts';
import { themeFor } from '../../../src/cli/render/theme.ts';

test.each([
  ['plain', 5],
  ['\x1B[31mred\x1B[39m', 3],
  ['漢字', 4],
  ['é', 1],
  ['e\u0301', 1],
  ['👩‍👩‍👧', 2],
  ['✓', 1],
  ['한국어', 6],
  ['', 0],
])('%j is %i wide', (text, width) => {
  expect(textWidth(text)).toBe(width);
});

test('what is cut is marked, fits, and closes its colours', () => {
  expect(truncate('abcdefgh', 5)).toBe('abcd…');
  expect(truncate('abc', 5)).toBe('abc');
  expect(truncate('漢字漢字', 5)).toBe('漢字…');
  const red = truncate('\x1B[31mabcdefgh\x1B[39m', 5);
  expect(withoutControl(red)).toBe('abcd…');
  expect(red.endsWith('\x1B[0m')).toBe(true);
  for (let width = 0; width < 12; width++)
    expect(textWidth(truncate('a漢b字c漢d', width))).toBeLessThanOrEqual(width);
});

test('wrapping keeps every word and fits', () => {
  const text = 'one two three abcdefghijklmnopqrstuvwxyz four';
  const lines = wrap(text, 10);
  expect(lines.join('').replace(/ /g, '')).toBe(text.replace(/ /g, ''));
  for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(10);
});

test('one line is one line', () => {
  expect(oneLine('a\nb\tc\x1B[31md\x07')).toBe('a b cd');
  expect(pad('a', 3)).toBe('a  ');
  expect(pad('a', 3, 'left')).toBe('  a');
});

test('figures', () => {
  expect([0.4, 7, 37, 1234, 59_960, 65_000, 7_380_000, 200_000_000].map(formatDuration)).toEqual([
    '0.4 ms',
    '7 ms',
    '37 ms',
    '1.2 s',
    '1m 00s',
    '1m 05s',
    '2h 03m',
    '2d 7h',
  ]);
  expect([0, 0.00042, 0.0099, 0.12, 12.3].map(formatCost)).toEqual([
    '$0',
    '$0.00042',
    '$0.0099',
    '$0.12',
    '$12.30',
  ]);
  expect([812, 12_400, 124_000, 3_100_000].map(formatCount)).toEqual(['812', '12.4k', '124k', '3.1M']);
  expect(formatAge(0, 5000)).toBe('just now');
  expect(formatAge(0, 3 * 3600_000)).toBe('3h ago');
});

test('a table gives way: first its widest text, then what is optional', () => {
  const theme = themeFor({ color: false, unicode: true });
  const rows = [
    { a: 'one', b: 'a description that goes on for a while', c: 'extra' },
    { a: 'two', b: 'short', c: '漢字' },
  ];
  const columns = [
    { title: 'A', cell: (row: (typeof rows)[0]) => row.a },
    { title: 'B', cell: (row: (typeof rows)[0]) => row.b, flex: true },
    { title: 'C', cell: (row: (typeof rows)[0]) => row.c, align: 'right' as const, optional: true },
  ];
  expect(table(rows, columns, theme, 60)).toEqual([
    'A    B                                           C',
    'one  a description that goes on for a while  extra',
    'two  short                                    漢字',
  ]);
  expect(table(rows, columns, theme, 20).join('\n')).not.toContain('extra');
  for (const width of [20, 24, 32, 40, 60])
    for (const line of table(rows, columns, theme, width)) expect(textWidth(line)).toBeLessThanOrEqual(width);
});

test('the time of day is written the same in every locale', () => {
  expect(clockTime(new Date(2026, 0, 2, 8, 3, 7))).toBe('08:03:07');
  expect(clockTime(new Date(2026, 0, 2, 20, 3, 7))).toBe('20:03:07');
});

test('a union of objects is named by the fields that tell them apart', () => {
  const cat = {
    type: 'object',
    required: ['type'],
    properties: { type: { const: 'cat' }, lives: { type: 'integer' } },
  };
  const many = { type: 'object', properties: { a: {}, b: {}, c: {}, d: {}, e: {} } };
  expect(typeName({ anyOf: [cat, many, { type: 'null' }] })).toBe(
    '{ type: "cat", lives? } | { a?, b?, c?, d?, … } | null',
  );
  expect(typeName({ oneOf: [{ type: 'object' }, { type: 'object' }] })).toBe('object');
});
