import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach } from 'vitest';
import { type Client, createClient } from '../../src/client/client.ts';
import type { AnyRunEvent } from '../../src/contracts/events.ts';
import type { Json } from '../../src/contracts/json.ts';
import type { CreateRun } from '../../src/contracts/requests/runs.ts';
import type { Run } from '../../src/contracts/runs.ts';
import { type Host, openHost } from '../../src/host/open.ts';
import { type Built, builtTool, builtWorkflow } from '../suites/client-components.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** What the tests of this folder share: ice as a whole, over a real SQLite file, used through its public client. */
export interface Shop {
  folder: string;
  host: Host;
  client: Client;
  push(...components: Built[]): Promise<void>;
  /** Runs a workflow (or `tool/name`) to its end, and reads it back from the store. */
  run(ref: string, inputs?: Record<string, Json>, more?: Partial<CreateRun>): Promise<Run>;
  events(runId: string): Promise<AnyRunEvent[]>;
}

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

export async function openShop(folder: string = tempFolder()): Promise<Shop> {
  const host = await openHost({
    cwd: folder,
    durability: 'normal',
    local: true,
    env: {},
    project: 'shop',
    log: () => {},
  });
  open.push(host);
  const client = createClient({
    baseUrl: 'http://ice.local',
    fetch: host.fetch,
    token: host.token,
    project: 'shop',
  });
  return {
    folder,
    host,
    client,
    async push(...components) {
      for (const { artifacts } of components)
        for (const [digest, bytes] of artifacts) await client.artifacts.put(digest, bytes);
      await client.pushes.create({ items: components.map(({ item }) => item), dryRun: false });
    },
    async run(ref, inputs = {}, more = {}) {
      const { id } = await client.runs.create({
        ref: ref.includes('/') ? ref : `workflow/${ref}`,
        inputs,
        ...more,
      });
      await host.drive(id);
      return client.runs.get(id);
    },
    events: (runId) => client.runs.events(runId),
  };
}

/** Closes a shop before its time, for a test that opens the same folder again. */
export async function close(shop: Shop): Promise<void> {
  open.splice(open.indexOf(shop.host), 1);
  await shop.host.close();
}

/** A workflow of the given nodes, named `flow`. */
export const flow = (
  nodes: unknown[],
  outputs: Record<string, unknown> = {},
  more: Record<string, unknown> = {},
): Built => builtWorkflow({ name: 'flow', version: '1.0.0', nodes, outputs, ...more });

/** A real server that counts what calls it, by path: the effects that a run had on the world. */
export async function countingServer(
  answer: (path: string, nth: number) => { status?: number; body?: Json } = () => ({}),
) {
  const calls: string[] = [];
  const server: Server = createServer((request, response) => {
    const path = request.url ?? '';
    calls.push(path);
    const { status = 200, body = { path } } = answer(path, calls.filter((call) => call === path).length);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const port = (server.address() as AddressInfo).port;
  open.push({
    close: () => {
      server.closeAllConnections();
      return new Promise((done) => server.close(done));
    },
  });
  /** A tool that calls the server with its `path`, and fails when the answer is no 2xx. */
  const tool = builtTool(
    'call',
    `const answer = await ctx.fetch('http://127.0.0.1:${port}/' + input.path);
     if (!answer.ok) throw new Error('the server said ' + answer.status);
     return await answer.json();`,
    {
      input: { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] },
      output: { type: 'object' },
      permissions: { net: [`127.0.0.1:${port}`] },
    },
  );
  return { calls, tool, port };
}
