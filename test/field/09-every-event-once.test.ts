import { expect, test } from 'vitest';
import { createClient } from '../../src/client/client.ts';
import { builtTool } from '../suites/client-components.ts';
import { flow, openShop } from './shop.ts';

test('9. Every event of every node reaches a client, in order, once, over streams that break', async () => {
  const shop = await openShop();
  await shop.push(
    builtTool('log', "for (let i = 0; i < 3; i++) ctx.log.info('line ' + i); return { n: input.n };"),
    flow(
      [
        {
          id: 'each',
          type: 'loop',
          items: '{{ [1,2,3,4,5,6,7,8,9,10] }}',
          concurrency: 3,
          body: [{ id: 'one', type: 'tool', tool: 'log', args: { n: '{{ item }}' } }],
        },
      ],
      { all: '{{ each }}' },
    ),
  );
  let streams = 0;
  // Each stream of events breaks after 700 bytes, in the middle of whatever is on its way.
  const flaky = createClient({
    baseUrl: 'http://ice.local',
    token: shop.host.token,
    project: 'shop',
    fetch: async (url, init) => {
      const response = await shop.host.fetch(url, init);
      if (!String(url).includes('/events') || !response.body) return response;
      streams++;
      let left = 700;
      const cut = response.body.pipeThrough(
        new TransformStream<Uint8Array, Uint8Array>({
          transform(chunk, controller) {
            controller.enqueue(chunk.subarray(0, left));
            left -= chunk.length;
            if (left <= 0) controller.error(new Error('the network broke'));
          },
        }),
      );
      return { ...response, body: cut };
    },
    retry: { maxAttempts: 1000, initialMs: 1, maxMs: 1 },
  });
  const { id } = await shop.client.runs.create({ ref: 'workflow/flow' });
  const driven = shop.host.drive(id);
  const seen: unknown[] = [];
  for await (const entry of flaky.runs.follow(id)) if (entry.kind === 'event') seen.push(entry.event);
  await driven;
  const journal = await shop.events(id);
  expect(streams).toBeGreaterThan(3);
  expect(seen).toEqual(journal);
  expect(journal.map((event) => event.seq)).toEqual(journal.map((_, i) => i + 1));
  for (let i = 0; i < 10; i++) {
    const mine = journal.filter((event) => event.path === `each[${i}].one`).map((event) => event.type);
    expect(mine).toEqual(['node.started', 'node.log', 'node.log', 'node.log', 'node.succeeded']);
  }
});
