import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { commandLine } from '../../src/contracts/mcp-servers.ts';
import { createMcpRuntime } from '../../src/host/mcp-runtime.ts';
import { callOf } from '../sandbox/call-by-hand.ts';

const runtime = () => {
  const made = createMcpRuntime({ cwd: import.meta.dirname, version: '0.0.0', env: process.env });
  open.push(made);
  return made;
};
const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

const entry = {
  mcp: 1,
  server: 'odd',
  tool: 'pid',
  structured: false,
  command: process.execPath,
  args: [join(import.meta.dirname, 'servers/odd-server.ts')],
  env: [],
};
const call = (signal = new AbortController().signal) =>
  callOf(
    { digest: 'sha256:odd', code: JSON.stringify(entry) },
    {},
    {
      permissions: { net: [], secrets: [], limits: {}, commands: [commandLine(entry)] },
      signal,
    },
  );
const said = (result: unknown): number[] => (result as { text: string }).text.split(' ').map(Number);

test('first calls of a run that come at once have one process', async () => {
  const { call: ask } = runtime();
  const [one, two] = (await Promise.all([ask(call()), ask(call())])).map(said);
  expect(one![0]).toBe(two![0]);
  expect([one![1], two![1]].sort()).toEqual([1, 2]);
});

test('a call that is stopped while the process starts takes it from no other', async () => {
  const { call: ask } = runtime();
  const stop = new AbortController();
  const stopped = ask(call(stop.signal));
  const other = ask(call());
  stop.abort(new Error('enough'));
  await expect(stopped).rejects.toThrow('enough');
  expect(said(await other)[1]).toBe(1);
});
