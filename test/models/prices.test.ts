import { expect, test } from 'vitest';
import shipped from '../../src/models/prices.json' with { type: 'json' };
import { costOf, priceOf, priceTable, SHIPPED_PRICES } from '../../src/models/prices.ts';

test('the shipped table is one that could be loaded, and prices echo', () => {
  expect(priceTable(JSON.stringify(SHIPPED_PRICES))).toEqual(SHIPPED_PRICES);
  expect(priceOf(SHIPPED_PRICES, 'echo/script')).toEqual({ input: 1, output: 5 });
});

test('a dated form has the price of its model; another model has none', () => {
  const table = { 'openai/gpt-5': { input: 1, output: 2 }, 'anthropic/claude-x': { input: 3, output: 4 } };
  for (const name of ['openai/gpt-5-2025-08-07', 'openai/gpt-5-latest'])
    expect(priceOf(table, name)).toEqual({ input: 1, output: 2 });
  expect(priceOf(table, 'anthropic/claude-x-20251101')).toEqual({ input: 3, output: 4 });
  for (const name of ['openai/gpt-5-pro', 'openai/gpt-50', 'openai/constructor', 'other/gpt-5'])
    expect(priceOf(table, name)).toBeUndefined();
});

test('lines of a file go over the shipped ones', () => {
  const table = priceTable(
    '{ "models": { "echo/*": { "input": 0, "output": 0 }, "ollama/*": { "input": 0, "output": 0 } } }',
  );
  expect(priceOf(table, 'echo/default')).toEqual({ input: 0, output: 0 });
  expect(priceOf(table, 'ollama/llama3')).toEqual({ input: 0, output: 0 });
  expect(priceOf(table, 'openai/gpt-4o')).toEqual(SHIPPED_PRICES['openai/gpt-4o']);
});

test.each([
  ['{', /prices\.json is not JSON/],
  ['[]', /prices\.json/],
  ['{ "gpt-5": { "input": 1, "output": 1 } }', /gpt-5.*provider\/name/],
  ['{ "a/b": { "input": -1, "output": 1 } }', /a\/b\.input/],
  ['{ "a/b": { "input": 1 } }', /a\/b\.output/],
  ['{ "a/b": { "input": 1, "output": 1, "cached": 1 } }', /a\/b.*cached/],
])('%s is refused by its line', (text, message) => {
  expect(() => priceTable(text, 'prices.json')).toThrow(message);
});

test('costs add up without dust', () => {
  expect(costOf({ input: 0.1, output: 0.2 }, { inputTokens: 1, outputTokens: 1 })).toBe(3e-7);
  expect(costOf(undefined, { inputTokens: 1, outputTokens: 1 })).toBe(0);
});

test('a long prompt has its own price, for all of the call', () => {
  const price = { input: 1, output: 10, long: { over: 1000, input: 2, output: 20 } };
  expect(costOf(price, { inputTokens: 1000, outputTokens: 10 })).toBe(0.0011);
  expect(costOf(price, { inputTokens: 1001, outputTokens: 10 })).toBe(0.002202);
  expect(priceTable(JSON.stringify({ 'a/b': price }))['a/b']).toEqual(price);
  expect(() => priceTable('{ "a/b": { "input": 1, "output": 1, "long": { "over": 0 } } }')).toThrow(
    /a\/b\.long/,
  );
});

test('the shipped table says of when it is and where from', () => {
  expect(shipped.asOf).toMatch(/^\d{4}-\d{2}-\d{2}$/);
  for (const provider of new Set(Object.keys(SHIPPED_PRICES).map((name) => name.split('/')[0]!)))
    expect(shipped.sources.join(), provider).toContain(provider);
});
