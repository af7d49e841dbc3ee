import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Client, createClient } from '../../src/client/client.ts';
import { type Host, openHost } from '../../src/host/open.ts';
import { builtTool, builtWorkflow } from '../suites/client-components.ts';

/** `writeOnly` inputs through a whole host on a real file: what the tool gets, what is kept, what anybody sees. */

const SECRET = 'hunter2-is-no-password/+=';
const forms = [
  SECRET,
  Buffer.from(SECRET).toString('base64').slice(0, 30),
  encodeURIComponent(SECRET),
  Buffer.from(SECRET).toString('hex'),
];
let folder: string;
let host: Host;
let client: Client;
const start = async (options: { local?: boolean; env?: Record<string, string> } = {}): Promise<void> => {
  host = await openHost({ cwd: folder, local: true, env: {}, project: 'shop', log: () => {}, ...options });
  const { fetch, token } = host;
  client = createClient({ baseUrl: 'http://ice.local', fetch, token, project: 'shop' });
};
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ice inputs '));
});
afterEach(async () => {
  await host.close();
  rmSync(folder, { recursive: true });
});

const tool = builtTool(
  'login',
  `ctx.log('with ' + input.key);
   ctx.log('encoded ' + encodeURIComponent(input.key));
   if (input.fail) throw new Error('refused: ' + input.key);
   return { size: input.key.length, said: 'Bearer ' + input.key };`,
  {
    input: {
      type: 'object',
      required: ['key'],
      properties: { key: { type: 'string' }, fail: { type: 'boolean' } },
      additionalProperties: false,
    },
    output: {
      type: 'object',
      required: ['size', 'said'],
      properties: { size: { type: 'number' }, said: { type: 'string' } },
    },
  },
);
const flow = builtWorkflow({
  name: 'enter',
  inputs: { key: { type: 'string', writeOnly: true }, fail: { type: 'boolean', default: false } },
  nodes: [
    { id: 'first', type: 'tool', tool: 'login', args: { key: '{{ inputs.key }}' } },
    // What the first one said goes on whole, also after another process read it from the store.
    { id: 'second', type: 'set', values: { again: '{{ first.said }}' } },
    {
      id: 'third',
      type: 'tool',
      tool: 'login',
      args: { key: '{{ second.again }}', fail: '{{ inputs.fail }}' },
    },
  ],
  outputs: { size: '{{ third.size }}', said: '{{ third.said }}' },
} as Parameters<typeof builtWorkflow>[0]);

async function push(): Promise<void> {
  for (const { artifacts } of [tool, flow])
    for (const [digest, bytes] of artifacts) await client.artifacts.put(digest, bytes);
  await client.pushes.create({ items: [tool.item, flow.item], dryRun: false });
}

function kept(): string {
  return readdirSync(join(folder, '.ice'))
    .filter((name) => name.startsWith('ice.db'))
    .map((name) => readFileSync(join(folder, '.ice', name), 'latin1'))
    .join('');
}

const followed = async (id: string): Promise<string> => {
  const all: unknown[] = [];
  for await (const event of client.runs.follow(id)) all.push(event);
  return JSON.stringify(all);
};

test('the tool gets it; the database, the events, the run and its errors do not have it', async () => {
  await start();
  await push();
  for (const fail of [false, true]) {
    const { id } = await client.runs.create({ ref: 'workflow/enter', inputs: { key: SECRET, fail } });
    const live = followed(id);
    await host.drive(id);
    const run = await client.runs.get(id);
    expect(run.inputs['key']).toBe('***');
    if (fail) expect(run).toMatchObject({ state: 'failed', error: { code: 'tool_failed' } });
    else expect(run.outputs).toEqual({ size: `Bearer ${SECRET}`.length, said: 'Bearer Bearer ***' });
    const seen = `${await live}${await followed(id)}${JSON.stringify([run, await client.runs.list({})])}`;
    expect(seen).toContain('with ***');
    for (const form of forms) expect(seen).not.toContain(form);
  }
  expect(kept()).toContain('ice:sealed:');
  for (const form of forms) expect(kept()).not.toContain(form);
});

test('a run that another process goes on with has its values', async () => {
  await start();
  await push();
  const { id } = await client.runs.create({ ref: 'workflow/enter', inputs: { key: SECRET } });
  await host.close();
  await start();
  await host.drive(id);
  expect((await client.runs.get(id)).outputs).toMatchObject({ size: `Bearer ${SECRET}`.length });
  // Read back by a process that never had them in its hands.
  await host.close();
  await start();
  const seen = `${await followed(id)}${JSON.stringify(await client.runs.get(id))}`;
  expect(seen).toContain('Bearer ***');
  for (const form of forms) expect(seen + kept()).not.toContain(form);
});

test('a server without a master key takes no such input, and says what to do', async () => {
  await start({ local: false });
  await push();
  await expect(client.runs.create({ ref: 'workflow/enter', inputs: { key: SECRET } })).rejects.toMatchObject({
    code: 'machine',
    hint: expect.stringContaining('ICE_MASTER_KEY'),
  });
  expect((await client.runs.list({})).items).toEqual([]);
});
