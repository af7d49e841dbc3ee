import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';

const BIN = join(import.meta.dirname, '../../bin/dev.js');

test('kill -9 in a workflow that an agent called: what had finished in it is not executed again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ice killed call '));
  const seen = join(folder, 'seen');
  writeFileSync(seen, '');
  let hang = true;
  // What the nodes reach outside: one line for each request, and the first answer of /pay never comes.
  const outside = createServer((request, response) => {
    appendFileSync(seen, `${request.url}\n`);
    if (request.url === '/pay' && hang) return;
    response.setHeader('content-type', 'application/json').end('{"ok":true}');
  });
  await new Promise<void>((resolve) => outside.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    outside.closeAllConnections();
    outside.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const origin = `http://127.0.0.1:${(outside.address() as AddressInfo).port}`;
  const asked = () => readFileSync(seen, 'utf8').trim().split('\n').filter(Boolean);
  mkdirSync(join(folder, 'workflows'));
  mkdirSync(join(folder, 'agents'));
  writeFileSync(join(folder, 'ice.yaml'), 'name: killed-call\n');
  writeFileSync(
    join(folder, 'workflows/refund.yaml'),
    `blueprint: 2
name: refund
version: 1.0.0
description: Pays back
inputs: { order: { type: string } }
nodes:
  - { id: check, type: tool, tool: std/http@^1, args: { url: "${origin}/check" } }
  - { id: words, type: llm, model: echo/default, prompt: "{{ inputs.order }}", needs: [check] }
  - { id: pay, type: tool, tool: std/http@^1, args: { url: "${origin}/pay" }, needs: [words] }
outputs: { status: "{{ pay.status }}", words: "{{ words.text }}" }
`,
  );
  writeFileSync(
    join(folder, 'agents/clerk.yaml'),
    `agent: 1
name: clerk
version: 1.0.0
description: Pays customers back
model: echo/script
tools: [workflow/refund@^1]
script:
  - { toolCalls: [{ name: refund, input: { order: A7 } }] }
  - Paid
`,
  );
  const options = { cwd: folder, env: process.env };
  const killed = spawn(process.execPath, [BIN, 'run', 'clerk', '-i', 'input=Refund A7', '--json'], {
    ...options,
    detached: true,
    stdio: 'ignore',
  });
  while (!asked().includes('/pay')) await new Promise((resolve) => setTimeout(resolve, 10));
  process.kill(-killed.pid!, 'SIGKILL');
  await once(killed, 'exit');
  hang = false;

  const ice = async (...args: string[]) =>
    JSON.parse((await promisify(execFile)(process.execPath, [BIN, ...args, '--json'], options)).stdout);
  const { items } = await ice('runs', 'list');
  const { run } = await ice('runs', 'watch', items[0].id);
  expect(run).toMatchObject({ state: 'succeeded', outputs: { result: { text: 'Paid', steps: 2 } } });
  expect(asked()).toEqual(['/check', '/pay', '/pay']);
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [BIN, 'runs', 'watch', items[0].id, '--events'],
    options,
  );
  const ends = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string; path?: string; attempt?: number })
    .filter(({ type, path }) => type === 'node.succeeded' && path?.startsWith('clerk.'))
    .map(({ path, attempt }) => `${path}#${attempt}`);
  expect(ends).toEqual([
    'clerk.refund[1].check#1',
    'clerk.refund[1].words#1',
    'clerk.refund[1].pay#2',
    'clerk.refund[1]#1',
  ]);
});
