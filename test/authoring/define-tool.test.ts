import { expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { defineTool, RetryableError, TerminalError } from '../../src/authoring/index.ts';

const price = defineTool({
  name: 'price',
  version: '1.0.0',
  input: z.object({ cost: z.number().nonnegative(), margin: z.number().default(0.25) }),
  output: z.object({ price: z.number() }),
  permissions: { net: ['api.example.com'], secrets: ['EXAMPLE_KEY'] },
  limits: { timeoutMs: 1000 },
  run({ cost, margin }, ctx) {
    expectTypeOf(cost).toBeNumber();
    expectTypeOf(margin).toBeNumber();
    expectTypeOf(ctx.secrets.EXAMPLE_KEY).toBeString();
    // @ts-expect-error only declared secrets are there
    void ctx.secrets.OTHER_KEY;
    return { price: cost * (1 + margin) };
  },
  examples: [{ input: { cost: 10 }, output: { price: 12.5 } }],
});

test('a definition types its own parts', () => {
  expectTypeOf(price.run).parameter(0).toEqualTypeOf<{ cost: number; margin: number }>();
  const wrong = () =>
    defineTool({
      name: 'wrong',
      version: '1.0.0',
      input: z.object({ a: z.string() }),
      output: z.object({ b: z.number() }),
      // @ts-expect-error the result does not match the output schema
      run: ({ a }) => ({ b: a }),
    });
  expect(typeof wrong).toBe('function');
  defineTool({
    name: 'examples',
    version: '1.0.0',
    input: z.object({ a: z.string() }),
    output: z.object({ b: z.number() }),
    run: ({ a }) => ({ b: a.length }),
    // @ts-expect-error an example's input is typed by the input schema
    examples: [{ input: { a: 1 } }],
  });
});

test('the parts are read back with their defaults', () => {
  expect(price).toMatchObject({
    kind: 'tool',
    runtime: 'sandbox',
    permissions: { net: ['api.example.com'], secrets: ['EXAMPLE_KEY'] },
    limits: { timeoutMs: 1000 },
  });
});

test('a JSON Schema stands in for zod', async () => {
  const tool = defineTool({
    name: 'plain',
    version: '1.0.0',
    input: { type: 'object', properties: { n: { type: 'number' } } },
    output: { type: 'number' },
    run: (input) => input.n ?? 0,
  });
  expect(await tool.run({ n: 2 }, {} as never)).toBe(2);
});

test('an AI SDK tool object becomes a tool', async () => {
  const { tool, jsonSchema } = await import('ai');
  const weather = tool({
    description: 'The weather of a city',
    inputSchema: z.object({ city: z.string() }),
    execute: async ({ city }) => ({ city, degrees: 20 }),
  });
  const made = defineTool(weather, {
    name: 'weather',
    version: '1.0.0',
    output: z.object({ city: z.string(), degrees: z.number() }),
  });
  expect(made.description).toBe('The weather of a city');
  expect(await made.run({ city: 'Oslo' }, { signal: undefined } as never)).toEqual({
    city: 'Oslo',
    degrees: 20,
  });
  const raw = tool({
    inputSchema: jsonSchema<{ a: number }>({ type: 'object', properties: { a: { type: 'number' } } }),
    async *execute({ a }) {
      yield a;
      yield a + 1;
    },
  });
  const streamed = defineTool(raw, { name: 'raw', version: '1.0.0' });
  expect(streamed.input).toEqual({ type: 'object', properties: { a: { type: 'number' } } });
  expect(await streamed.run({ a: 1 }, {} as never)).toBe(2);
  expect(() => defineTool({ inputSchema: z.object({}) }, { name: 'x', version: '1.0.0' })).toThrow(
    /no execute/,
  );
});

test('missing parts are named', () => {
  expect(() => defineTool({ name: 'a', version: '1' } as never)).toThrow('input is missing');
  expect(() => defineTool(null as never)).toThrow('needs an object');
});

test('errors say what happens next', () => {
  expect(new TerminalError('no').ice).toBe('terminal');
  expect(new RetryableError('later', { retryAfterMs: 5 })).toMatchObject({
    ice: 'retryable',
    retryAfterMs: 5,
  });
});
