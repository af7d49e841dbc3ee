import { join } from 'node:path';
import { serve } from '@hono/node-server';
import { createMcpHandler } from '@modelcontextprotocol/server';
import { afterEach, describe, expect, test } from 'vitest';
import { createClient } from '../../src/client/index.ts';
import type { Manifest } from '../../src/contracts/components.ts';
import type { PermissionPolicy } from '../../src/contracts/permission-policy.ts';
import type { Run } from '../../src/contracts/runs.ts';
import { type Host, type HostOptions, openHost } from '../../src/host/open.ts';
import { manifestBytes } from '../../src/project/build-components.ts';
import type { Declared } from '../../src/project/mcp-sources.ts';
import { CONTENT, mcpComponent } from '../../src/project/mcp-tools.ts';
import { digestOf } from '../suites/client-components.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { oddServer } from './servers/odd-server.ts';

const SERVER = join(import.meta.dirname, 'servers/odd-server.ts');
const KEY = 'odd-key-0123456789';
const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

/** The server over HTTP; what comes in passes `guard` first. */
async function overHttp(
  guard: (request: Request) => Response | Promise<Response> | undefined = () => undefined,
): Promise<{ url: string; seen: string[] }> {
  const handler = createMcpHandler(() => oddServer());
  const seen: string[] = [];
  const server = serve({
    fetch: (request: Request) => {
      seen.push(`${request.method} ${request.headers.get('authorization')}`);
      return guard(request) ?? handler.fetch(request);
    },
    port: 0,
    hostname: '127.0.0.1',
  });
  await new Promise((resolve) => server.once('listening', resolve));
  open.push({
    close: () => {
      (server as { closeAllConnections?(): void }).closeAllConnections?.();
      server.close();
    },
  });
  return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}/mcp`, seen };
}

const web = (url: string, more: Partial<Extract<Declared, { url: string }>> = {}): Declared => ({
  name: 'odd',
  url,
  headers: {},
  timeoutMs: 60_000,
  ...more,
});
const program = (more: Partial<Extract<Declared, { command: string }>> = {}): Declared => ({
  name: 'odd',
  command: process.execPath,
  args: [SERVER],
  env: [],
  timeoutMs: 60_000,
  ...more,
});

async function hostWith(options: Partial<HostOptions> = {}): Promise<Host> {
  const host = await openHost({
    cwd: tempFolder({ 'ice.yaml': 'name: shop\n' }),
    project: 'shop',
    durability: 'normal',
    local: true,
    env: { PATH: process.env['PATH'], ODD_KEY: KEY, OTHER: 'not-for-servers' },
    log: () => {},
    ...options,
  });
  open.push(host);
  return host;
}

/** Runs a tool of a server once, as `ice run` does with what a project declares; `change` forges its manifest. */
async function call(
  host: Host,
  server: Declared,
  tool: string,
  change: (manifest: Manifest) => Manifest = (manifest) => manifest,
  token = host.token,
): Promise<Run> {
  const made = mcpComponent(server, { tool, input: { type: 'object' } });
  const manifest = change(made.manifest);
  const bytes = manifestBytes(manifest);
  const client = createClient({ baseUrl: 'http://ice.local', fetch: host.fetch, token, project: 'shop' });
  await client.artifacts.put(manifest.entry, made.entry);
  await client.artifacts.put(digestOf(bytes), bytes);
  const { id } = await client.runs.create({ digest: digestOf(bytes), inputs: {} });
  await host.drive(id);
  return client.runs.get(id);
}

const textOf = (run: Run): string => (run.outputs as { text: string }).text;
const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('a server over HTTP', () => {
  test('is called with its headers, whose secrets reach it and nobody else', async () => {
    const { url, seen } = await overHttp();
    const host = await hostWith();
    const run = await call(host, web(url, { headers: { authorization: 'Bearer ${ODD_KEY}' } }), 'pid');
    expect(run.outputs).toMatchObject({
      text: expect.stringMatching(/^\d+ \d+$/),
      content: [{ type: 'text' }],
    });
    expect(new Set(seen.map((line) => line.split(' ').slice(1).join(' ')))).toEqual(
      new Set([`Bearer ${KEY}`]),
    );
    const client = createClient({
      baseUrl: 'http://ice.local',
      fetch: host.fetch,
      token: host.token,
      project: 'shop',
    });
    expect(JSON.stringify([run, await client.runs.events(run.id)])).not.toContain(KEY);
  });

  test('is reached through the guards of all tools: by what it declares, and not by what its entry says', async () => {
    const { url, seen } = await overHttp();
    const host = await hostWith();
    const forged = await call(host, web(url), 'pid', (manifest) => ({
      ...manifest,
      permissions: { ...manifest.permissions, net: ['api.example.com'] },
    }));
    expect(forged.error).toMatchObject({
      code: 'tool_denied',
      message: expect.stringContaining('127.0.0.1'),
    });
    // A target that is no own machine does not let tools reach what is near it.
    const server = await hostWith({ local: false });
    expect((await call(server, web(url), 'pid')).error).toMatchObject({
      code: 'tool_denied',
      message: expect.stringContaining('loopback or private address'),
    });
    expect(seen).toEqual([]);
  });

  test('may not redirect to where its tools may not go', async () => {
    const { url } = await overHttp(
      () => new Response(null, { status: 307, headers: { location: 'http://10.0.0.1/mcp' } }),
    );
    const run = await call(await hostWith(), web(url), 'pid');
    expect(run.error).toMatchObject({
      code: 'tool_denied',
      message: expect.stringContaining('a redirect led there'),
    });
  });

  test.each<[string, (request: Request) => Response | Promise<Response>, object]>([
    ['does not answer', () => new Promise(() => {}), { code: 'timeout' }],
    [
      'asks who it is',
      () => new Response('', { status: 401 }),
      { code: 'tool_failed', message: /does not let the call in/ },
    ],
    [
      'is another one',
      () => new Response('<p>hi', { status: 404 }),
      { code: 'tool_failed', message: /answered 404/ },
    ],
    ['is broken', () => new Response('', { status: 500 }), { code: 'tool_failed', message: /answered 500/ }],
    [
      'talks nonsense',
      () => new Response('{"jsonrpc":', { headers: { 'content-type': 'application/json' } }),
      { code: 'tool_failed' },
    ],
    [
      'never stops talking',
      () => new Response('x'.repeat(17 * 1024 * 1024), { headers: { 'content-type': 'application/json' } }),
      { code: 'tool_limit' },
    ],
  ])(
    'that %s ends in an error with its code',
    async (_, guard, { code, message }: { code?: string; message?: RegExp }) => {
      const { url } = await overHttp(guard);
      const run = await call(
        await hostWith(),
        web(url, code === 'timeout' ? { timeoutMs: 1_500 } : {}),
        'pid',
      );
      expect(run.error?.code).toBe(code);
      if (message) expect(run.error?.message).toMatch(message);
    },
  );

  test('that is not there is told so', async () => {
    const run = await call(await hostWith(), web('http://127.0.0.1:1/mcp'), 'pid');
    expect(run.error).toMatchObject({
      code: 'tool_failed',
      message: expect.stringContaining('The request to 127.0.0.1:1 failed'),
    });
  });
});

describe('a server that is a program', () => {
  test('is started once for a run, with its secrets and no more of the environment; another run has its own', async () => {
    const host = await hostWith();
    const one = await call(host, program(), 'pid');
    const two = await call(host, program(), 'pid');
    const [first, second] = [one, two].map((run) => textOf(run).split(' ').map(Number));
    expect(first![1]).toBe(1);
    expect(second).toEqual([expect.not.closeTo(first![0]!, 0), 1]);
    const env = JSON.parse(textOf(await call(host, program({ env: ['ODD_KEY'] }), 'env'))) as Record<
      string,
      string
    >;
    // The value came, and is masked on its way back.
    expect(env).toMatchObject({ ODD_KEY: '***', PATH: expect.any(String) });
    expect(env).not.toHaveProperty('OTHER');
    await host.close();
    expect([first![0]!, second![0]!].filter(alive)).toEqual([]);
  });

  test('that dies ends in an error with its last words, and the next call has a new one', async () => {
    const host = await hostWith();
    const died = await call(host, program(), 'die');
    expect(died.error).toMatchObject({
      code: 'tool_crashed',
      message: expect.stringContaining('with code 3'),
    });
    expect(died.error!.message).toContain('out of cheese');
    expect((await call(host, program(), 'pid')).state).toBe('succeeded');
  });

  test('that hangs ends in a timeout', async () => {
    const host = await hostWith();
    const run = await call(host, program({ timeoutMs: 2_500 }), 'hang');
    expect(run.error).toMatchObject({ code: 'timeout', message: expect.stringContaining('2500 ms') });
  });

  test('that says too much is cut off, and secrets in what it says of a failure are masked', async () => {
    const host = await hostWith();
    const big = await call(host, program(), 'big', (manifest) => ({
      ...manifest,
      permissions: { ...manifest.permissions, limits: { outputBytes: 100_000 } },
    }));
    expect(big.error).toMatchObject({ code: 'tool_limit' });
    const failed = await call(host, program({ env: ['ODD_KEY'] }), 'fail');
    expect(failed.error).toMatchObject({ code: 'tool_failed', message: 'no entry with ***' });
  });

  test('that is not there, or no server, is told so', async () => {
    const host = await hostWith();
    const none = await call(host, program({ command: 'no-such-program-here' }), 'pid');
    expect(none.error).toMatchObject({
      code: 'tool_failed',
      message: expect.stringContaining('no-such-program-here'),
    });
    const no = await call(host, program({ args: ['-e', 'process.exit(0)'] }), 'pid');
    expect(no.error).toMatchObject({ code: 'tool_crashed' });
  });

  test('starts nothing that its manifest does not name, nor what the policy does not hold', async () => {
    const host = await hostWith();
    const forged = await call(
      host,
      program(),
      'pid',
      ({ permissions: { commands: _, ...permissions }, ...manifest }) => ({
        ...manifest,
        permissions,
      }),
    );
    expect(forged.error).toMatchObject({
      code: 'tool_denied',
      message: expect.stringContaining('odd-server.ts'),
    });
    const policy: PermissionPolicy = { commands: ['npx other'] };
    const capped = await call(await hostWith({ policy }), program(), 'pid');
    expect(capped.error).toMatchObject({ code: 'tool_denied', message: expect.stringContaining('policy') });
  });

  test('is refused by a server that does not trust who asks; a server over HTTP is not', async () => {
    const host = await hostWith({ local: false });
    const owner = createClient({
      baseUrl: 'http://ice.local',
      fetch: host.fetch,
      token: host.token,
      project: 'shop',
    });
    const { secret } = await owner.tokens.create({ name: 'dev', role: 'developer' });
    await expect(call(host, program(), 'pid', undefined, secret)).rejects.toMatchObject({
      code: 'untrusted_code',
      message: expect.stringContaining('starts a program'),
    });
    const run = await call(host, web('https://mcp.example.invalid/mcp'), 'pid', undefined, secret);
    // It went as far as the network.
    expect(run.error).toMatchObject({
      code: 'tool_failed',
      message: expect.stringContaining('mcp.example.invalid'),
    });
  });
});

test('without a schema of its result, a tool gives text and content', () => {
  expect(mcpComponent(program(), { tool: 'pid', input: {} }).manifest.output).toBe(CONTENT);
});
