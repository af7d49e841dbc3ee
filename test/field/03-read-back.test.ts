import { expect, test } from 'vitest';
import { ice } from '../support/ice.ts';
import { close, flow, openShop } from './shop.ts';

test('3. Status and result are right when another process reads them back', async () => {
  const shop = await openShop();
  await shop.push(
    flow(
      [{ id: 'a', type: 'set', values: { x: '{{ inputs.n * 2 }}' } }],
      { x: '{{ a.x }}' },
      { inputs: { n: { type: 'number' } } },
    ),
  );
  const run = await shop.run('flow', { n: 21 });
  expect(run).toMatchObject({ state: 'succeeded', outputs: { x: 42 } });
  const events = await shop.events(run.id);
  await close(shop);

  const again = await openShop(shop.folder);
  expect(await again.client.runs.get(run.id)).toEqual(run);
  expect(await again.events(run.id)).toEqual(events);
  await close(again);

  const { writeFileSync } = await import('node:fs');
  writeFileSync(`${shop.folder}/ice.yaml`, 'name: shop\n');
  const { exit, json: body } = await ice(['runs', 'show', run.id, '--json'], { cwd: shop.folder });
  expect(exit).toBe(0);
  expect(body.run).toMatchObject({ id: run.id, state: 'succeeded', outputs: { x: 42 } });
});
