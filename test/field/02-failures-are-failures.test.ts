import { expect, test } from 'vitest';
import { builtTool } from '../suites/client-components.ts';
import { ice } from '../support/ice.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { flow, openShop } from './shop.ts';

const fragile = builtTool(
  'fragile',
  "if (input.n === 2) throw new Error('two is too many'); return { n: input.n };",
);
const loop = (more: object = {}) => ({
  id: 'each',
  type: 'loop',
  items: '{{ [1, 2, 3] }}',
  body: [{ id: 'one', type: 'tool', tool: 'fragile', args: { n: '{{ item }}' } }],
  ...more,
});

test('2. An unhandled failed node is a failed run, also from inside a loop, read back from the store', async () => {
  const shop = await openShop();
  await shop.push(fragile, flow([loop()], { all: '{{ each }}' }));
  const run = await shop.run('flow');
  expect(run.state).toBe('failed');
  expect(run.outputs).toBeNull();
  expect(run.error?.message).toContain('two is too many');
  expect((await shop.client.runs.list()).items[0]).toMatchObject({ id: run.id, state: 'failed' });
  const types = (await shop.events(run.id)).map((event) => `${event.type} ${event.path ?? ''}`.trim());
  expect(types).toContain('node.failed each[1].one');
  expect(types).toContain('node.failed each');
  expect(types.at(-1)).toBe('run.failed');
});

test('2. What is handled is handled in the open: the run succeeds and lists it', async () => {
  const shop = await openShop();
  await shop.push(fragile, flow([loop({ onItemError: 'continue' })], { all: '{{ each }}' }));
  const run = await shop.run('flow');
  expect(run.state).toBe('succeeded');
  expect(run.outputs).toEqual({ all: [{ one: { n: 1 } }, null, { one: { n: 3 } }] });
  expect(run.handledFailures).toEqual(['each[1].one']);
});

test('2. The exit code of the command line is 1', async () => {
  const folder = tempFolder({
    'ice.yaml': 'name: shop\n',
    'workflows/bad.yaml':
      'blueprint: 2\nname: bad\nversion: 1.0.0\nnodes:\n  - { id: a, type: set, values: { x: "{{ [1][inputs.at] }}" } }\ninputs: { at: { type: integer } }\noutputs: { x: "{{ a.x }}" }\n',
  });
  expect((await ice(['run', 'bad', '-i', 'at=0', '--json'], { cwd: folder })).exit).toBe(0);
  const { exit, json: body } = await ice(['run', 'bad', '-i', 'at=5', '--json'], { cwd: folder });
  expect(exit).toBe(1);
  expect(body).toMatchObject({ ok: false, run: { state: 'failed' }, error: { code: 'run_failed' } });
});
