import { afterEach, describe, expect, test } from 'vitest';
import type { IceError } from '../../../src/contracts/errors.ts';
import type { ModelReply, ModelRequest } from '../../../src/models/port.ts';
import { type AiSdkOptions, createAiSdkProvider, isStrict } from '../../../src/models/providers/ai-sdk.ts';
import type { ProviderName } from '../../../src/models/providers/catalog.ts';
import type { ProtocolName } from '../../support/fake-providers/protocols.ts';
import {
  type Act,
  type Asked,
  type FakeProvider,
  startFakeProvider,
} from '../../support/fake-providers/server.ts';

const KEY = 'sk-test-0123456789abcdef';
let fake: FakeProvider | undefined;
afterEach(async () => {
  await fake?.close();
  fake = undefined;
});

interface Case {
  provider: ProviderName;
  protocol: ProtocolName;
  base: string;
  /** Where the request must arrive, and how the key travels. */
  path: string;
  key: [header: string, value: string];
  maxTokens: (body: Asked['body']) => unknown;
  tool: (body: Asked['body']) => unknown;
}

const CASES: Case[] = [
  {
    provider: 'openai-compatible',
    protocol: 'chat',
    base: '/v1',
    path: '/v1/chat/completions',
    key: ['authorization', `Bearer ${KEY}`],
    maxTokens: (body) => body['max_tokens'],
    tool: (body) => (body['tools'] as { function: { name: string } }[])[0]!.function.name,
  },
  {
    provider: 'openai',
    protocol: 'responses',
    base: '/v1',
    path: '/v1/responses',
    key: ['authorization', `Bearer ${KEY}`],
    maxTokens: (body) => body['max_output_tokens'],
    tool: (body) => (body['tools'] as { name: string }[])[0]!.name,
  },
  {
    provider: 'anthropic',
    protocol: 'anthropic',
    base: '',
    path: '/v1/messages',
    key: ['x-api-key', KEY],
    maxTokens: (body) => body['max_tokens'],
    tool: (body) => (body['tools'] as { name: string }[])[0]!.name,
  },
  {
    provider: 'google',
    protocol: 'google',
    base: '/v1beta',
    path: '/v1beta/models/some-model:streamGenerateContent?alt=sse',
    key: ['x-goog-api-key', KEY],
    maxTokens: (body) => (body['generationConfig'] as { maxOutputTokens: number }).maxOutputTokens,
    tool: (body) =>
      (body['tools'] as { functionDeclarations: { name: string }[] }[])[0]!.functionDeclarations[0]!.name,
  },
];

const request = (more: Partial<ModelRequest> = {}): ModelRequest => ({
  model: 'some-model',
  messages: [
    { role: 'system', content: 'Be brief' },
    { role: 'user', content: 'Hello' },
  ],
  seed: 's',
  signal: new AbortController().signal,
  ...more,
});

const priceTool = {
  name: 'price',
  description: 'Prices an item',
  input: { type: 'object', required: ['cost'], properties: { cost: { type: 'number' } } },
};

describe.each(CASES)('$provider', (at) => {
  async function ask(acts: Act[], more: Partial<ModelRequest> = {}, options: Partial<AiSdkOptions> = {}) {
    fake = await startFakeProvider(at.protocol, acts);
    const provider = createAiSdkProvider({
      protocol: at.provider,
      baseUrl: fake.url + at.base,
      keyOf: async () => KEY,
      ...options,
    });
    return provider.generate(request(more));
  }
  const fail = async (
    acts: Act[],
    more?: Partial<ModelRequest>,
    options?: Partial<AiSdkOptions>,
  ): Promise<IceError> => {
    const error = await ask(acts, more, options).then(
      () => undefined,
      (reason: IceError) => reason,
    );
    expect(error, 'the call must fail').toBeDefined();
    // Whatever happens, the key is in no part of it.
    expect(JSON.stringify([error!.toBody(), error!.message, error!.stack, error!.cause])).not.toContain(KEY);
    return error!;
  };

  test('streams text, and says usage and end', async () => {
    const deltas: string[] = [];
    const reply = await ask([{ say: { text: 'Hello, wörld', usage: { input: 30, output: 4 } } }], {
      onDelta: (text) => deltas.push(text),
      temperature: 0.5,
      maxTokens: 77,
    });
    expect(reply).toMatchObject({
      text: 'Hello, wörld',
      usage: { inputTokens: 30, outputTokens: 4 },
      finishReason: 'stop',
    });
    expect(deltas.join('')).toBe('Hello, wörld');
    expect(deltas.length).toBeGreaterThan(1);
    const seen = fake!.asked[0]!;
    expect(seen.path).toBe(at.path);
    expect(seen.headers[at.key[0]]).toBe(at.key[1]);
    expect(at.maxTokens(seen.body)).toBe(77);
    expect(JSON.stringify(seen.body)).toContain('Be brief');
  });

  test('says that the answer was cut', async () => {
    expect((await ask([{ say: { text: 'Hel', finish: 'length' } }])).finishReason).toBe('length');
  });

  test('calls tools, and takes their results back', async () => {
    const first = await ask(
      [
        { say: { text: 'Let me see', toolCalls: [{ id: 'call_1', name: 'price', input: { cost: 10 } }] } },
        { say: { text: 'It is 12.50' } },
      ],
      { tools: [priceTool] },
    );
    expect(first).toMatchObject({
      toolCalls: [{ name: 'price', input: { cost: 10 } }],
      finishReason: 'tool-calls',
    });
    expect(at.tool(fake!.asked[0]!.body)).toBe('price');
    const call = first.toolCalls![0]!;
    const provider = createAiSdkProvider({
      protocol: at.provider,
      baseUrl: fake!.url + at.base,
      keyOf: async () => KEY,
    });
    const second = await provider.generate(
      request({
        tools: [priceTool],
        messages: [
          ...request().messages,
          { role: 'assistant', content: first.text, toolCalls: first.toolCalls!, carry: first.carry },
          { role: 'tool', toolCallId: call.id, name: 'price', content: { price: 12.5 } },
        ],
      }),
    );
    expect(second.text).toBe('It is 12.50');
    const sent = JSON.stringify(fake!.asked[1]!.body);
    for (const part of ['Let me see', 'price', '12.5']) expect(sent).toContain(part);
    if (at.provider !== 'google') expect(sent).toContain(call.id);
  });

  test('asks for structured output, of any type', async () => {
    const output = { type: 'object', required: ['n'], properties: { n: { type: 'integer' } } };
    await ask([{ say: { text: '{"n":1}' } }], { output });
    expect(JSON.stringify(fake!.asked[0]!.body)).toContain('"integer"');
    await fake!.close();
    const list = await ask([{ say: { text: '{"value":[1,2]}' } }], {
      output: { type: 'array', items: { type: 'integer' } },
    });
    expect(list.object).toEqual([1, 2]);
  });

  test('429 may be retried after what the provider says', async () => {
    expect(
      await fail([{ status: 429, message: `Slow down, ${KEY}`, headers: { 'retry-after': '7' } }]),
    ).toMatchObject({
      code: 'provider_failed',
      terminal: false,
      retryAfterMs: 7000,
      message: `${at.provider}/some-model answered 429: Slow down, ***`,
      details: { status: 429 },
    });
    // One try of ours is one request: the library's own retries would hide attempts from the journal.
    expect(fake!.asked).toHaveLength(1);
  });

  test('5xx may be retried', async () => {
    for (const status of [500, 503, 529]) {
      expect(await fail([{ status, message: 'Oh no' }])).toMatchObject({
        code: 'provider_failed',
        terminal: false,
      });
      await fake!.close();
    }
    // Not every 500 is JSON.
    expect(await fail([{ status: 502, body: '<html>Bad gateway</html>' }])).toMatchObject({
      code: 'provider_failed',
    });
  });

  test('other 4xx are terminal, with what to do', async () => {
    expect(await fail([{ status: 400, message: 'No such field' }])).toMatchObject({
      code: 'provider_rejected',
      terminal: true,
      message: expect.stringContaining('No such field'),
    });
    await fake!.close();
    expect(
      await fail([{ status: 401, message: `Incorrect API key provided: ${KEY.slice(0, 9)}****` }]),
    ).toMatchObject({
      code: 'provider_rejected',
      terminal: true,
      message: expect.stringMatching(/answered 401: Incorrect API key provided: \*\*\*/),
      hint: expect.stringMatching(/ice secret set [A-Z_]+_API_KEY/),
    });
    await fake!.close();
    expect(await fail([{ status: 404 }])).toMatchObject({
      code: 'provider_rejected',
      details: { status: 404 },
    });
  });

  test('a key that comes back encoded is in no part of the error', async () => {
    const forms = [Buffer.from(KEY).toString('base64'), Buffer.from(`Basic:${KEY}`).toString('base64url')];
    const error = await fail([{ status: 400, message: `You sent ${forms.join(' and ')}` }]);
    for (const form of forms) expect(JSON.stringify(error)).not.toContain(form.slice(8, 24));
    expect(error.message).toMatch(/You sent \*\*\* and \S*\*\*\*/);
  });

  test('a key that comes back in an answer is in no part of it, nor in what is streamed of it', async () => {
    const encoded = Buffer.from(KEY).toString('base64');
    let streamed = '';
    const reply = await ask([{ say: { text: `You are ${KEY}, that is ${encoded}.` } }], {
      onDelta: (text) => {
        streamed += text;
      },
    });
    expect(reply.text).toBe('You are ***, that is ***.');
    expect(streamed).toBe(reply.text);
    expect(JSON.stringify(reply)).not.toContain(KEY.slice(4, 16));
  });

  test('a redirect is refused: the key must not travel on', async () => {
    const error = await fail([{ status: 307, headers: { location: 'http://127.0.0.1:1/elsewhere' } }]);
    expect(error).toMatchObject({ code: 'provider_rejected', hint: expect.stringContaining('redirects') });
  });

  test('half a stream is a failure that may be retried', async () => {
    for (const then of ['end', 'tear'] as const) {
      expect(await fail([{ half: { text: 'Hello, world and more' }, then }])).toMatchObject({
        code: 'provider_failed',
        terminal: false,
      });
      await fake!.close();
    }
  });

  test('a stream that is no JSON is a failure that may be retried', async () => {
    const error = await fail([{ malformed: { text: 'Hello, world' } }]);
    expect(error).toMatchObject({
      code: 'provider_failed',
      terminal: false,
      message: `The answer of ${at.provider}/some-model is not what its protocol says`,
      hint: expect.stringContaining(fake!.url),
    });
  });

  test('silence ends, before the answer and within it', async () => {
    for (const hang of ['before', 'within'] as const) {
      expect(await fail([{ hang }], {}, { stallMs: 100 })).toMatchObject({
        code: 'provider_failed',
        terminal: false,
        message: `${at.provider}/some-model said nothing for 0.1 s`,
      });
      await fake!.close();
    }
  });

  test('nobody there is a failure that may be retried, and names the address', async () => {
    const gone = await startFakeProvider(at.protocol, []);
    await gone.close();
    const error = await fail([], {}, { baseUrl: gone.url + at.base });
    expect(error).toMatchObject({
      code: 'provider_failed',
      terminal: false,
      message: expect.stringContaining(gone.url),
    });
    expect(error.message).toContain('ECONNREFUSED');
  });

  test('stops at once when the caller says so, with its reason', async () => {
    const stop = new AbortController();
    const asked = ask([{ hang: 'within' }], {
      signal: stop.signal,
      onDelta: () => stop.abort(new Error('enough')),
    });
    await expect(asked).rejects.toThrow('enough');
  });

  test('without a key says which one', async () => {
    if (at.provider === 'openai-compatible') {
      await ask([{ say: { text: 'no key needed' } }], {}, { keyOf: async () => undefined });
      expect(fake!.asked[0]!.headers['authorization']).toBeUndefined();
      return;
    }
    expect(await fail([], {}, { keyOf: async () => undefined })).toMatchObject({
      code: 'secret_missing',
      terminal: true,
      hint: expect.stringMatching(/ice secret set [A-Z_]+_API_KEY/),
    });
    expect(fake!.asked).toHaveLength(0);
  });
});

test('arguments that are no JSON reach the tool as text, so that its schema refuses them', async () => {
  fake = await startFakeProvider('chat', [
    { say: { toolCalls: [{ id: '1', name: 'price', input: '{"cost": ' }] } },
  ]);
  const provider = createAiSdkProvider({
    protocol: 'openai-compatible',
    baseUrl: fake.url,
    keyOf: async () => undefined,
  });
  const reply: ModelReply = await provider.generate(request({ tools: [priceTool] }));
  expect(reply.toolCalls![0]!.input).toBeTypeOf('string');
});

test('what a provider wants back with a turn is carried to it, and only to it', async () => {
  fake = await startFakeProvider('google', [
    { say: { toolCalls: [{ id: '1', name: 'price', input: { cost: 1 } }], signature: 'c2lnbmVk' } },
    { say: { text: 'ok' } },
  ]);
  const google = createAiSdkProvider({ protocol: 'google', baseUrl: fake.url, keyOf: async () => KEY });
  const first = await google.generate(request({ tools: [priceTool] }));
  expect(first.carry?.by).toBe('google');
  await google.generate(
    request({
      messages: [
        { role: 'user', content: 'x' },
        // As a journal gives it back: through JSON.
        {
          role: 'assistant',
          content: '',
          toolCalls: first.toolCalls!,
          carry: JSON.parse(JSON.stringify(first.carry)),
        },
        { role: 'tool', toolCallId: first.toolCalls![0]!.id, name: 'price', content: 2 },
      ],
    }),
  );
  expect(JSON.stringify(fake.asked[1]!.body)).toContain('c2lnbmVk');
});

test('an error inside a stream says by its type whether it may be retried', async () => {
  const event = (type: string) =>
    `event: error\ndata: ${JSON.stringify({ type: 'error', error: { type, message: 'Told so' } })}\n\n`;
  for (const [type, code] of [
    ['overloaded_error', 'provider_failed'],
    ['invalid_request_error', 'provider_rejected'],
  ] as const) {
    fake = await startFakeProvider('anthropic', [{ events: [event(type)] }]);
    const anthropic = createAiSdkProvider({
      protocol: 'anthropic',
      baseUrl: fake.url,
      keyOf: async () => KEY,
    });
    await expect(anthropic.generate(request())).rejects.toMatchObject({
      code,
      message: expect.stringContaining('Told so'),
    });
    await fake.close();
  }
});

test('a quota that is used up is not waited for', async () => {
  const body = JSON.stringify({
    error: { message: 'You exceeded your quota', type: 'insufficient_quota', code: 'insufficient_quota' },
  });
  fake = await startFakeProvider('responses', [{ status: 429, body }]);
  const openai = createAiSdkProvider({ protocol: 'openai', baseUrl: fake.url, keyOf: async () => KEY });
  await expect(openai.generate(request())).rejects.toMatchObject({
    code: 'provider_rejected',
    terminal: true,
  });
});

test('an endpoint without an address, or with a wrong one, says what to set', async () => {
  const make = (baseUrl?: string) =>
    createAiSdkProvider({ protocol: 'openai-compatible', baseUrl, keyOf: async () => undefined }).generate(
      request(),
    );
  await expect(make()).rejects.toMatchObject({
    code: 'provider_missing',
    hint: expect.stringContaining('OPENAI_COMPATIBLE_BASE_URL='),
  });
  await expect(make('localhost')).rejects.toMatchObject({ code: 'provider_missing' });
});

test("OpenAI's strict mode is asked for only where the schema is strict", async () => {
  const strict = {
    type: 'object',
    required: ['a'],
    properties: { a: { type: 'string' } },
    additionalProperties: false,
  };
  expect(isStrict(strict)).toBe(true);
  expect(isStrict({ ...strict, required: [] })).toBe(false);
  expect(isStrict({ type: 'object', properties: {} })).toBe(false);
  expect(isStrict({ ...strict, properties: { a: { type: 'array', items: { type: 'object' } } } })).toBe(
    false,
  );
  fake = await startFakeProvider('responses', [{ say: { text: '{"a":"b"}' } }]);
  const openai = createAiSdkProvider({ protocol: 'openai', baseUrl: fake.url, keyOf: async () => KEY });
  await openai.generate(request({ output: strict }));
  await openai.generate(request({ output: { type: 'object' } }));
  const format = (i: number) =>
    (fake!.asked[i]!.body['text'] as { format: { strict: boolean } }).format.strict;
  expect([format(0), format(1)]).toEqual([true, false]);
  expect(fake.asked[0]!.body['store']).toBe(false);
});
