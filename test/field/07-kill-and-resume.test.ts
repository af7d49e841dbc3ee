import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ice } from '../support/ice.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { countingServer } from './shop.ts';

const bin = join(import.meta.dirname, '../../bin/run.js');

/** A chain of `length` tool calls, each behind the one before. */
const chain = (length: number) => ({
  blueprint: 2,
  name: 'chain',
  version: '1.0.0',
  nodes: Array.from({ length }, (_, i) => ({
    id: `n${i}`,
    type: 'tool',
    tool: 'knock',
    args: { at: i },
    ...(i === 0 ? {} : { needs: [`n${i - 1}`] }),
  })),
  outputs: { last: `{{ n${length - 1}.path }}` },
});

const knock = (port: number) => `
import { defineTool } from 'iceos';
import { z } from 'zod';
export default defineTool({
  name: 'knock', version: '1.0.0', description: 'Knocks at a server',
  input: z.object({ at: z.number() }), output: z.object({ path: z.string() }),
  permissions: { net: ['127.0.0.1:${port}'] },
  async run({ at }, ctx) { return (await (await ctx.fetch('http://127.0.0.1:${port}/' + at)).json()) as { path: string }; },
  examples: [],
});
`;

test('7. kill -9 of the process group in the middle of 200 calls: another start resumes, only what was in flight is made twice', async () => {
  const { calls, port } = await countingServer();
  const folder = tempFolder({
    'ice.yaml': 'name: shop\n',
    'tools/knock.ts': knock(port),
    'workflows/chain.json': JSON.stringify(chain(200)),
  });
  const child = spawn(process.execPath, [bin, 'run', 'chain', '--events'], {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder, ICE_KEYRING: '0', CI: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let id = '';
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  child.stdout
    .setEncoding('utf8')
    .on('data', (text: string) => (id ||= /run_[0-9a-z]{26}/.exec(text)?.[0] ?? ''));
  while (calls.length < 100) {
    expect(child.exitCode, said).toBeNull();
    await new Promise((done) => setTimeout(done, 5));
  }
  process.kill(-child.pid!, 'SIGKILL');
  await new Promise((done) => child.once('close', done));
  const before = calls.length;

  const { exit, json: body } = await ice(['runs', 'watch', id, '--json'], { cwd: folder });
  expect(exit, JSON.stringify(body.error)).toBe(0);
  expect(body.run).toMatchObject({ id, state: 'succeeded', outputs: { last: '/199' } });
  expect(new Set(calls).size).toBe(200);
  expect(calls.length - 200, 'calls made twice').toBeLessThanOrEqual(1);
  expect(before).toBeLessThan(200);
});
