import { expect, test } from 'vitest';
import { builtTool } from '../suites/client-components.ts';
import { flow, openShop } from './shop.ts';

const echo = builtTool('echo', 'return { n: input.n };');

test('5. Concurrency 1 finishes, however containers are nested', async () => {
  const shop = await openShop();
  const inner = {
    id: 'inner',
    type: 'loop',
    items: '{{ [1, 2] }}',
    as: 'y',
    concurrency: 1,
    body: [
      {
        id: 'p',
        type: 'parallel',
        concurrency: 1,
        branches: {
          a: [{ id: 'e', type: 'tool', tool: 'echo', args: { n: '{{ x * 10 + y }}' } }],
          b: [{ id: 'f', type: 'tool', tool: 'echo', args: { n: '{{ y }}' } }],
        },
      },
    ],
    result: '{{ p.a.e.n }}',
  };
  await shop.push(
    echo,
    flow(
      [
        {
          id: 'outer',
          type: 'loop',
          items: '{{ [1, 2, 3] }}',
          as: 'x',
          concurrency: 1,
          body: [inner],
          result: '{{ inner }}',
        },
      ],
      { all: '{{ outer }}' },
      { concurrency: 1 },
    ),
  );
  expect((await shop.run('flow')).outputs).toEqual({
    all: [
      [11, 12],
      [21, 22],
      [31, 32],
    ],
  });
});

test('5. A thousand nodes in a level finish', async () => {
  const shop = await openShop();
  const nodes: unknown[] = Array.from({ length: 1000 }, (_, i) => ({
    id: `n${i}`,
    type: 'set',
    values: { i },
  }));
  nodes.push({
    id: 'join',
    type: 'set',
    needs: Array.from({ length: 1000 }, (_, i) => `n${i}`),
    values: { sum: '{{ n0.i + n999.i }}' },
  });
  await shop.push(flow(nodes, { sum: '{{ join.sum }}' }));
  expect(await shop.run('flow')).toMatchObject({ state: 'succeeded', outputs: { sum: 999 } });
});
