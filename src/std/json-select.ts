import { z } from 'zod';
import { defineTool, TerminalError } from '../authoring/index.ts';
import { parsePath } from './jsonpath/parse.ts';
import { normalized, select, TooMuchError, type Value } from './jsonpath/select.ts';
import { PathError } from './jsonpath/syntax.ts';

export default defineTool({
  name: 'std/json-select',
  version: '1.0.0',
  description: 'Selects values of a JSON document with a JSONPath query (RFC 9535)',
  input: z.object({
    value: z.unknown().describe('The document: any JSON, or JSON text with parse: true'),
    path: z.string().max(10_000).describe('A JSONPath query, as $.items[?@.price < 10].name'),
    parse: z.boolean().default(false).describe('The value is JSON text'),
    limit: z.int().min(1).optional().describe('Return at most so many values; count is of all'),
  }),
  output: z.object({
    values: z.array(z.unknown()).describe('What the query selects, in order'),
    paths: z.array(z.string()).describe("The normalized path of each value, as $['items'][0]"),
    count: z.int(),
    first: z.unknown().describe('The first value, or null'),
  }),
  run({ value, path, parse, limit }) {
    try {
      const query = parsePath(path);
      const nodes = select(query, (parse ? parseText(value) : value) as Value);
      const shown = limit === undefined ? nodes : nodes.slice(0, limit);
      return {
        values: shown.map((node) => node.value),
        paths: shown.map((node) => normalized(node.path)),
        count: nodes.length,
        first: nodes[0]?.value ?? null,
      };
    } catch (error) {
      if (error instanceof PathError) throw new TerminalError(`The path is not JSONPath: ${error.message}`);
      if (error instanceof TooMuchError) throw new TerminalError(error.message);
      throw error;
    }
  },
  examples: [
    {
      name: 'a filter',
      input: {
        value: {
          books: [
            { title: 'A', price: 8 },
            { title: 'B', price: 12 },
          ],
        },
        path: '$.books[?@.price < 10].title',
      },
      output: { values: ['A'], paths: ["$['books'][0]['title']"], count: 1, first: 'A' },
    },
    {
      name: 'nothing found',
      input: { value: [1, 2, 3], path: '$[5]' },
      output: { values: [], paths: [], count: 0, first: null },
    },
    {
      name: 'JSON text, every value of a name at any depth',
      input: { value: '{"a":{"id":1},"b":[{"id":2}]}', path: '$..id', parse: true },
      output: { values: [1, 2], paths: ["$['a']['id']", "$['b'][0]['id']"], count: 2, first: 1 },
    },
  ],
});

function parseText(value: unknown): unknown {
  if (typeof value !== 'string') throw new TerminalError('parse: true needs JSON text as value');
  try {
    return JSON.parse(value);
  } catch (error) {
    throw new TerminalError(`The value is not JSON: ${(error as Error).message}`);
  }
}
