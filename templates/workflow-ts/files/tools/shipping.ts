import { defineTool } from 'iceos';
import { z } from 'zod';

export default defineTool({
  name: 'shipping',
  version: '1.0.0',
  description: 'What it costs to send an order',
  input: z.object({ total: z.number().nonnegative(), freeFrom: z.number().default(50) }),
  output: z.object({ cost: z.number() }),
  run: ({ total, freeFrom }) => ({ cost: total >= freeFrom ? 0 : 4.9 }),
  examples: [
    { input: { total: 8 }, output: { cost: 4.9 } },
    { input: { total: 80 }, output: { cost: 0 } },
  ],
});
