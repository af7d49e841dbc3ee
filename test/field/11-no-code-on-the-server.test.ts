import { expect, test } from 'vitest';
import { builtTool } from '../suites/client-components.ts';
import { flow, openShop } from './shop.ts';

const ESCAPES = [
  '{{ inputs.constructor.constructor("return process")() }}',
  '{{ "".constructor }}',
  '{{ inputs.__proto__ }}',
  '{{ process.env }}',
  '{{ globalThis }}',
  '{{ require("fs") }}',
  '{{ [{"a": 1}].map(x, x.constructor) }}',
];

test('11. No template, expression, validation or preview runs code on the server', async () => {
  const shop = await openShop();
  for (const text of ESCAPES) {
    const document = JSON.stringify({
      blueprint: 2,
      name: 'x',
      version: '1.0.0',
      inputs: { a: { type: 'object' } },
      nodes: [{ id: 'n', type: 'set', values: { v: text } }],
      outputs: { v: '{{ n.v }}' },
    });
    const { ok } = await shop.client.blueprints.validate({ text: document, file: 'x.json' });
    expect(ok, text).toBe(false);
    await expect(shop.push(flow([{ id: 'n', type: 'set', values: { v: text } }])), text).rejects.toThrow();
  }
});

test('11. A tool’s code runs in the sandbox: no process, no files, no environment, its own limits', async () => {
  const shop = await openShop();
  await shop.push(
    builtTool(
      'look',
      `let imported; try { imported = typeof await import('node:fs'); } catch (error) { imported = 'refused'; }
       return { process: typeof process, require: typeof require, imported, fetch: typeof fetch, worker: typeof Worker, escaped: (() => { try { return typeof (0, eval)('this').constructor.constructor('return process')(); } catch { return 'refused'; } })() };`,
    ),
  );
  const run = await shop.run('tool/look');
  expect(run.outputs?.['result']).toMatchObject({
    process: 'undefined',
    require: 'undefined',
    imported: 'refused',
    worker: 'undefined',
    escaped: 'refused',
  });

  await shop.push(builtTool('hog', 'const all = []; for (;;) all.push(new Uint8Array(1 << 20).fill(1));'));
  const hog = await shop.run('tool/hog');
  expect(hog.state).toBe('failed');
  expect((await shop.run('tool/look')).state).toBe('succeeded');
});
