import { expr, text, workflow } from 'iceos';
import { z } from 'zod';
import shipping from '../tools/shipping.ts';

/**
 * This module runs once, in the sandbox, when the project is built; what it makes is the same document that YAML would
 * say. References are typed: a field that a result does not have does not compile.
 */
export default workflow('order', {
  version: '1.0.0',
  description: 'Sums up an order, with its shipping, and writes to the customer',
  inputs: z.object({
    customer: z.string(),
    items: z.array(z.object({ name: z.string(), price: z.number(), count: z.number() })),
  }),
})
  .nodes((n) =>
    n
      .loop(
        'lines',
        ({ inputs }) => inputs.items,
        'item',
        (body) =>
          body
            .set('line', ({ item }) => ({ sum: expr<number>`${item.price} * ${item.count}` }))
            .result(({ item, line }) => ({ name: item.name, sum: line.sum })),
      )
      .set('total', ({ lines }) => ({ items: expr<number>`sum(${lines}.map(l, l.sum))` }))
      .tool('sent', shipping, ({ total }) => ({ total: total.items }))
      .llm('letter', ({ inputs, sent, total }) => ({
        model: 'echo/default', // answers without a key; name another one as openai/gpt-5
        prompt: text`Thank you, ${inputs.customer}! ${total.items} for the goods and ${sent.cost} for shipping.`,
      })),
  )
  .outputs(({ lines, total, sent, letter }) => ({
    lines,
    total: expr<number>`${total.items} + ${sent.cost}`,
    letter: letter.text,
  }));
