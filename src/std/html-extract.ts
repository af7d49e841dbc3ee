import { z } from 'zod';
import { defineTool, TerminalError } from '../authoring/index.ts';
import { type Element, parseHtml, TooLargeError } from './html/parse.ts';
import { parseSelector, SelectorError, selectAll } from './html/select.ts';

const field = z.union([
  z.string(),
  z.object({
    selector: z.string().default('').describe('Empty: the item itself'),
    attribute: z.string().optional().describe('Read this attribute instead of the text'),
    all: z.boolean().default(false).describe('A list of all matches instead of the first'),
    number: z.boolean().default(false).describe('Read a number: "1,234.50 €" is 1234.5'),
  }),
]);
type Field = Exclude<z.output<typeof field>, string>;
const value = z.union([z.string(), z.number(), z.null()]);
const record = z.record(z.string(), z.union([value, z.array(value)]));

export default defineTool({
  name: 'std/html-extract',
  version: '1.0.0',
  description: 'Reads values out of an HTML page with CSS selectors',
  input: z.object({
    html: z.string().max(10_000_000),
    items: z
      .string()
      .default('')
      .describe('A selector: one result for each match; empty: one result for the page'),
    fields: z
      .record(z.string(), field)
      .describe('name -> a selector, or { selector, attribute, all, number }; null when nothing matches'),
    limit: z.int().min(1).max(100_000).default(10_000).describe('At most so many items'),
  }),
  output: z.object({
    items: z.array(record),
    count: z.int(),
    first: record.nullable(),
    title: z.string().nullable().describe("The page's title"),
  }),
  run({ html, items, fields, limit }) {
    try {
      const page = parseHtml(html);
      const readers = Object.entries(fields).map(([name, given]) => {
        const it: Field = typeof given === 'string' ? { selector: given, all: false, number: false } : given;
        const selector = it.selector.trim() === '' ? undefined : parseSelector(it.selector);
        return { name, it, selector };
      });
      const roots = items.trim() === '' ? [page] : selectAll(page, parseSelector(items)).slice(0, limit);
      const results = roots.map((root) => {
        const result: z.output<typeof record> = {};
        for (const { name, it, selector } of readers) {
          const found = selector === undefined ? [root] : selectAll(root, selector);
          const values = found.map((element) => readValue(element, it)).filter((one) => one !== null);
          result[name] = it.all ? values : (values[0] ?? null);
        }
        return result;
      });
      const [title] = selectAll(page, parseSelector('title'));
      return {
        items: results,
        count: results.length,
        first: results[0] ?? null,
        title: title === undefined ? null : textOf(title),
      };
    } catch (error) {
      if (error instanceof SelectorError || error instanceof TooLargeError)
        throw new TerminalError(error.message);
      throw error;
    }
  },
  examples: [
    {
      name: 'a list of offers',
      input: {
        html: '<title>Shop</title><ul><li class=offer><a href="/a">Lamp &amp; bulb</a> <b>1,200.50 €</b><li class=offer><a href="/b">Desk</a></ul>',
        items: 'li.offer',
        fields: {
          name: 'a',
          link: { selector: 'a', attribute: 'href' },
          price: { selector: 'b', number: true },
        },
      },
      output: {
        items: [
          { name: 'Lamp & bulb', link: '/a', price: 1200.5 },
          { name: 'Desk', link: '/b', price: null },
        ],
        count: 2,
        first: { name: 'Lamp & bulb', link: '/a', price: 1200.5 },
        title: 'Shop',
      },
    },
  ],
});

function readValue(element: Element, it: Field): string | number | null {
  const text =
    it.attribute === undefined ? textOf(element) : element.attributes.get(it.attribute.toLowerCase());
  if (text === undefined) return null;
  if (!it.number) return text;
  const digits = /-?\d[\d., '\u00a0\u202f]*/.exec(text)?.[0];
  return digits === undefined ? null : readNumber(digits);
}

/** The last separator before one or two digits is the decimal one; `1.234.567` and `1,234` are whole. */
function readNumber(digits: string): number {
  const plain = digits.replace(/[ '\u00a0\u202f]/g, '').replace(/[.,]$/, '');
  const separators = [...plain.matchAll(/[.,]/g)];
  const last = separators.at(-1);
  if (last === undefined) return Number(plain);
  const mixed = separators.some((one) => one[0] !== last[0]);
  const after = plain.length - last.index - 1;
  const isDecimal = mixed || (separators.length === 1 && after !== 3);
  const whole = plain.slice(0, last.index).replace(/[.,]/g, '');
  const rest = plain.slice(last.index + 1);
  return Number(isDecimal ? `${whole}.${rest}` : whole + rest);
}

const SILENT = new Set(['script', 'style', 'noscript', 'template', 'head']);
const BREAKS = new Set(
  'address article aside blockquote br dd div dl dt figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section table td th tr ul'.split(
    ' ',
  ),
);

/** The text as a reader sees it: blanks are one, blocks stand apart, scripts and styles are silent. */
function textOf(element: Element): string {
  const parts: string[] = [];
  const visit = (it: Element): void => {
    for (const child of it.children) {
      if (typeof child === 'string') parts.push(child);
      else if (!SILENT.has(child.tag)) {
        if (BREAKS.has(child.tag)) parts.push(' ');
        visit(child);
        if (BREAKS.has(child.tag)) parts.push(' ');
      }
    }
  };
  visit(element);
  return parts
    .join('')
    .replace(/[\s\u00a0]+/g, ' ')
    .trim();
}
