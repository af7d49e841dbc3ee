import { defineTool, RetryableError, TerminalError } from 'iceos';
import { z } from 'zod';

/** The part of the answer that is used; anything else in it is ignored. */
const answer = z.object({ date: z.iso.date(), rates: z.record(z.string(), z.number()) });

export default defineTool({
  name: 'rates',
  version: '1.0.0',
  description: "Exchange rates of the day, from the European Central Bank's list",
  input: z.object({
    from: z.string().length(3).describe('A currency, as EUR'),
    to: z.string().length(3),
    base: z.url().default('https://api.frankfurter.dev').describe('Where the API is'),
  }),
  output: z.object({ rate: z.number().positive(), date: z.string() }),
  // The hosts that ctx.fetch may reach. A push shows them, and a new one needs --allow-permissions.
  permissions: { net: ['api.frankfurter.dev'] },

  async run({ from, to, base }, ctx) {
    const url = new URL(`/v1/latest?base=${from}&symbols=${to}`, base);
    const response = await ctx.fetch(url, { headers: { accept: 'application/json' }, signal: ctx.signal });
    // What may pass is worth another try, by the node's `retry`; what won't change ends it at once.
    if (response.status === 429 || response.status >= 500)
      throw new RetryableError(`${url.host} answered ${response.status}`);
    if (!response.ok) throw new TerminalError(`${url.host} answered ${response.status} for ${from} to ${to}`);
    const parsed = answer.safeParse(await response.json());
    const rate = parsed.data?.rates[to];
    if (!parsed.success || rate === undefined)
      throw new TerminalError(`${url.host} has no rate from ${from} to ${to}`);
    return { rate, date: parsed.data.date };
  },
});
