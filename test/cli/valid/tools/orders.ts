import { defineTool } from 'iceos';
import { z } from 'zod';
export default defineTool({
  name: 'orders',
  version: '2.1.0',
  description: 'Orders of a customer',
  input: z.object({ customer: z.string(), since: z.string().optional(), max: z.number().int().default(10) }),
  output: z.object({
    orders: z.array(
      z.object({
        id: z.string(),
        total: z.number(),
        status: z.enum(['open', 'paid', 'cancelled']),
        note: z.string().optional(),
        coupon: z.union([z.string(), z.null()]),
        lines: z.array(z.object({ sku: z.string(), qty: z.number().int(), tags: z.array(z.string()) })),
      }),
    ),
    next: z.string().nullable(),
  }),
  run: ({ customer }) => ({
    orders: [
      {
        id: customer + '-1',
        total: 12,
        status: 'open' as const,
        coupon: null,
        lines: [{ sku: 'a', qty: 2, tags: ['x'] }],
      },
    ],
    next: null,
  }),
});
