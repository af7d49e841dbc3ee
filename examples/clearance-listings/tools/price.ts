import { defineTool, TerminalError } from 'iceos';
import { z } from 'zod';

/** What is taken off for the state that an item is in. */
const DISCOUNTS = { 'like new': 0, 'opened box': 0.1, scratched: 0.25 } as const;

export default defineTool({
  name: 'price',
  version: '1.0.0',
  description:
    'Prices a clearance item: its cost and a margin, less a discount for its condition, ending in .99',
  input: z.object({
    name: z.string().describe('Named in errors'),
    cost: z.number().nonnegative(),
    condition: z.enum(['like new', 'opened box', 'scratched']),
    margin: z.number().min(0).max(10).default(0.25).describe('0.25 adds a quarter of the cost'),
  }),
  output: z.object({ price: z.number(), discount: z.number() }),

  run({ name, cost, condition, margin }) {
    const discount = DISCOUNTS[condition];
    const price = Math.floor(cost * (1 + margin) * (1 - discount)) + 0.99;
    // Clearance loses room, never money: a price below cost is a mistake in the table, which no retry can mend.
    if (price < cost * 0.9) throw new TerminalError(`${name} would sell for ${price}, and cost ${cost}`);
    return { price, discount };
  },

  examples: [
    {
      name: 'like new',
      input: { name: 'Kettle', cost: 18.5, condition: 'like new' },
      output: { price: 23.99, discount: 0 },
    },
    {
      name: 'scratched',
      input: { name: 'Chair', cost: 129, condition: 'scratched', margin: 0.5 },
      output: { price: 145.99, discount: 0.25 },
    },
  ],
});
