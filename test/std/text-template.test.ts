import { expect, test } from 'vitest';
import template from '../../src/std/text-template.ts';
import { messageOf, runTool } from './std-tools.ts';

const fill = async (text: string, data: object = {}, more: object = {}) =>
  ((await runTool(template as never, { template: text, data, ...more })) as { text: string }).text;

test('values, dotted names, the item itself, kinds', async () => {
  expect(
    await fill('[[a]] [[ b.c ]] [[n]] [[o]] [[z]]', {
      a: 'x',
      b: { c: 1.5 },
      n: null,
      o: { p: [1] },
      z: false,
    }),
  ).toBe('x 1.5  {"p":[1]} false');
  expect(await fill('[[#l]][[.]],[[/l]]', { l: [1, 'b'] })).toBe('1,b,');
});

test('sections: lists, objects, conditions, inverted, nested, scope', async () => {
  expect(
    await fill('[[#rows]][[name]]([[#tags]][[.]] [[title]];[[/tags]])[[/rows]]', {
      title: 'T',
      rows: [
        { name: 'a', tags: [1, 2] },
        { name: 'b', tags: [] },
      ],
    }),
  ).toBe('a(1 T;2 T;)b()');
  expect(await fill('[[#o]][[x]][[/o]][[^o]]none[[/o]]', { o: { x: 1 } })).toBe('1');
  for (const empty of [[], false, null, '', 0])
    expect(await fill('[[#v]]yes[[/v]][[^v]]no[[/v]]', { v: empty })).toBe('no');
});

test('a tag alone on its line takes the line with it', async () => {
  expect(await fill('a\n[[# l ]]\n- [[.]]\n[[/ l ]]\nb\n', { l: [1, 2] })).toBe('a\n- 1\n- 2\nb\n');
  expect(await fill('  [[! note ]]\r\nb', {})).toBe('b');
  expect(await fill('a [[! note ]]\nb', {})).toBe('a \nb');
});

test('partials, delimiters, escapes', async () => {
  expect(
    await fill('[[#l]][[> row]][[/l]]', { l: [{ a: 1 }, { a: 2 }] }, { partials: { row: '<[[a]]>' } }),
  ).toBe('<1><2>');
  expect(await fill('{{a}} [[a]]', { a: 1 }, { delimiters: ['{{', '}}'] })).toBe('1 [[a]]');
  expect(await fill('[[a]] [[&a]]', { a: `<&"'>` }, { escape: 'html' })).toBe(
    `&lt;&amp;&quot;&#39;&gt; <&"'>`,
  );
  expect(await fill('"[[a]]"', { a: 'x"\n' }, { escape: 'json' })).toBe('"x\\"\\n"');
  expect(await fill('?q=[[a]]', { a: 'ä&b' }, { escape: 'url' })).toBe('?q=%C3%A4%26b');
});

test('mistakes are told with their line', async () => {
  expect(await messageOf(fill('a\n[[b]]'))).toBe('Line 2: there is no value b; missing: empty leaves it out');
  expect(await fill('a[[b]]', {}, { missing: 'empty' })).toBe('a');
  expect(await messageOf(fill('a\n[[#b]]\n'))).toBe('Line 2: b is not closed');
  expect(await messageOf(fill('[[#a]][[/b]]', { a: 1 }))).toContain('a of line 1 is open');
  expect(await messageOf(fill('[[/b]]'))).toContain('was not opened');
  expect(await messageOf(fill('x [[ a'))).toContain('[[ is not closed');
  expect(await messageOf(fill('[[> p]]', {}, { partials: { p: '[[> p]]' } }))).toContain('one holds itself');
  expect(await messageOf(fill('[[> q]]'))).toContain('there is no partial q');
  expect(await messageOf(fill('[[constructor]]'))).toContain('no value');
  expect(
    await messageOf(
      fill('[[#l]][[#l]][[#l]][[#l]]x[[/l]][[/l]][[/l]][[/l]]'.replaceAll('x', 'x'.repeat(1000)), {
        l: Array.from({ length: 40 }, () => 1),
      }),
    ),
  ).toContain('longer than');
});
