import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { serve } from '@hono/node-server';
import { createMcpHandler } from '@modelcontextprotocol/server';
import { afterAll, expect, test } from 'vitest';
import type { IceError } from '../../../src/contracts/errors.ts';
import { type ListOptions, listServerTools, type ServerListing } from '../../../src/mcp-client/list-tools.ts';
import { commandWords } from '../../../src/mcp-client/server-process.ts';
import { planFolder, writeFolder } from '../../../src/project/import/import-folder.ts';
import { importMcp, type McpOptions } from '../../../src/project/import/mcp.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { InSandbox } from './in-sandbox.ts';
import { makeServer } from './servers/tools-server.ts';
import { openServer } from './shop-server.ts';

const SERVERS = join(import.meta.dirname, 'servers');
const sandbox = new InSandbox();
const ends: (() => unknown)[] = [() => sandbox.close()];
afterAll(async () => {
  for (const end of ends.reverse()) await end();
});

const command = (...args: string[]) => ({
  command: process.execPath,
  args,
  cwd: import.meta.dirname,
  env: process.env,
});
const list = (...args: string[]) =>
  listServerTools(command(...args), { version: '0.0.0', timeoutMs: 60_000 });

function project(listing: ServerListing, options: McpOptions): { root: string; folder: string } {
  const made = importMcp(listing, options);
  const root = tempFolder({ 'ice.yaml': 'name: t\n' });
  writeFolder(planFolder(join(root, 'tools', made.name), made.files, {}));
  return { root, folder: `tools/${made.name}` };
}

/** The real server over streamable HTTP; what comes in passes `guard` first. */
async function openHttp(guard: (request: Request) => Response | undefined = () => undefined) {
  const handler = createMcpHandler(() => makeServer());
  const server = serve({
    fetch: (request: Request) => guard(request) ?? handler.fetch(request),
    port: 0,
    hostname: '127.0.0.1',
  });
  await new Promise((resolve) => server.once('listening', resolve));
  ends.push(() => server.close());
  return new URL(`http://127.0.0.1:${(server.address() as { port: number }).port}/mcp`);
}

test('a command tells its tools, with their schemas', async () => {
  const { server, tools } = await list(join(SERVERS, 'tools-server.ts'));
  expect(server).toEqual({ name: 'Weather MCP Server', version: '2.3.4' });
  expect(tools.map((tool) => tool.name)).toEqual(['get_forecast', 'Say Hello']);
  expect(tools[0]!.inputSchema).toMatchObject({
    properties: { days: { default: 3, maximum: 10 } },
    required: ['city'],
  });
});

test('a server over HTTP: listed, imported, and called from the sandbox', async () => {
  const url = await openHttp();
  const listing = await listServerTools(url, { version: '0.0.0' });
  const { root, folder } = project(listing, { server: { url: url.href } });
  const tool = await sandbox.extract(root, `${folder}/get-forecast.ts`);
  expect(tool).toMatchObject({
    name: 'weather-get-forecast',
    version: '1.0.0',
    runtime: 'sandbox',
    permissions: { net: [url.host], secrets: [] },
    input: { properties: { city: { type: 'string' }, days: { default: 3 } } },
    output: { required: ['city', 'highs'] },
  });
  expect(await sandbox.call(root, `${folder}/get-forecast.ts`, { city: 'Oslo', days: 2 })).toEqual({
    city: 'Oslo',
    highs: [20, 21],
  });
  // A tool that does not say what it answers gives its text, and its parts.
  expect(await sandbox.call(root, `${folder}/say-hello.ts`, { name: 'Bo' })).toEqual({
    text: 'Hello, Bo\nBye',
    content: [
      { type: 'text', text: 'Hello, Bo' },
      { type: 'text', text: 'Bye' },
    ],
  });
  await expect(
    sandbox.call(root, `${folder}/get-forecast.ts`, { city: 'Atlantis', days: 1 }),
  ).rejects.toMatchObject({
    code: 'tool_failed',
    message: 'get_forecast failed: no such city',
  });
});

test('a server that asks who you are: the secret is sent, declared, and written nowhere', async () => {
  const url = await openHttp((request) =>
    request.headers.get('authorization') === 'Bearer t0p' ? undefined : new Response('who?', { status: 401 }),
  );
  await expect(listServerTools(url, { version: '0' })).rejects.toMatchObject({
    code: 'unauthenticated',
    hint: expect.stringContaining('--auth'),
  });
  const options: ListOptions = { version: '0', headers: { authorization: 'Bearer t0p' } };
  const listing = await listServerTools(url, options);
  const made = importMcp(listing, {
    server: { url: url.href },
    auth: [{ kind: 'bearer', secret: 'WEATHER_TOKEN' }],
  });
  expect(made.secrets).toEqual(['WEATHER_TOKEN']);
  expect(JSON.stringify(made)).not.toContain('t0p');
  const root = tempFolder({ 'ice.yaml': 'name: t\n' });
  writeFolder(planFolder(join(root, 'tools/w'), made.files, {}));
  const call = (token: string) =>
    sandbox.call(root, 'tools/w/say-hello.ts', { name: 'A' }, { WEATHER_TOKEN: token });
  expect(await call('t0p')).toMatchObject({ text: 'Hello, A\nBye' });
  await expect(call('other')).rejects.toMatchObject({ code: 'tool_failed', terminal: true });
});

test('answers as a stream of events, sessions, and answers of somebody else', async () => {
  const event = (message: object) => `event: message\r\nid: 1\r\ndata: ${JSON.stringify(message)}\r\n\r\n`;
  const server = await openServer(({ method, body }) => {
    if (method === 'DELETE') return { status: 405 };
    const { id, method: asked } = JSON.parse(body.toString()) as { id?: number; method: string };
    if (id === undefined) return { status: 202 };
    const result =
      asked === 'initialize'
        ? { protocolVersion: '2025-03-26', capabilities: {}, serverInfo: { name: 's', version: '1' } }
        : { content: [{ type: 'text', text: 'yes' }] };
    return {
      headers: {
        'content-type': 'text/event-stream',
        ...(asked === 'initialize' ? { 'mcp-session-id': 'abc' } : {}),
      },
      body: `: hello\n\n${event({ jsonrpc: '2.0', method: 'notifications/message', params: {} })}${event({ jsonrpc: '2.0', id, result })}`,
    };
  });
  ends.push(() => server.close());
  const tools = [{ name: 'ask', description: '', inputSchema: { type: 'object' } }];
  const { root, folder } = project(
    { server: { name: 's', version: '1' }, tools },
    { server: { url: `${server.url}/mcp` } },
  );
  expect(await sandbox.call(root, `${folder}/ask.ts`, {})).toMatchObject({ text: 'yes' });
  expect(
    server.asked.map(({ method, headers }) => [
      method,
      headers['mcp-session-id'],
      headers['mcp-protocol-version'],
    ]),
  ).toEqual([
    ['POST', undefined, undefined],
    ['POST', 'abc', '2025-03-26'],
    ['POST', 'abc', '2025-03-26'],
    ['DELETE', 'abc', '2025-03-26'],
  ]);
});

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

test('a command behind its bridge: sandboxed tools reach it, and nothing else does', async () => {
  const words = [process.execPath, join(SERVERS, 'tools-server.ts')];
  const listing = await list(words[1]!);
  const port = await freePort();
  const { root, folder } = project(listing, { server: { command: words, port } });
  const bridge: ChildProcess = spawn(process.execPath, [join(root, folder, '_bridge.mjs')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  ends.push(() => bridge.kill('SIGKILL'));
  let said = '';
  await new Promise<void>((resolve) => {
    bridge.stderr!.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.includes('/mcp')) resolve();
    });
  });
  const tool = await sandbox.extract(root, `${folder}/get-forecast.ts`);
  expect(tool.permissions.net).toEqual([`127.0.0.1:${port}`]);
  const cities = ['Oslo', 'Rome', 'Lima', 'Bonn'];
  const results = await Promise.all(
    cities.map((city) => sandbox.call(root, `${folder}/get-forecast.ts`, { city, days: 1 })),
  );
  expect(results).toEqual(cities.map((city) => ({ city, highs: [20] })));
  await expect(
    sandbox.call(root, `${folder}/get-forecast.ts`, { city: 'Atlantis', days: 1 }),
  ).rejects.toMatchObject({
    message: 'get_forecast failed: no such city',
  });
  const post = (headers: Record<string, string>) =>
    fetch(`http://127.0.0.1:${port}/mcp`, {
      method: 'POST',
      headers,
      body: '{"jsonrpc":"2.0","id":1,"method":"tools/list"}',
    });
  expect((await post({ origin: 'https://evil.example' })).status).toBe(403);
  expect((await post({})).status).toBe(200);

  const ended = new Promise((resolve) => bridge.once('exit', resolve));
  bridge.kill('SIGTERM');
  await ended;
  await expect(sandbox.call(root, `${folder}/say-hello.ts`, { name: 'A' })).rejects.toBeTruthy();
});

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    // A zombie waits for whoever inherited it, and is no process any more.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};
async function untilGone(pids: number[]): Promise<boolean> {
  for (let i = 0; i < 3_000 && pids.some(alive); i++) await new Promise((resolve) => setTimeout(resolve, 20));
  return !pids.some(alive);
}

test.each([
  ['hangs', { code: 'unreachable', message: expect.stringContaining('did not answer in 2.5 s') }],
  ['hangs-later', { code: 'unreachable', message: expect.stringContaining('did not answer in 2.5 s') }],
  ['dies', { code: 'unreachable', message: expect.stringMatching(/code 3[\s\S]*the key is missing/) }],
  ['dies-later', { code: 'unreachable', message: expect.stringContaining('code 9') }],
  ['garbage', { code: 'unreachable', details: { stdout: 'listening on port 3000' } }],
  ['endless', { code: 'too_large', message: expect.stringContaining('100 pages') }],
  ['refuses', { code: 'unreachable', message: expect.stringContaining('Method not found') }],
  [
    'wrong',
    {
      code: 'unreachable',
      message: expect.stringContaining('tools.0.name: Invalid input: expected string'),
      hint: expect.stringContaining('not as the protocol says'),
    },
  ],
  ['noisy', undefined],
])('a server that %s: a clear end, and no process is left', async (how, error) => {
  const pidFile = join(tempFolder(), 'pids');
  const outcome = await listServerTools(command(join(SERVERS, 'bad-server.mjs'), how, pidFile), {
    version: '0',
    // One that hangs has to have begun to.
    timeoutMs: how.startsWith('hangs') ? 2_500 : 60_000,
  }).catch((thrown: IceError) => thrown);
  const pids = readFileSync(pidFile, 'utf8').split(' ').map(Number);
  expect(pids).toHaveLength(2);
  if (error) {
    expect(outcome).toMatchObject(error);
    expect((outcome as IceError).hint).toBeTruthy();
  } else expect((outcome as ServerListing).tools).toHaveLength(1);
  expect(await untilGone(pids)).toBe(true);
});

test('no such program, no such server, no such page', async () => {
  await expect(
    listServerTools({ ...command(), command: 'no-such-program-at-all' }, { version: '0' }),
  ).rejects.toMatchObject({ code: 'not_found' });
  const closed = `http://127.0.0.1:${await freePort()}/mcp`;
  await expect(listServerTools(new URL(closed), { version: '0' })).rejects.toMatchObject({
    code: 'unreachable',
    message: expect.stringContaining('ECONNREFUSED'),
  });
  const page = await openServer(() => ({ status: 404, body: 'no' }));
  ends.push(() => page.close());
  await expect(listServerTools(new URL(page.url), { version: '0' })).rejects.toMatchObject({
    code: 'not_found',
  });
});

test('names, choices, and schemas that ice does not take as they are', () => {
  const tools = ['a b', 'a_b', 'ns/deep.name', '日本'].map((name) => ({
    name,
    description: 'd',
    inputSchema: { type: 'object' },
  }));
  const listing = { server: { name: '@org/Some MCP Server', version: '1' }, tools };
  const made = importMcp(listing, { server: { url: 'https://m.example/mcp' } });
  expect(made.name).toBe('org-some');
  expect(made.tools.map((tool) => tool.name)).toEqual([
    'org-some-a-b',
    'org-some-a-b-2',
    'org-some-ns-deep-name',
    'org-some-tool',
  ]);
  expect(
    importMcp(listing, { server: { url: 'https://m.example/mcp' }, chosen: (name) => name === 'a_b' }).tools,
  ).toHaveLength(1);

  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    type: 'object',
    properties: {
      pattern: { type: 'string', pattern: '^(a+)+$' },
      fine: { type: 'string', pattern: '^[a-z]+$' },
      other: { $ref: 'https://x.example/schema.json' },
      own: { $ref: '#/$defs/Own' },
      choice: { enum: [{ pattern: '(a+)+' }] },
    },
    $defs: { Own: { type: 'array', items: { $ref: '#/$defs/Own' } } },
  };
  const [, file] = importMcp(
    {
      server: { name: 's', version: '1' },
      tools: [{ name: 't', description: "it's */ `x`", inputSchema: schema }],
    },
    { server: { url: 'https://m.example/mcp' } },
  ).files;
  expect(file!.text).not.toContain('$schema');
  expect(file!.text).not.toContain('x.example');
  expect(file!.text).toContain("fine: { type: 'string', pattern: '^[a-z]+$' }");
  expect(file!.text).toContain("pattern: { type: 'string' }");
  expect(file!.text).toContain("choice: { enum: [{ pattern: '(a+)+' }] }");
});

test.each([
  ['npx -y server', ['npx', '-y', 'server']],
  [`sh -c "echo \\"a b\\"" 'c d'`, ['sh', '-c', 'echo "a b"', 'c d']],
  ['a "" b', ['a', '', 'b']],
  ['a\\ b', ['a b']],
])('the words of %s', (text, words) => {
  expect(commandWords(text)).toEqual(words);
});

test.each(['', '  ', 'a "b'])('%j is no command', (text) => {
  expect(() => commandWords(text)).toThrow(expect.objectContaining({ code: 'usage' }));
});
