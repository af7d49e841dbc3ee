import { expect, test } from 'vitest';
import jsonSelect from '../../src/std/json-select.ts';
import { messageOf, runTool } from './std-tools.ts';

const store = {
  store: {
    book: [
      { category: 'reference', title: 'A', price: 8.95, isbn: '1' },
      { category: 'fiction', title: 'B', price: 12.99 },
      { category: 'fiction', title: "C'", price: 8.99, isbn: '3' },
    ],
    bicycle: { color: 'red', price: 399 },
  },
};
const select = async (path: string, value: unknown = store) =>
  ((await runTool(jsonSelect as never, { value, path })) as { values: unknown[] }).values;
const paths = async (path: string, value: unknown = store) =>
  ((await runTool(jsonSelect as never, { value, path })) as { paths: string[] }).paths;

test('names, indexes, slices, wildcards, descendants', async () => {
  expect(await select('$.store.bicycle.color')).toEqual(['red']);
  expect(await select("$['store'][\"bicycle\"]['color']")).toEqual(['red']);
  expect(await select('$.store.book[*].title')).toEqual(['A', 'B', "C'"]);
  expect(await select('$.store.book[-1].title')).toEqual(["C'"]);
  expect(await select('$.store.book[0:2].title')).toEqual(['A', 'B']);
  expect(await select('$.store.book[::-1].title')).toEqual(["C'", 'B', 'A']);
  expect(await select('$..price')).toEqual([8.95, 12.99, 8.99, 399]);
  expect(await select('$.store.book[0,2].title')).toEqual(['A', "C'"]);
  expect(await select('$')).toEqual([store]);
  expect(await paths('$.store.book[?@.title == "C\'"].isbn')).toEqual(["$['store']['book'][2]['isbn']"]);
});

test('filters: comparison, existence, logic, functions', async () => {
  expect(await select('$.store.book[?@.price < 10].title')).toEqual(['A', "C'"]);
  expect(await select('$.store.book[?@.isbn && !(@.category == "fiction")].title')).toEqual(['A']);
  expect(await select('$.store.book[?length(@.title) == 2].title')).toEqual(["C'"]);
  expect(await select('$.store.book[?match(@.category, "f.*n")].title')).toEqual(['B', "C'"]);
  expect(await select('$.store[?count(@.*) > 2][0].title')).toEqual(['A']);
  expect(await select('$.store.book[?@.price < $.store.bicycle.price && @.title >= "B"].title')).toEqual([
    'B',
    "C'",
  ]);
  expect(await select('$[?@ == null]', [null, 0, false])).toEqual([null]);
  expect(await select('$[?@.a == @.b]', [{}, { a: 1 }, { a: [1, { x: 2 }], b: [1, { x: 2 }] }])).toEqual([
    {},
    { a: [1, { x: 2 }], b: [1, { x: 2 }] },
  ]);
});

test('what is no JSONPath is told with its place', async () => {
  for (const [path, says] of [
    ['store', 'A path begins with $ at character 1'],
    ['$.', 'Expected a name, * or [ at character 3'],
    ["$['a", 'A string is not closed at character 3'],
    ['$[01]', 'An index must not begin with 0'],
    ['$[?@.a == @..b]', 'Only a path to one node can be compared'],
    ['$[?nope(@)]', 'There is no function nope'],
    ['$[?1]', 'A literal alone is no test'],
    ['$.a b', 'Unexpected text'],
  ] as const)
    expect(await messageOf(select(path))).toContain(says);
});

test('prototypes are not reachable', async () => {
  expect(await select('$.__proto__')).toEqual([]);
  expect(await select('$.constructor')).toEqual([]);
  expect(await select("$['length']", [1])).toEqual([]);
});
