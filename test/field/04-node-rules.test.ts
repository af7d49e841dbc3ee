import { expect, test } from 'vitest';
import { builtTool } from '../suites/client-components.ts';
import { countingServer, flow, openShop } from './shop.ts';

test('4. Retry retries a failing tool', async () => {
  const { calls, tool } = await countingServer((_path, nth) => ({
    status: nth < 3 ? 503 : 200,
    body: { nth },
  }));
  const shop = await openShop();
  await shop.push(
    tool,
    flow(
      [
        {
          id: 'a',
          type: 'tool',
          tool: 'call',
          args: { path: 'a' },
          retry: { maxAttempts: 5, initial: '5ms' },
        },
      ],
      { nth: '{{ a.nth }}' },
    ),
  );
  const run = await shop.run('flow');
  expect(run).toMatchObject({ state: 'succeeded', outputs: { nth: 3 } });
  expect(calls).toHaveLength(3);
});

test('4. Timeout stops it, code that never yields included', async () => {
  const shop = await openShop();
  await shop.push(
    builtTool('spin', 'for (;;) {}'),
    flow([{ id: 'a', type: 'tool', tool: 'spin', timeout: '300ms' }]),
  );
  const run = await shop.run('flow');
  expect(run.state).toBe('failed');
  const failed = (await shop.events(run.id)).find((event) => event.type === 'node.failed');
  expect(failed?.data).toMatchObject({ error: { code: 'timeout' } });
});

test('4. Cache caches: the second run has the first one’s result, and the world is not touched again', async () => {
  const { calls, tool } = await countingServer();
  const shop = await openShop();
  await shop.push(
    tool,
    flow(
      [{ id: 'a', type: 'tool', tool: 'call', args: { path: '{{ inputs.path }}' }, cache: true }],
      { path: '{{ a.path }}' },
      { inputs: { path: { type: 'string' } } },
    ),
  );
  const first = await shop.run('flow', { path: 'one' });
  const second = await shop.run('flow', { path: 'one' });
  const other = await shop.run('flow', { path: 'two' });
  expect(second.outputs).toEqual(first.outputs);
  expect(other.outputs).toEqual({ path: '/two' });
  expect(calls).toEqual(['/one', '/two']);
  expect((await shop.events(second.id)).find((event) => event.type === 'node.cached')?.data).toMatchObject({
    from: first.id,
  });
});

test('4. Output schemas are enforced', async () => {
  const shop = await openShop();
  const node = {
    id: 'a',
    type: 'tool',
    tool: 'give',
    output: { type: 'object', required: ['n'], properties: { n: { type: 'number' } } },
  };
  await shop.push(builtTool('give', "return { n: 'seven' };"), flow([node]));
  const run = await shop.run('flow');
  expect(run.state).toBe('failed');
  expect((await shop.events(run.id)).find((event) => event.type === 'node.failed')?.data).toMatchObject({
    error: { code: 'output_invalid' },
  });
});

test('4. A template that is one expression keeps its type; text joins', async () => {
  const shop = await openShop();
  await shop.push(
    flow(
      [
        {
          id: 'a',
          type: 'set',
          values: {
            list: '{{ [1, 2] }}',
            number: '{{ 5 / 2 }}',
            none: '{{ null }}',
            text: 'n={{ 12.0 }} o={{ {"a": null} }} e={{ null }}.',
          },
        },
      ],
      { list: '{{ a.list }}', number: '{{ a.number }}', none: '{{ a.none }}', text: '{{ a.text }}' },
    ),
  );
  expect((await shop.run('flow')).outputs).toEqual({
    list: [1, 2],
    number: 2.5,
    none: null,
    text: 'n=12 o={"a":null} e=.',
  });
});

test('4. Inputs of the run never override a node’s args', async () => {
  const shop = await openShop();
  await shop.push(
    builtTool('echo', 'return input;'),
    flow(
      [{ id: 'a', type: 'tool', tool: 'echo', args: { text: 'from the node' } }],
      { text: '{{ a.text }}' },
      { inputs: { text: { type: 'string' }, a: { type: 'object' } } },
    ),
  );
  const run = await shop.run('flow', { text: 'from the run', a: { text: 'from the run' } });
  expect(run.outputs).toEqual({ text: 'from the node' });
});
