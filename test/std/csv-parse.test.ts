import { expect, test } from 'vitest';
import csv from '../../src/std/csv-parse.ts';
import { messageOf, runTool } from './std-tools.ts';

const parse = (input: object) =>
  runTool(csv as never, input) as Promise<{ columns: string[]; rows: unknown[]; count: number }>;
const rows = async (text: string, more: object = {}) => (await parse({ text, ...more })).rows;

test('RFC 4180: quotes, doubled quotes, line ends inside cells, CRLF, LF and CR', async () => {
  expect(await rows('a,b\r\n"x ""y""","1\r\n2"\r\n', { types: 'text' })).toEqual([
    { a: 'x "y"', b: '1\r\n2' },
  ]);
  for (const end of ['\n', '\r\n', '\r'])
    expect(await rows(`a,b${end}1,2${end}3,4`)).toEqual([
      { a: 1, b: 2 },
      { a: 3, b: 4 },
    ]);
  expect(await rows('a,b\n"",\n')).toEqual([{ a: '', b: null }]);
  expect(await rows('\u{feff}a\n1')).toEqual([{ a: 1 }]);
});

test('empty texts and empty lines', async () => {
  expect(await parse({ text: '' })).toEqual({ columns: [], rows: [], count: 0 });
  expect(await parse({ text: 'a,b\n' })).toEqual({ columns: ['a', 'b'], rows: [], count: 0 });
  expect(await rows('a\n\n1\n  \n2\n')).toEqual([{ a: 1 }, { a: 2 }]);
  expect(await rows('a\n\n1', { skipEmptyLines: false })).toEqual([{ a: null }, { a: 1 }]);
});

test('types: what looks like a number is one, unless it would lose something', async () => {
  const [row] = await rows('a,b,c,d,e,f,g\n1.5,-2e3,007,12345678901234567890,true,"1",x');
  expect(row).toEqual({ a: 1.5, b: -2000, c: '007', d: '12345678901234567890', e: true, f: '1', g: 'x' });
  expect(await rows('id,n,ok\n1,2,yes', { types: { id: 'string', n: 'integer', ok: 'boolean' } })).toEqual([
    { id: '1', n: 2, ok: true },
  ]);
  expect(await messageOf(rows('n\n1\n2.5', { types: { n: 'integer' } }))).toBe(
    'Row 2 (line 3), n: "2.5" is not an integer',
  );
  expect(await messageOf(rows('n\n1', { types: { m: 'integer' } }))).toContain('the columns are: n');
});

test('header, delimiter, quote, trim, comments, limit', async () => {
  expect(await rows('1;2', { header: ['a', 'b'], delimiter: ';' })).toEqual([{ a: 1, b: 2 }]);
  expect(await rows("a\tb\n'x\ty'\tz", { delimiter: '\t', quote: "'" })).toEqual([{ a: 'x\ty', b: 'z' }]);
  expect(await rows(' a , b \n x , "y" ', { trim: true })).toEqual([{ a: 'x', b: 'y' }]);
  expect(await rows('# c\na\n#no\n1', { comment: '#' })).toEqual([{ a: 1 }]);
  expect((await parse({ text: 'a\n1\n2\n3', limit: 2 })).count).toBe(2);
});

test('errors name the row and the line', async () => {
  expect(await messageOf(rows('a,b\n1,2\n"x\ny",3\n4'))).toBe(
    'Row 3 (line 5) has 1 cells, expected 2; uneven: allow accepts it',
  );
  expect(await rows('a,b\n1\n1,2,3', { uneven: 'allow' })).toEqual([{ a: 1 }, { a: 1, b: 2 }]);
  expect(await messageOf(rows('a\n"x'))).toBe('Line 2: a quoted cell is not closed');
  expect(await messageOf(rows('a\n"x"y'))).toBe('Line 2: unexpected "y" after a quoted cell');
  expect(await messageOf(rows('a,a\n1,2'))).toContain('Two columns are named "a"');
  expect(await messageOf(rows('__proto__\n1'))).toContain('__proto__');
  expect(await messageOf(rows('a', { delimiter: '"' }))).toContain('must differ');
});
