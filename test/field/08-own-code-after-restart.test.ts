import { expect, test } from 'vitest';
import { builtTool } from '../suites/client-components.ts';
import { close, flow, openShop } from './shop.ts';

test('8. After a restart every component runs its own code, the version that was pinned', async () => {
  const version = (v: string, n: number) =>
    builtTool('answer', `return { n: ${n}, who: 'answer' };`, { version: v, output: { type: 'object' } });
  const shop = await openShop();
  await shop.push(version('1.0.0', 1), builtTool('other', "return { n: 100, who: 'other' };"));
  await shop.push(
    flow(
      [
        { id: 'a', type: 'tool', tool: 'answer@^1.0.0' },
        { id: 'b', type: 'tool', tool: 'other' },
      ],
      { a: '{{ a }}', b: '{{ b }}' },
    ),
  );
  // Created now, and so pinned to 1.0.0; driven only after the restart and after 1.1.0 came.
  const { id } = await shop.client.runs.create({ ref: 'workflow/flow' });
  await shop.push(version('1.1.0', 2));
  await close(shop);

  const again = await openShop(shop.folder);
  await again.host.drive(id);
  const other = { n: 100, who: 'other' };
  expect((await again.client.runs.get(id)).outputs).toEqual({ a: { n: 1, who: 'answer' }, b: other });
  expect((await again.run('flow')).outputs).toEqual({ a: { n: 2, who: 'answer' }, b: other });
  expect((await again.run('tool/answer@1.0.0')).outputs).toMatchObject({ result: { n: 1 } });
});
