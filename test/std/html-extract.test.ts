import { expect, test } from 'vitest';
import extract from '../../src/std/html-extract.ts';
import { messageOf, runTool } from './std-tools.ts';

const PAGE = `<!doctype html><html><head><title>A &amp; B</title><style>p { color: red }</style></head><body class="x page">
<!-- <p>not here</p> -->
<div id=main><p class="intro first">Hello <b>world</b><p>Second&nbsp;&#8364; &unknown; <br>line<script>var p = "<p>no</p>";</script>
<ul><li data-id="1">One<li data-id='2' class=last>Two</ul>
<table><tr><th>Name<th>Price<tr><td>Lamp<td>1.234,50<tr><td>Desk<td>$99</table>
<a href="https://a.test/x?y=1&amp;z=2" hreflang="de-AT">link</a> <img src=a.png alt="An image"/>
</div></body></html>`;
const run = (input: object, html = PAGE) =>
  runTool(extract as never, { html, ...input }) as Promise<{
    items: Record<string, unknown>[];
    first: Record<string, unknown>;
    title: string;
  }>;
const all = async (selector: string, more: object = {}) =>
  (await run({ fields: { x: { selector, all: true, ...more } } })).first['x'];

test('selectors', async () => {
  expect(await all('p')).toEqual(['Hello world', 'Second € &unknown; line']);
  expect(await all('#main > p.intro.first')).toEqual(['Hello world']);
  expect(await all('body.page li')).toEqual(['One', 'Two']);
  expect(await all('li[data-id="2"], b')).toEqual(['world', 'Two']);
  expect(await all('li:first-child')).toEqual(['One']);
  expect(await all('li:last-child, li:nth-child(1)')).toEqual(['One', 'Two']);
  expect(await all('tr:nth-child(n+2) > td:nth-child(1)')).toEqual(['Lamp', 'Desk']);
  expect(await all('li:not(.last)')).toEqual(['One']);
  expect(await all('p + ul > li ~ li')).toEqual(['Two']);
  expect(await all('a[href^="https:"][hreflang|=de]')).toEqual(['link']);
  expect(await all('a[href$=".png"]')).toEqual([]);
  expect(await all('img', { attribute: 'ALT' })).toEqual(['An image']);
  expect(await all('a', { attribute: 'href' })).toEqual(['https://a.test/x?y=1&z=2']);
});

test('items and fields', async () => {
  const { items, title } = await run({
    items: 'tr',
    fields: { name: 'td', price: { selector: 'td:nth-child(2)', number: true } },
  });
  expect(items).toEqual([
    { name: null, price: null },
    { name: 'Lamp', price: 1234.5 },
    { name: 'Desk', price: 99 },
  ]);
  expect(title).toBe('A & B');
  expect((await run({ items: 'li', fields: { id: { attribute: 'data-id' }, text: '' } })).items).toEqual([
    { id: '1', text: 'One' },
    { id: '2', text: 'Two' },
  ]);
});

test('numbers as people write them', async () => {
  const read = async (text: string) =>
    (await run({ fields: { n: { selector: 'p', number: true } } }, `<p>${text}</p>`)).first['n'];
  expect(await read('1,234.50 €')).toBe(1234.5);
  expect(await read('EUR 1.234.567')).toBe(1234567);
  expect(await read("CHF 1'234.05")).toBe(1234.05);
  expect(await read('1 234,5')).toBe(1234.5);
  expect(await read('-3')).toBe(-3);
  expect(await read('12,5 %')).toBe(12.5);
  expect(await read('1,234')).toBe(1234);
  expect(await read('none')).toBe(null);
});

test('broken pages are read as far as they go', async () => {
  const texts = async (html: string) =>
    (await run({ fields: { x: { selector: 'p', all: true } } }, html)).first['x'];
  expect(await texts('<p>a<p>b</div></p><p>c')).toEqual(['a', 'b', 'c']);
  expect(await texts('<p>1 < 2 & 3 > 2')).toEqual(['1 < 2 & 3 > 2']);
  expect(await texts('<p attr="unclosed>text')).toEqual(['text']);
  expect(await texts('<p>a</p><script>never closed <p>b')).toEqual(['a']);
  expect(await texts('')).toEqual([]);
});

test('mistakes and limits', async () => {
  expect(await messageOf(run({ fields: { x: 'p >' } }))).toContain('expected a selector at character');
  expect(await messageOf(run({ fields: { x: 'p:hover' } }))).toContain(':hover is not supported');
  expect(await messageOf(run({ fields: { x: 'p{' } }))).toContain('unexpected text');
  expect(await messageOf(run({ fields: { x: 'p' } }, '<div>'.repeat(600)))).toContain('levels deep');
});
