import { expect, test } from 'vitest';
import { builtTool } from '../suites/client-components.ts';
import { close, flow, openShop } from './shop.ts';

test('16. One id for the same content: pushed twice, from two folders, it is the same version', async () => {
  const shop = await openShop();
  const tool = builtTool('answer', 'return { n: 1 };');
  await shop.push(tool);
  await shop.push(tool);
  const { items } = await shop.client.components.versions('tool', 'answer');
  expect(items.map(({ version, digest }) => ({ version, digest }))).toEqual([
    { version: '1.0.0', digest: tool.item.digest },
  ]);
  await close(shop);
  const elsewhere = await openShop();
  await elsewhere.push(builtTool('answer', 'return { n: 1 };'));
  expect((await elsewhere.client.components.get('tool', 'answer')).digest).toBe(tool.item.digest);
});

test('16. Every kind of component is updated and archived by the same push', async () => {
  const shop = await openShop();
  const tool = (version: string) => builtTool('answer', `return { n: '${version}' };`, { version });
  const workflow = (version: string) => {
    const built = flow([{ id: 'a', type: 'set', values: { v: version } }], { v: '{{ a.v }}' }, { version });
    return built;
  };
  await shop.push(tool('1.0.0'), workflow('1.0.0'));
  await shop.push(tool('1.1.0'), workflow('1.1.0'));
  for (const [kind, name] of [
    ['tool', 'answer'],
    ['workflow', 'flow'],
  ] as const) {
    const { items } = await shop.client.components.versions(kind, name);
    expect(items.map(({ version }) => version)).toEqual(['1.1.0', '1.0.0']);
  }
  // What the project no longer has is archived, of either kind, and can't be found by a range any more.
  const { plan } = await shop.client.pushes.create({ items: [], archiveMissing: true, dryRun: false });
  expect(plan.entries.map(({ action, kind, name }) => ({ action, kind, name }))).toEqual([
    { action: 'archive', kind: 'tool', name: 'answer' },
    { action: 'archive', kind: 'workflow', name: 'flow' },
  ]);
  for (const ref of ['tool/answer', 'workflow/flow'])
    await expect(shop.run(ref)).rejects.toMatchObject({ code: 'not_found' });
});

test('16. One run model: the same id is the same run, and another content under it is a conflict', async () => {
  const shop = await openShop();
  await shop.push(
    flow(
      [{ id: 'a', type: 'set', values: { n: '{{ inputs.n }}' } }],
      { n: '{{ a.n }}' },
      { inputs: { n: { type: 'number' } } },
    ),
  );
  const run = await shop.run('flow', { n: 1 });
  const again = await shop.client.runs.create({ id: run.id, ref: 'workflow/flow', inputs: { n: 1 } });
  expect(again.id).toBe(run.id);
  expect(again.state).toBe('succeeded');
  await expect(
    shop.client.runs.create({ id: run.id, ref: 'workflow/flow', inputs: { n: 2 } }),
  ).rejects.toMatchObject({ code: 'idempotency_mismatch' });
});
