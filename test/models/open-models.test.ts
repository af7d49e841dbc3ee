import { execFileSync } from 'node:child_process';
import { afterEach, expect, test } from 'vitest';
import { openModels, readEndpoints, readLimits, readTimeout } from '../../src/models/open-models.ts';
import { secretOfModel } from '../../src/models/providers/catalog.ts';
import { type FakeProvider, startFakeProvider } from '../support/fake-providers/server.ts';
import { checkSchema } from './check-schema.ts';

let fake: FakeProvider | undefined;
afterEach(async () => {
  await fake?.close();
  fake = undefined;
});

const request = {
  messages: [{ role: 'user' as const, content: 'Hi' }],
  seed: 's',
  signal: new AbortController().signal,
};

test('a named endpoint is a provider with a key and a price of its own; keys are asked for by project', async () => {
  fake = await startFakeProvider('chat', [{ say: { text: 'Hello', usage: { input: 1000, output: 100 } } }]);
  const asked: string[] = [];
  const models = openModels({
    settings: {
      endpoints: `my-llm=${fake.url}/v1`,
      prices: '{ "my-llm/*": { "input": 2, "output": 3 } }',
      limits: 'my-llm/*=concurrency:1',
    },
    env: {},
    keyOf: async (name, project) => {
      asked.push(`${project}:${name}`);
      return name === 'MY_LLM_API_KEY' ? 'the-key' : undefined;
    },
    checkSchema,
  });
  const reply = await models.generate('my-llm/some/model', { ...request, project: 'demo' });
  expect(reply).toMatchObject({ text: 'Hello', model: 'my-llm/some/model', cost: 0.0023 });
  expect(asked).toEqual(['demo:MY_LLM_API_KEY']);
  expect(fake.asked[0]!.headers['authorization']).toBe('Bearer the-key');
  expect(fake.asked[0]!.body['model']).toBe('some/model');
});

test('addresses come from the environment that is handed in', async () => {
  fake = await startFakeProvider('anthropic', [{ say: { text: 'Hello' } }]);
  const models = openModels({ env: { ANTHROPIC_BASE_URL: fake.url }, keyOf: async () => 'k', checkSchema });
  expect((await models.generate('anthropic/claude-sonnet-4-5', request)).cost).toBeGreaterThan(0);
  expect(fake.asked[0]!.path).toBe('/v1/messages');
});

test('a structured answer is mended over the wire', async () => {
  fake = await startFakeProvider('chat', [
    { say: { text: 'Sure: {"n": "one"}' } },
    { say: { text: '```json\n{"n":1}\n```' } },
  ]);
  const models = openModels({
    env: { OPENAI_COMPATIBLE_BASE_URL: fake.url },
    keyOf: async () => undefined,
    checkSchema,
  });
  const output = { type: 'object', required: ['n'], properties: { n: { type: 'integer' } } };
  const reply = await models.generate('openai-compatible/m', { ...request, output });
  expect(reply).toMatchObject({ object: { n: 1 }, usage: { inputTokens: 24, outputTokens: 14 } });
  expect(JSON.stringify(fake.asked[1]!.body['messages'])).toContain('does not match');
});

test('a fallback is taken when a provider is down', async () => {
  fake = await startFakeProvider('responses', [{ status: 503 }]);
  const models = openModels({ env: { OPENAI_BASE_URL: fake.url }, keyOf: async () => 'k', checkSchema });
  const reply = await models.generate('openai/gpt-5', { ...request, fallback: ['echo/default'] });
  expect(reply).toMatchObject({ text: 'Hi', model: 'echo/default' });
});

test.each([
  ['ollama', /'ollama' is no name=address/],
  ['ollama=localhost:11434', /no name=address/],
  ['ollama=file:///etc/passwd', /no name=address/],
  ['openai=https://x.example', /already/],
  ['a=http://x b=http://y a=http://z', /already/],
])('endpoints: %s is refused', (text, message) => {
  expect(() => readEndpoints(text)).toThrow(message);
});

test('silence is a length of time', () => {
  expect([readTimeout('120s'), readTimeout('1500'), readTimeout(''), readTimeout(undefined)]).toEqual([
    120_000,
    1500,
    undefined,
    undefined,
  ]);
  for (const text of ['soon', '0', '-1s', '2h', '1e9'])
    expect(() => readTimeout(text), text).toThrow(/ICE_MODEL_TIMEOUT/);
});

test('limits are read, and refused by their part', () => {
  expect(readLimits('openai/* = concurrency:4, requestsPerMinute:60; *=concurrency:20;')).toEqual({
    'openai/*': { concurrency: 4, requestsPerMinute: 60 },
    '*': { concurrency: 20 },
  });
  for (const text of ['openai', 'openai/*=4', '*=concurrency:0', '*=speed:3', '*=concurrency:x'])
    expect(() => readLimits(text), text).toThrow(/ICE_MODEL_LIMITS: '/);
});

test('which secret a model needs is known without asking anyone', () => {
  expect(secretOfModel('openai/gpt-5')).toEqual(['OPENAI_API_KEY']);
  for (const model of ['echo/default', 'openai-compatible/x', 'constructor/x', ''])
    expect(secretOfModel(model)).toBeUndefined();
});

test('echo loads no package of a provider', () => {
  const code = `
    import { registerHooks } from 'node:module';
    const loaded = [];
    registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context); } });
    const { openModels } = await import('./src/models/open-models.ts');
    const models = openModels({ env: {}, keyOf: async () => undefined, checkSchema: () => undefined });
    await models.generate('echo/default', { messages: [{ role: 'user', content: 'x' }], seed: '', signal: new AbortController().signal });
    console.log(JSON.stringify(loaded.filter((url) => url.includes('node_modules'))));
  `;
  const out = execFileSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' });
  const packages = new Set(
    (JSON.parse(out) as string[]).map((url) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)![1]),
  );
  expect([...packages]).toEqual(['zod']);
});
