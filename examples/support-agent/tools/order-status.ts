import { defineTool, RetryableError, TerminalError } from 'iceos';
import { z } from 'zod';

const answer = z.object({
  state: z.enum(['packed', 'shipped', 'delivered']),
  due: z.iso.date(),
  daysLate: z.int().nonnegative(),
  total: z.number().nonnegative(),
});

export default defineTool({
  name: 'order-status',
  version: '1.0.0',
  description: 'Looks an order up: where it is, when it is due, how many days late it is, and what it cost',
  input: z.object({
    order: z
      .string()
      .regex(/^\d{4}$/)
      .describe('The number of the order, four digits'),
  }),
  output: answer,
  permissions: { net: ['127.0.0.1:8798'], secrets: ['ORDERS_KEY'] },

  async run({ order }, ctx) {
    const response = await ctx.fetch(`http://127.0.0.1:8798/orders/${order}`, {
      headers: { authorization: `Bearer ${ctx.secrets.ORDERS_KEY}` },
      signal: ctx.signal,
    });
    if (response.status === 404) throw new TerminalError(`There is no order ${order}`);
    if (response.status >= 500) throw new RetryableError(`The shop answered ${response.status}`);
    if (!response.ok) throw new TerminalError(`The shop answered ${response.status}`);
    return answer.parse(await response.json());
  },
});
