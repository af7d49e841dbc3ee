import { defineTool } from 'iceos';
import { z } from 'zod';

export default defineTool({
  name: 'price',
  version: '1.0.0',
  description: 'Prices an item: what it costs and a margin on top',
  input: z.object({
    cost: z.number().nonnegative().describe('What the item costs'),
    margin: z.number().min(0).max(10).default(0.25).describe('0.25 adds a quarter of the cost'),
  }),
  output: z.object({ price: z.number() }),
  // A tool reaches nothing by itself. What it needs is asked for here, shown at every push and enforced:
  // permissions: { net: ['api.example.com'], secrets: ['EXAMPLE_KEY'] },

  run({ cost, margin }, ctx) {
    const price = Math.round(cost * (1 + margin) * 100) / 100;
    ctx.log.info('priced', { cost, margin, price });
    return { price };
  },

  // `ice test` runs them, and so does a push.
  examples: [
    { name: 'the usual margin', input: { cost: 10 }, output: { price: 12.5 } },
    { name: 'at cost', input: { cost: 19.99, margin: 0 }, output: { price: 19.99 } },
  ],
});
