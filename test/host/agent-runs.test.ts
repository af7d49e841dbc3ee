import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Client } from '../../src/client/client.ts';
import type { AnyRunEvent } from '../../src/contracts/events.ts';
import type { Run } from '../../src/contracts/runs.ts';
import type { Host } from '../../src/host/open.ts';
import { type Built, builtTool, builtWorkflow } from '../suites/client-components.ts';
import { type Act, type FakeProvider, startFakeProvider } from '../support/fake-providers/server.ts';
import { openShop } from '../support/local-host.ts';

/** Models and agents as a user meets them: a host on a real file, tools in real children, providers over real sockets. */

const KEY = 'sk-live-0123456789abcdef';
let folder: string;
let host: Host;
let client: Client;
let fake: FakeProvider | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ice agents '));
});
afterEach(async () => {
  await host.close();
  await fake?.close();
  fake = undefined;
  rmSync(folder, { recursive: true });
});

async function start(env: Record<string, string> = {}): Promise<void> {
  ({ host, client } = await openShop(folder, env));
}

async function register(...all: Built[]): Promise<void> {
  for (const { artifacts } of all)
    for (const [digest, bytes] of artifacts) await client.artifacts.put(digest, bytes);
  const { applied } = await client.pushes.create({ items: all.map(({ item }) => item), dryRun: false });
  expect(applied).toBe(true);
}

async function run(name: string, inputs: Run['inputs'] = {}, more: object = {}): Promise<Run> {
  const { id } = await client.runs.create({ ref: `workflow/${name}`, inputs, ...more });
  await host.drive(id);
  return client.runs.get(id);
}

async function eventsOf(id: string): Promise<AnyRunEvent[]> {
  return host.stores.runs.events('shop', id);
}

const price = builtTool('price', 'return { price: input.cost * 1.25 };', {
  input: {
    type: 'object',
    required: ['cost'],
    properties: { cost: { type: 'number' } },
    additionalProperties: false,
  },
  output: { type: 'object', required: ['price'], properties: { price: { type: 'number' } } },
});
const agent = (more: object = {}) =>
  builtWorkflow({
    name: 'sell',
    inputs: { question: { type: 'string' } },
    nodes: [
      {
        id: 'clerk',
        type: 'agent',
        model: 'openai-compatible/some-model',
        system: 'You sell things',
        tools: ['price'],
        input: '{{ inputs.question }}',
        ...more,
      },
    ],
    outputs: { answer: '{{ clerk.text }}', cost: '{{ clerk.cost }}', steps: '{{ clerk.steps }}' },
  });
const calls = (cost: unknown, id = 'c1'): Act => ({
  say: { toolCalls: [{ id, name: 'price', input: { cost } as never }] },
});

test('an agent calls a real tool, is told of its wrong arguments, and answers', async () => {
  fake = await startFakeProvider('chat', [calls('ten'), calls(10, 'c2'), { say: { text: 'It is 12.50' } }]);
  await start({ OPENAI_COMPATIBLE_BASE_URL: fake.url });
  await register(price, agent());
  const done = await run('sell', { question: 'How much is the cup?' });
  expect(done.error).toBeNull();
  expect(done.outputs).toMatchObject({ answer: 'It is 12.50', steps: 3 });
  expect(done.usage).toEqual({ inputTokens: 36, outputTokens: 21 });
  const steps = (await eventsOf(done.id)).filter((event) => event.type === 'node.step');
  expect(steps.map((event) => event.data.kind)).toEqual(['model', 'tool', 'model', 'tool', 'model']);
  expect(steps[1]!.data.result).toMatchObject({ error: { code: 'input_invalid' } });
  expect(steps[3]!.data.result).toEqual({ price: 12.5 });
  const told = fake.asked[1]!.body['messages'] as { role: string; content: string }[];
  expect(told.at(-1)).toMatchObject({ role: 'tool', content: expect.stringContaining('input_invalid') });
});

test('a worker that stops in the middle: the next goes on, and pays for nothing twice', async () => {
  fake = await startFakeProvider('chat', (_, count) =>
    count === 1
      ? calls(10)
      : count === 2
        ? calls(20, 'c2')
        : count === 3
          ? { hang: 'before' }
          : { say: { text: 'Both priced' } },
  );
  const env = { OPENAI_COMPATIBLE_BASE_URL: fake.url };
  await start(env);
  await register(price, agent());
  const { id } = await client.runs.create({ ref: 'workflow/sell', inputs: { question: 'Two cups?' } });
  const driven = host.drive(id).catch(() => {});
  while (fake.asked.length < 3) await new Promise(setImmediate);
  await host.close();
  await driven;
  await start(env);
  await host.drive(id);
  const done = await client.runs.get(id);
  expect(done).toMatchObject({ state: 'succeeded', outputs: { answer: 'Both priced', steps: 3 } });
  // Two before, the one that was in flight twice.
  expect(fake.asked).toHaveLength(4);
  const events = await eventsOf(id);
  const steps = events.filter((event) => event.type === 'node.step');
  expect(steps.map((event) => event.data.index)).toEqual([0, 1, 2, 3, 4]);
  expect(done.usage).toEqual({ inputTokens: 36, outputTokens: 21 });
  expect(events.map((event) => event.seq)).toEqual(events.map((_, i) => i + 1));
});

describe('budgets', () => {
  const flow = (name: string, nodes: object[], more: object = {}) => builtWorkflow({ name, nodes, ...more });
  const say = (id: string, prompt: string) => ({ id, type: 'llm', model: 'echo/default', prompt });

  test('a run stops before it spends more, and says so', async () => {
    await start();
    const long = 'word '.repeat(1000);
    await register(
      flow('long', [say('a', long), { ...say('b', `{{ a.text }}`) }, { ...say('c', '{{ b.text }}') }], {
        maxCost: 0.01,
      }),
    );
    const done = await run('long');
    expect(done).toMatchObject({ state: 'failed', error: { code: 'budget_exceeded' } });
    expect(done.cost).toBeLessThanOrEqual(0.01);
    expect(done.cost).toBeGreaterThan(0.005);
  });

  test("an agent's own maxCost holds over its steps", async () => {
    fake = await startFakeProvider('chat', (_, count) => calls(count, `c${count}`));
    await start({
      OPENAI_COMPATIBLE_BASE_URL: fake.url,
      ...(await prices({ 'openai-compatible/*': { input: 1000, output: 1000 } })),
    });
    await register(price, agent({ maxCost: 0.15, maxSteps: 50 }));
    const done = await run('sell', { question: 'Price all' });
    expect(done).toMatchObject({ state: 'failed', error: { code: 'budget_exceeded' } });
    // Each call costs 0.019; before the next its prompt, which grows, is estimated at 0.05 and more.
    expect(fake.asked.length).toBeGreaterThan(0);
    expect(fake.asked.length).toBeLessThanOrEqual(7);
    expect(done.cost).toBeGreaterThan(0);
    expect(done.cost).toBeLessThanOrEqual(0.15);
  });

  async function prices(table: object): Promise<Record<string, string>> {
    const { writeFileSync } = await import('node:fs');
    writeFileSync(join(folder, 'prices.json'), JSON.stringify(table));
    return { ICE_MODEL_PRICES: join(folder, 'prices.json') };
  }
});

test('a 429 is tried again after what the provider says, by the retry of the node; attempts are journalled', async () => {
  fake = await startFakeProvider('chat', [
    { status: 429, headers: { 'retry-after': '0.01' } },
    { status: 500 },
    { say: { text: 'At last' } },
  ]);
  await start({ OPENAI_COMPATIBLE_BASE_URL: fake.url });
  await register(
    builtWorkflow({
      name: 'retry',
      nodes: [
        {
          id: 'ask',
          type: 'llm',
          model: 'openai-compatible/m',
          prompt: 'Hi',
          retry: { maxAttempts: 3, initial: '10ms' },
        },
      ],
      outputs: { text: '{{ ask.text }}' },
    }),
  );
  const done = await run('retry');
  expect(done.outputs).toEqual({ text: 'At last' });
  const retries = (await eventsOf(done.id)).filter((event) => event.type === 'node.retrying');
  expect(retries.map((event) => event.data.error.code)).toEqual(['provider_failed', 'provider_failed']);
});

test("a project's key is a secret: used, and found nowhere", async () => {
  fake = await startFakeProvider('responses', [
    { say: { text: `Your key is ${KEY}` } },
    { status: 401, message: `Bad key ${KEY}` },
  ]);
  await start({ OPENAI_BASE_URL: fake.url });
  await client.secrets.put('OPENAI_API_KEY', { value: KEY });
  await register(
    builtWorkflow({ name: 'ask', nodes: [{ id: 'a', type: 'llm', model: 'openai/gpt-5', prompt: 'Hi' }] }),
  );
  await run('ask');
  expect(fake.asked[0]!.headers['authorization']).toBe(`Bearer ${KEY}`);
  const failed = await run('ask');
  expect(failed).toMatchObject({ state: 'failed', error: { code: 'provider_rejected' } });
  expect(JSON.stringify(await eventsOf(failed.id))).not.toContain(KEY);
  expect(JSON.stringify(await client.secrets.list())).not.toContain(KEY);
});

test('without a key nothing starts, and it says what to set', async () => {
  await start();
  await register(
    builtWorkflow({
      name: 'ask',
      nodes: [{ id: 'a', type: 'llm', model: 'anthropic/claude-sonnet-4-5', prompt: 'Hi' }],
    }),
  );
  await expect(run('ask')).rejects.toMatchObject({
    code: 'secret_missing',
    hint: expect.stringContaining('ice secret set ANTHROPIC_API_KEY'),
  });
});

test('agents of one run share their memory', async () => {
  fake = await startFakeProvider('chat', [{ say: { text: 'Hello Ann' } }, { say: { text: 'You are Ann' } }]);
  await start({ OPENAI_COMPATIBLE_BASE_URL: fake.url });
  const node = (id: string, input: string) => ({
    id,
    type: 'agent',
    model: 'openai-compatible/m',
    memory: 'run',
    input,
  });
  await register(
    builtWorkflow({
      name: 'talk',
      nodes: [node('one', 'I am Ann'), { ...node('two', 'Who am I?'), needs: ['one'] }],
    }),
  );
  expect((await run('talk')).state).toBe('succeeded');
  const messages = fake.asked[1]!.body['messages'] as { content: string }[];
  expect(messages.map((message) => message.content)).toEqual(['I am Ann', 'Hello Ann', 'Who am I?']);
});

test('two runs of an agent over echo have the same steps', async () => {
  await start();
  const script = [{ toolCalls: [{ name: 'price', input: { cost: 8 } }] }, 'It is ten'];
  await register(price, agent({ model: 'echo/script', script }));
  const stepsOf = async (id: string) =>
    JSON.stringify(
      (await eventsOf(id))
        .filter((event) => event.type === 'node.step')
        .map((event) => [event.path, event.data]),
    );
  const [one, two] = [await run('sell', { question: 'x' }), await run('sell', { question: 'x' })];
  expect(one.outputs).toMatchObject({ answer: 'It is ten', steps: 2 });
  expect(await stepsOf(one.id)).toBe(await stepsOf(two.id));
});

test('the files of the target hold no key, not even while it is used', async () => {
  fake = await startFakeProvider('responses', [{ say: { text: 'fine' } }]);
  await start({ OPENAI_BASE_URL: fake.url });
  await client.secrets.put('OPENAI_API_KEY', { value: KEY });
  await register(
    builtWorkflow({ name: 'ask', nodes: [{ id: 'a', type: 'llm', model: 'openai/gpt-5', prompt: 'Hi' }] }),
  );
  await run('ask');
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const bytes = readFileSync(join(entry.parentPath, entry.name));
    for (const form of [KEY, Buffer.from(KEY).toString('base64'), Buffer.from(KEY).toString('hex')])
      expect(bytes.includes(form), entry.name).toBe(false);
  }
});
