import { expect, test } from 'vitest';
import { builtTool } from '../suites/client-components.ts';
import { flow, openShop } from './shop.ts';

test('6. Two runs at once, a hundred times, never see each other’s data', async () => {
  const shop = await openShop();
  // Keeps what it is given in every place that a careless runtime would share between calls.
  const leaky = builtTool(
    'leaky',
    'globalThis.kept ??= input.name; (Array.prototype).last ??= input.name; await null; return { name: input.name, kept: globalThis.kept, proto: [].last };',
  );
  await shop.push(
    leaky,
    flow(
      [
        { id: 'a', type: 'tool', tool: 'leaky', args: { name: '{{ inputs.name }}' } },
        {
          id: 'b',
          type: 'loop',
          items: '{{ [1, 2, 3] }}',
          body: [{ id: 'c', type: 'tool', tool: 'leaky', args: { name: '{{ a.name + string(item) }}' } }],
          result: '{{ c.kept + c.proto }}',
        },
      ],
      { name: '{{ a.name }}', kept: '{{ a.kept }}', inner: '{{ b }}' },
      { inputs: { name: { type: 'string' } } },
    ),
  );
  for (let round = 0; round < 100; round++) {
    const names = [`left${round}`, `right${round}`];
    const runs = await Promise.all(names.map((name) => shop.run('flow', { name })));
    for (const [i, name] of names.entries()) {
      expect(runs[i]).toMatchObject({
        state: 'succeeded',
        outputs: { name, kept: name, inner: [1, 2, 3].map((n) => `${name}${n}${name}${n}`) },
      });
    }
  }
});
