import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Client, createClient } from '../../src/client/client.ts';
import { type Host, openHost } from '../../src/host/open.ts';
import { builtTool, builtWorkflow } from '../suites/client-components.ts';

/** What a run lacks is said before anything of it runs. */

let folder: string;
let host: Host;
let client: Client;
const start = async (env: Record<string, string> = {}): Promise<void> => {
  host = await openHost({ cwd: folder, local: true, env, project: 'shop', log: () => {} });
  const { fetch, token } = host;
  client = createClient({ baseUrl: 'http://ice.local', fetch, token, project: 'shop' });
};
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ice start '));
});
afterEach(async () => {
  await host.close();
  rmSync(folder, { recursive: true });
});

const tool = builtTool('signed', 'return { size: ctx.secrets.SHOP_KEY.length };', {
  input: { type: 'object', properties: {}, additionalProperties: false },
  output: { type: 'object', required: ['size'], properties: { size: { type: 'number' } } },
  permissions: { net: [], secrets: ['SHOP_KEY'], limits: {} },
});
const flow = (more: object) =>
  builtWorkflow({
    name: 'flow',
    nodes: [
      { id: 'first', type: 'set', values: { a: 1 } },
      // Deep in a branch, which may never be taken: nobody knows before it runs.
      {
        id: 'maybe',
        type: 'condition',
        expression: '{{ first.a > 5 }}',
        then: [{ id: 'ask', type: 'llm', prompt: 'Hello {{ first.a }}', ...more }],
        else: [{ id: 'sign', type: 'tool', tool: 'signed', args: {} }],
      },
    ],
  });
async function push(more: object): Promise<void> {
  const all = [tool, flow(more)];
  for (const { artifacts } of all)
    for (const [digest, bytes] of artifacts) await client.artifacts.put(digest, bytes);
  await client.pushes.create({ items: all.map(({ item }) => item), dryRun: false });
}
const asked = (more: { maxCost?: number } = {}) =>
  client.runs.create({ ref: 'workflow/flow', inputs: {}, ...more });

test('all that is missing, with the commands that set it, and no run is made', async () => {
  await start();
  await push({ model: 'openai/gpt-5' });
  await expect(asked()).rejects.toMatchObject({
    code: 'secret_missing',
    details: { secrets: ['SHOP_KEY', 'OPENAI_API_KEY'] },
    hint: 'ice secret set SHOP_KEY && ice secret set OPENAI_API_KEY',
  });
  expect((await client.runs.list({})).items).toEqual([]);
  // In the vault or in the environment of one's own machine.
  await client.secrets.put('SHOP_KEY', { value: 'abcdef' });
  await expect(asked()).rejects.toMatchObject({ details: { secrets: ['OPENAI_API_KEY'] } });
  await host.close();
  await start({ OPENAI_API_KEY: 'sk-x' });
  const { id } = await asked();
  await host.drive(id);
  expect((await client.runs.get(id)).state).toBe('succeeded');
});

test('a fallback that needs no key, and any one name of a key, are enough', async () => {
  await start({ SHOP_KEY: 'abcdef' });
  await push({ model: 'openai/gpt-5', fallback: ['echo/default'] });
  await expect(asked()).resolves.toMatchObject({ name: 'flow' });
  await host.close();
  await start({ SHOP_KEY: 'abcdef', GEMINI_API_KEY: 'x' });
  const google = flow({ model: 'google/gemini-2.5-flash' });
  for (const [digest, bytes] of google.artifacts) await client.artifacts.put(digest, bytes);
  await expect(client.runs.create({ digest: google.item.digest, inputs: {} })).resolves.toMatchObject({
    name: 'flow',
  });
});

test('a provider that is not there', async () => {
  await start({ SHOP_KEY: 'abcdef' });
  await push({ model: 'openai/gpt-5', fallback: ['opnai/gpt-5'] });
  await expect(asked()).rejects.toMatchObject({
    code: 'provider_missing',
    hint: expect.stringContaining("Did you mean 'openai'?"),
  });
  expect((await client.runs.list({})).items).toEqual([]);
});

test('a model without a price, when there is a budget; without one it may be asked', async () => {
  await start({ SHOP_KEY: 'abcdef', OPENAI_API_KEY: 'sk-x' });
  await push({ model: 'openai/gpt-5', fallback: ['openai/of-our-own'] });
  await expect(asked({ maxCost: 1 })).rejects.toMatchObject({
    code: 'budget_exceeded',
    message: 'openai/of-our-own has no price, so the budget cannot be kept',
    hint: expect.stringContaining('ICE_MODEL_PRICES'),
  });
  expect((await client.runs.list({})).items).toEqual([]);
  await expect(asked()).resolves.toMatchObject({ name: 'flow' });
});
