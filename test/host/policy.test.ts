import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Client, createClient } from '../../src/client/client.ts';
import type { PermissionPolicy } from '../../src/contracts/permission-policy.ts';
import type { Run } from '../../src/contracts/runs.ts';
import { type Host, openHost } from '../../src/host/open.ts';
import { builtTool } from '../suites/client-components.ts';

/** The policy of a folder's ice.yaml over tools that are there already, a real server on the other side. */

let folder: string;
let host: Host;
let client: Client;
let server: Server;
let address: string;
let asked = 0;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ice policy '));
  asked = 0;
  server = createServer((_, response) => {
    asked++;
    response.end('hello');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  await host.close();
  server.close();
  rmSync(folder, { recursive: true });
});

async function run(policy: PermissionPolicy | undefined): Promise<Run> {
  const env = { SHOP_KEY: 'abcdef' };
  host = await openHost({ cwd: folder, local: true, env, project: 'shop', log: () => {}, policy });
  const { fetch, token } = host;
  client = createClient({ baseUrl: 'http://ice.local', fetch, token, project: 'shop' });
  const tool = builtTool(
    'caller',
    `const answer = await ctx.fetch('http://${address}/x'); return { text: await answer.text() };`,
    {
      input: { type: 'object', properties: {}, additionalProperties: false },
      output: { type: 'object', required: ['text'], properties: { text: { type: 'string' } } },
      permissions: { net: [address], secrets: ['SHOP_KEY'], limits: {} },
    },
  );
  for (const [digest, bytes] of tool.artifacts) await client.artifacts.put(digest, bytes);
  const { id } = await client.runs.create({ digest: tool.item.digest, inputs: {} });
  await host.drive(id);
  return client.runs.get(id);
}

test.each([
  ['none', () => undefined],
  ['one that names it', () => ({ net: [address], secrets: ['SHOP_KEY'] })],
  ['one that caps something else', () => ({ limits: { fetches: 1 } })],
])('allowed: %s', async (_, policy) => {
  expect(await run(policy())).toMatchObject({ state: 'succeeded', outputs: { result: { text: 'hello' } } });
  expect(asked).toBe(1);
});

test('a host that the policy does not name is not reached, and the hint is about the policy', async () => {
  expect(await run({ net: ['api.example.com'] })).toMatchObject({
    state: 'failed',
    error: { code: 'tool_denied', hint: expect.stringContaining('policy.permissions.net in ice.yaml') },
  });
  expect(asked).toBe(0);
});

test('a secret that the policy does not name is not given', async () => {
  expect(await run({ secrets: [] })).toMatchObject({
    state: 'failed',
    error: { code: 'tool_denied', hint: expect.stringContaining('policy.permissions.secrets in ice.yaml') },
  });
  expect(asked).toBe(0);
});

test('a run says what each of its components may touch', async () => {
  const { id } = await run(undefined);
  const { permissions } = await client.runs.outline(id);
  expect(permissions).toEqual([
    {
      component: expect.stringContaining('caller@'),
      kind: 'tool',
      runtime: 'sandbox',
      net: [address],
      secrets: ['SHOP_KEY'],
      limits: {},
    },
  ]);
});
