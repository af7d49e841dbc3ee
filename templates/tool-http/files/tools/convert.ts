import { defineTool } from 'iceos';
import { z } from 'zod';

export default defineTool({
  name: 'convert',
  version: '1.0.0',
  description: 'Converts an amount at a rate, to two digits',
  input: z.object({ amount: z.number(), rate: z.number().positive() }),
  output: z.object({ amount: z.number() }),

  run({ amount, rate }) {
    return { amount: Math.round(amount * rate * 100) / 100 };
  },

  examples: [
    { input: { amount: 100, rate: 1.0837 }, output: { amount: 108.37 } },
    { name: 'rounded', input: { amount: 9.99, rate: 0.333 }, output: { amount: 3.33 } },
  ],
});
