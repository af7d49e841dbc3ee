import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import { type FakeProvider, startFakeProvider } from '../support/fake-providers/server.ts';

const BIN = join(import.meta.dirname, '../../bin/dev.js');
const folder = mkdtempSync(join(tmpdir(), 'ice killed '));
let fake: FakeProvider;

afterEach(async () => {
  await fake.close();
  rmSync(folder, { recursive: true, force: true });
});

test('kill -9 in the fourth step of an agent: another process goes on, and pays for the three before once', async () => {
  fake = await startFakeProvider('chat', (_, count) => {
    if (count === 3) return { hang: 'before' };
    if (count > 3) return { say: { text: 'Six in all' } };
    return { say: { toolCalls: [{ id: `c${count}`, name: 'std_stats', input: { values: [1, 2, count] } }] } };
  });
  mkdirSync(join(folder, 'workflows'));
  writeFileSync(join(folder, 'ice.yaml'), 'name: killed\n');
  writeFileSync(
    join(folder, 'workflows/count.yaml'),
    `blueprint: 2
name: count
version: 1.0.0
nodes:
  - { id: clerk, type: agent, model: openai-compatible/m, tools: [std/stats@^1], input: Add them up }
outputs: { text: '{{ clerk.text }}', steps: '{{ clerk.steps }}' }
`,
  );
  const env = { ...process.env, OPENAI_COMPATIBLE_BASE_URL: `${fake.url}/v1` };
  const options = { cwd: folder, env };
  const killed = spawn(process.execPath, [BIN, 'run', 'count', '--json'], {
    ...options,
    detached: true,
    stdio: 'ignore',
  });
  while (fake.asked.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
  process.kill(-killed.pid!, 'SIGKILL');
  await once(killed, 'exit');

  const ice = async (...args: string[]) =>
    JSON.parse((await promisify(execFile)(process.execPath, [BIN, ...args, '--json'], options)).stdout);
  const { items } = await ice('runs', 'list');
  const { run } = await ice('runs', 'watch', items[0].id);
  expect(run).toMatchObject({ state: 'succeeded', outputs: { text: 'Six in all', steps: 3 } });
  expect(fake.asked).toHaveLength(4);
  // Three answers were paid: the one that never came was not.
  expect(run.usage).toEqual({ inputTokens: 36, outputTokens: 21 });
  const told = fake.asked[3]!.body['messages'] as { role: string }[];
  expect(told.map((message) => message.role)).toEqual(['user', 'assistant', 'tool', 'assistant', 'tool']);
});
