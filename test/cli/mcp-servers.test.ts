import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { serve } from '@hono/node-server';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { ice } from '../support/ice.ts';
import { tempFolder, writeInto } from '../support/temp-folder.ts';

/** A project that declares a server of MCP: its tools are pinned, checked, called by nodes and agents, tested without it. */

let now: { extra: boolean; asks: string } = { extra: false, asks: 'id' };
let server: { close(): void; closeAllConnections?(): void };
let url = '';
let calls = 0;

function shop(): McpServer {
  const made = new McpServer({ name: 'Shop', version: '3.0.0' }, { capabilities: { tools: {} } });
  made.registerTool(
    'find_order',
    {
      description: 'Finds an order',
      inputSchema: z.object({ [now.asks]: z.string() }),
      outputSchema: z.object({ id: z.string(), late: z.boolean() }),
    },
    async (input) => {
      calls += 1;
      const order = { id: String(Object.values(input)[0]), late: true };
      return { content: [{ type: 'text', text: JSON.stringify(order) }], structuredContent: order };
    },
  );
  if (now.extra)
    made.registerTool(
      'cancel_order',
      { description: 'Cancels one', inputSchema: z.object({}) },
      async () => ({
        content: [],
      }),
    );
  return made;
}

const cwd = tempFolder();
beforeAll(async () => {
  const handler = createMcpHandler(() => shop());
  const started = serve({
    fetch: (request: Request) =>
      request.headers.get('x-key') === 'shop-key-1234'
        ? handler.fetch(request)
        : new Response('', { status: 401 }),
    port: 0,
    hostname: '127.0.0.1',
  });
  server = started as unknown as typeof server;
  await new Promise((resolve) => started.once('listening', resolve));
  url = `http://127.0.0.1:${(started.address() as { port: number }).port}/mcp`;
  writeInto(cwd, {
    'ice.yaml': `name: shop\nmcpServers:\n  shop:\n    url: ${url}\n    headers: { x-key: "\${SHOP_KEY}" }\n`,
    'agents/clerk.yaml': `agent: 1
name: clerk
version: 1.0.0
description: Looks orders up
model: echo/script
tools: [mcp/shop/find_order@^1]
script:
  - { toolCalls: [{ name: mcp_shop_find_order, input: { id: A7 } }] }
  - It is late
`,
    'workflows/late.yaml': `blueprint: 2
name: late
version: 1.0.0
description: Is it late?
inputs: { id: { type: string } }
nodes:
  - { id: found, type: tool, tool: mcp/shop/find_order, args: { id: "{{ inputs.id }}" } }
  - { id: clerk, type: agent, agent: clerk, input: hi }
outputs: { late: "{{ found.late }}", said: "{{ clerk.text }}" }
`,
    'tests/late.test.yaml': `test: late orders
run: workflow/late
cases:
  - name: one
    inputs: { id: A7 }
    output: { late: true, said: It is late }
`,
  });
});
afterAll(() => {
  server.closeAllConnections?.();
  server.close();
});
const env = { SHOP_KEY: 'shop-key-1234' };
/** Several commands a test, each a process of its own. */
const run = (...args: string[]) => ice(args, { cwd, env });

test('before they are pinned, validate says how', async () => {
  const { json, exit } = await run('validate', '--json');
  expect(exit).toBe(3);
  const found = json['diagnostics'] as { code: string; help: string }[];
  expect([...new Set(found.map(({ code }) => code))].sort()).toEqual(['ICE1201', 'ICE1531']);
  for (const { help } of found) expect(help).toContain('ice import mcp shop');
});

test('pinned, they are typed, called by nodes and by agents, and their secrets are nowhere', async () => {
  const pinned = await run('import', 'mcp', 'shop', '--json');
  expect(pinned.json).toMatchObject({
    ok: true,
    folder: 'mcp/shop',
    changes: [{ name: 'mcp/shop/find_order', change: 'new', version: '1.0.0' }],
  });
  expect((await run('validate', '--json')).json).toMatchObject({ counts: { errors: 0, warnings: 0 } });
  const done = await run('run', 'late', '-i', 'id=B2', '--json');
  expect(done.json['run']).toMatchObject({
    state: 'succeeded',
    outputs: { late: true, said: 'It is late' },
  });
  expect(done.stdout + done.stderr).not.toContain('shop-key-1234');
  // A type error across the border is found before anything runs.
  const path = join(cwd, 'workflows/wrong.yaml');
  writeFileSync(
    path,
    'blueprint: 2\nname: wrong\nversion: 1.0.0\ndescription: x\nnodes:\n  - { id: a, type: tool, tool: mcp/shop/find_order, args: { id: 7 } }\noutputs: { late: "{{ a.lat }}" }\n',
  );
  const wrong = await run('validate', 'workflows/wrong.yaml', '--json');
  rmSync(path);
  expect(
    (wrong.json['diagnostics'] as { range: { start: { line: number } } }[]).map(
      (each) => each.range.start.line,
    ),
  ).toEqual([6, 7]);
});

test('a push names the host and the secret, and needs a yes', async () => {
  const stopped = await run('push', '--json');
  expect(stopped.exit).not.toBe(0);
  const pushed = await run('push', '--yes', '--allow-permissions', '--json');
  expect(pushed.exit, pushed.stdout).toBe(0);
  const shown = await run('components', 'show', 'mcp/shop/find_order', '--json');
  expect(shown.json['component']).toMatchObject({
    manifest: { runtime: 'mcp', permissions: { net: [new URL(url).host], secrets: ['SHOP_KEY'] } },
  });
});

test('a server that changed is told by --check; pinning again says by the version who breaks', async () => {
  expect((await run('import', 'mcp', 'shop', '--check', '--json')).exit).toBe(0);
  now = { extra: true, asks: 'number' };
  const drift = await run('import', 'mcp', 'shop', '--check', '--json');
  expect(drift.exit).toBe(3);
  expect(drift.json).toMatchObject({ ok: false, error: { code: 'validation_failed' } });
  const again = await run('import', 'mcp', 'shop', '--json');
  expect(again.json['changes']).toMatchObject([
    { name: 'mcp/shop/cancel_order', change: 'new', version: '1.0.0' },
    { name: 'mcp/shop/find_order', change: 'changed', before: '1.0.0', version: '2.0.0' },
  ]);
  // Who asked for ^1 is told, and so is who gives it the old argument.
  const { json } = await run('validate', '--json');
  const codes = (json['diagnostics'] as { code: string; file: string }[]).map(
    (one) => `${one.file} ${one.code}`,
  );
  expect(codes).toContain('agents/clerk.yaml ICE1203');
  expect(codes.some((one) => one.startsWith('workflows/late.yaml'))).toBe(true);
  now = { extra: false, asks: 'id' };
  const back = await run('import', 'mcp', 'shop', '--json');
  expect(back.json['changes']).toMatchObject([{ change: 'changed', version: '3.0.0' }, { change: 'gone' }]);
});

test('a file that was edited, and a server that moved, are errors at their place', async () => {
  writeInto(cwd, { 'mcp/shop/find_order.json': '{ "mcp": 1 }' });
  expect((await run('validate', '--json')).json['diagnostics']).toEqual(
    expect.arrayContaining([expect.objectContaining({ code: 'ICE1532', file: 'mcp/shop/find_order.json' })]),
  );
  // A person's edit is not written over unasked.
  expect((await run('import', 'mcp', 'shop', '--json')).json).toMatchObject({ error: { code: 'conflict' } });
  const pinned = await run('import', 'mcp', 'shop', '--force', '--json');
  expect(pinned.json['changes']).toMatchObject([{ change: 'new', version: '1.0.0' }]);
});

test('tests are recorded once, and played without the server', async () => {
  const recorded = await run('test', '--record');
  expect(recorded.exit, recorded.stdout + recorded.stderr).toBe(0);
  const before = calls;
  const played = await ice(['test'], { cwd });
  expect(played.exit, played.stdout + played.stderr).toBe(0);
  expect(calls).toBe(before);
});
