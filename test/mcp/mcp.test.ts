import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterEach, describe, expect, test } from 'vitest';
import { createClient } from '../../src/client/index.ts';
import { openHost, serve } from '../../src/host/index.ts';
import { manifestBytes } from '../../src/project/build-components.ts';
import { mcpComponent } from '../../src/project/mcp-tools.ts';
import { type Built, builtTool, builtWorkflow } from '../suites/client-components.ts';
import { ice } from '../support/ice.ts';
import { tempFolder } from '../support/temp-folder.ts';

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

const price = builtTool('price', 'return { price: input.cost * 1.25 };', {
  input: {
    type: 'object',
    required: ['cost'],
    properties: { cost: { type: 'number' } },
    additionalProperties: false,
  },
  output: { type: 'object', required: ['price'], properties: { price: { type: 'number' } } },
});
const nap = builtTool('nap', 'await new Promise((done) => setTimeout(done, 60_000)); return {};');
const reader = builtTool('reader', 'return {};', { permissions: { net: ['api.example.com'] } });
// What touches the world only through what it calls: a tool, a workflow, a model behind a condition.
const outside = builtWorkflow({
  name: 'outside',
  version: '1.0.0',
  nodes: [{ id: 'r', type: 'tool', tool: 'reader', args: {} }],
});
const further = builtWorkflow({
  name: 'further',
  version: '1.0.0',
  nodes: [{ id: 'o', type: 'workflow', workflow: 'outside', inputs: {} }],
});
const agent = builtWorkflow({
  name: 'agent-of-all',
  version: '1.0.0',
  nodes: [
    {
      id: 'a',
      type: 'agent',
      model: 'echo/script',
      tools: ['workflow/further', 'workflow/asking'],
      input: 'hi',
      script: ['no'],
    },
  ],
});
const asking = builtWorkflow({
  name: 'asking',
  version: '1.0.0',
  nodes: [
    {
      id: 'c',
      type: 'condition',
      expression: '{{ true }}',
      then: [{ id: 'a', type: 'llm', model: 'echo/default', fallback: ['openai/gpt-5'], prompt: 'hi' }],
      else: [],
    },
  ],
});
const counts = builtTool(
  'counts',
  "for (let i = 0; i < 3; i++) { ctx.progress({ done: i, total: 3, message: 'pages' }); await new Promise((done) => setTimeout(done, 300)); } return {};",
);
const twice = builtWorkflow({
  name: 'twice',
  version: '2.0.0',
  inputs: { cost: { type: 'number' } },
  nodes: [
    { id: 'a', type: 'tool', tool: 'price', args: { cost: '{{ inputs.cost }}' } },
    { id: 'b', type: 'tool', tool: 'price', args: { cost: '{{ a.price }}' } },
  ],
  outputs: { price: '{{ b.price }}' },
});

// A tool of an MCP server that is a program.
const starting = mcpComponent(
  { name: 'files', command: 'npx', args: ['-y', 'files'], env: [], timeoutMs: undefined },
  { tool: 'read', input: { type: 'object' } },
);
const starts: Built = {
  manifest: starting.manifest,
  item: {
    kind: 'tool',
    name: starting.manifest.name,
    version: '1.0.0',
    digest: starting.digest,
    info: { description: 'Reads a file', examples: [] },
  },
  artifacts: [
    [starting.manifest.entry, starting.entry],
    [starting.digest, manifestBytes(starting.manifest)],
  ],
};

const ALL = [price, nap, reader, counts, twice, outside, further, asking, agent, starts];

async function serving() {
  const folder = tempFolder({ 'ice.yaml': 'name: shop\n' });
  const host = await openHost({ cwd: folder, project: 'shop', durability: 'normal', log: () => {} });
  const server = await serve(host, { port: 0 });
  open.push(server);
  const client = createClient({ baseUrl: server.url, token: host.token, project: 'shop' });
  for (const { artifacts } of ALL)
    for (const [digest, bytes] of artifacts) await client.artifacts.put(digest, bytes);
  await client.pushes.create({
    items: ALL.map(({ item }) => item),
    dryRun: false,
    allowPermissions: true,
  });
  return { folder, host, server, client };
}

async function connected(url: string, token: string): Promise<Client> {
  const mcp = new Client({ name: 'test', version: '1.0.0' });
  await mcp.connect(
    new StreamableHTTPClientTransport(new URL(url), {
      requestInit: { headers: { authorization: `Bearer ${token}` } },
    }),
  );
  open.push(mcp);
  return mcp;
}

describe('/mcp', () => {
  test('lists components with their schemas and what they may touch, and a call is a run', async () => {
    const { server, host, client } = await serving();
    const mcp = await connected(`${server.url}/mcp`, host.token);
    const { tools } = await mcp.listTools();
    expect(tools.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['nap', 'price', 'reader', 'twice', 'std.csv-parse']),
    );
    const shown = tools.find(({ name }) => name === 'price');
    expect(shown).toMatchObject({
      inputSchema: { type: 'object', required: ['cost'] },
      annotations: { readOnlyHint: true },
    });
    expect(tools.find(({ name }) => name === 'reader')?.description).toContain('network: api.example.com');

    const answer = await mcp.callTool({ name: 'price', arguments: { cost: 10 } });
    expect(answer).toMatchObject({ structuredContent: { price: 12.5 } });
    const steps: string[] = [];
    const workflow = await mcp.callTool(
      { name: 'twice', arguments: { cost: 16 } },
      { onprogress: ({ message }) => steps.push(message ?? '') },
    );
    expect(JSON.stringify(workflow.content)).toContain('25');
    expect(steps).toEqual(expect.arrayContaining(['a succeeded', 'b succeeded']));
    expect((await client.runs.list()).items.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'twice succeeded',
      'price succeeded',
    ]);
  });

  test('a workflow touches what it calls, however deep: its description, its hints and its _meta say so', async () => {
    const { server, host } = await serving();
    const mcp = await connected(`${server.url}/mcp`, host.token);
    const { tools } = await mcp.listTools();
    const shown = (name: string) => tools.find((tool) => tool.name === name);
    for (const name of ['outside', 'further', 'agent-of-all']) {
      expect(shown(name)?.description).toContain('network: api.example.com');
      expect(shown(name)?.annotations).toEqual({ readOnlyHint: false, openWorldHint: true });
      expect(shown(name)?._meta).toMatchObject({ 'iceos/permissions': { net: ['api.example.com'] } });
    }
    // Starting a program is no reading, whatever the program does.
    expect(shown('mcp.files.read')?.description).toContain('starts npx -y files');
    expect(shown('mcp.files.read')?.annotations).toEqual({ readOnlyHint: false, openWorldHint: true });
    for (const name of ['asking', 'agent-of-all'])
      expect(shown(name)?.description).toContain('models: openai/gpt-5.');
    expect(shown('asking')?.annotations).toEqual({ readOnlyHint: false, openWorldHint: true });
    expect(shown('twice')?.annotations).toEqual({ readOnlyHint: true, openWorldHint: false });
  });

  test('the progress that a tool tells is progress of the call', async () => {
    const { server, host } = await serving();
    const mcp = await connected(`${server.url}/mcp`, host.token);
    const told: string[] = [];
    await mcp.callTool(
      { name: 'counts', arguments: {} },
      { onprogress: ({ message }) => void told.push(message ?? '') },
    );
    expect(told).toEqual(expect.arrayContaining(['counts 1/3 pages']));
  });

  test('wrong arguments and unknown tools are answers that a model can read', async () => {
    const { server, host } = await serving();
    const mcp = await connected(`${server.url}/mcp`, host.token);
    const wrong = await mcp.callTool({ name: 'price', arguments: { cost: 'ten' } });
    expect(wrong.isError).toBe(true);
    expect(JSON.stringify(wrong.content)).toContain('input_invalid');
    expect(await mcp.callTool({ name: 'nothing', arguments: {} })).toMatchObject({ isError: true });
  });

  test('cancelling a call cancels its run', async () => {
    const { server, host, client } = await serving();
    const mcp = await connected(`${server.url}/mcp`, host.token);
    const controller = new AbortController();
    const call = mcp.callTool({ name: 'nap', arguments: {} }, { signal: controller.signal });
    while ((await client.runs.list()).items[0]?.state !== 'running')
      await new Promise((done) => setTimeout(done, 20));
    controller.abort();
    await expect(call).rejects.toThrow();
    const [run] = (await client.runs.list()).items;
    expect(await client.runs.wait(run!.id, { timeoutMs: 120_000 })).toMatchObject({ state: 'cancelled' });
  });

  test('the token decides: none is refused, a viewer may list and not call, read-only hides what touches the world', async () => {
    const { server, client } = await serving();
    await expect(connected(`${server.url}/mcp`, 'ice_nothing')).rejects.toThrow();
    const viewer = await client.tokens.create({ name: 'viewer', role: 'viewer', project: 'shop' });
    const mcp = await connected(`${server.url}/mcp?readOnly=1&std=0`, viewer.secret);
    expect((await mcp.listTools()).tools.map(({ name }) => name)).toEqual([
      'counts',
      'nap',
      'price',
      'twice',
    ]);
    const refused = await mcp.callTool({ name: 'price', arguments: { cost: 1 } });
    expect(refused.isError).toBe(true);
    expect(JSON.stringify(refused.content)).toContain('forbidden');
  });
});

test('ice mcp serves the project over stdio, its verbs included, and ends when the client hangs up', async () => {
  const folder = tempFolder({
    'ice.yaml': 'name: shop\n',
    'tools/price.ts': `import { defineTool } from 'iceos'; import { z } from 'zod';
export default defineTool({ name: 'price', version: '1.0.0', description: 'Prices', input: z.object({ cost: z.number() }), output: z.object({ price: z.number() }), run: ({ cost }) => ({ price: cost * 2 }), examples: [] });`,
  });
  const bin = join(import.meta.dirname, '../../bin/run.js');
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder, ICE_KEYRING: '0' };
  const mcp = new Client({ name: 'test', version: '1.0.0' });
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [bin, 'mcp', '--verbs', '--no-std'],
    cwd: folder,
    env,
  });
  await mcp.connect(transport);
  const names = (await mcp.listTools()).tools.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['ice.validate', 'ice.push', 'ice.run', 'ice.runs.show']));
  const pushed = await mcp.callTool({ name: 'ice.push', arguments: { yes: true } });
  expect(pushed.isError).toBeFalsy();
  expect(await mcp.callTool({ name: 'price', arguments: { cost: 21 } })).toMatchObject({
    structuredContent: { price: 42 },
  });
  const pid = transport.pid!;
  await mcp.close();
  await expect.poll(() => alive(pid)).toBe(false);
});

test('a client that hangs up in the middle of a call leaves a cancelled run and no noise', async () => {
  const folder = tempFolder({
    'ice.yaml': 'name: shop\n',
    'tools/nap.ts': `import { defineTool } from 'iceos'; import { z } from 'zod';
export default defineTool({ name: 'nap', version: '1.0.0', description: 'Sleeps', input: z.object({}), output: z.object({}), run: async () => { await new Promise((done) => setTimeout(done, 50_000)); return {}; }, examples: [] });`,
  });
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder, ICE_KEYRING: '0' };
  await ice(['push', '--yes'], { cwd: folder });
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [join(import.meta.dirname, '../../bin/run.js'), 'mcp', '--no-std'],
    cwd: folder,
    env,
    stderr: 'pipe',
  });
  let said = '';
  transport.stderr!.on('data', (chunk) => {
    said += chunk;
  });
  const mcp = new Client({ name: 'test', version: '1.0.0' });
  await mcp.connect(transport);
  const { promise: started, resolve } = Promise.withResolvers<void>();
  const call = mcp.callTool({ name: 'nap', arguments: {} }, { onprogress: () => resolve() });
  call.catch(() => {});
  await started;
  const pid = transport.pid!;
  await mcp.close();
  await expect.poll(() => alive(pid)).toBe(false);
  expect(said.trim().split('\n')).toEqual([expect.stringContaining('Serving MCP')]);
  const { json } = await ice(['runs', 'list', '--json'], { cwd: folder });
  expect(json).toMatchObject({ items: [{ name: 'nap', state: 'cancelled' }] });
});

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
