import { defineTool } from 'iceos';
import { z } from 'zod';

export default defineTool({
  name: 'refund',
  version: '1.0.0',
  description: "What a customer gets back for a late order, by the shop's rules",
  input: z.object({
    total: z.number().nonnegative().describe('What the order cost'),
    daysLate: z.int().nonnegative(),
  }),
  output: z.object({ amount: z.number(), rule: z.string() }),
  run({ total, daysLate }) {
    const rate = daysLate === 0 ? 0 : daysLate <= 3 ? 0.05 : 0.1;
    const rule =
      daysLate === 0
        ? 'nothing when in time'
        : daysLate <= 3
          ? '5 % up to three days'
          : '10 % from the fourth day';
    return { amount: Math.round(total * rate * 100) / 100, rule };
  },
  examples: [
    {
      name: 'in time',
      input: { total: 80, daysLate: 0 },
      output: { amount: 0, rule: 'nothing when in time' },
    },
    {
      name: 'a little late',
      input: { total: 80, daysLate: 3 },
      output: { amount: 4, rule: '5 % up to three days' },
    },
    {
      name: 'late',
      input: { total: 80, daysLate: 4 },
      output: { amount: 8, rule: '10 % from the fourth day' },
    },
  ],
});
