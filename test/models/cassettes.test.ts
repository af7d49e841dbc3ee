import { describe, expect, test } from 'vitest';
import { IceError } from '../../src/contracts/errors.ts';
import { type Cassette, type CassetteOptions, openCassette } from '../../src/models/cassettes.ts';
import { createModels } from '../../src/models/models.ts';
import type { ModelReply, Models } from '../../src/models/port.ts';
import { createEchoProvider } from '../../src/models/providers/echo.ts';
import { wrapFetch, wrapModels } from '../../src/models/recorded.ts';
import { createRedactor } from '../../src/secrets/redactor.ts';
import { checkSchema } from './check-schema.ts';

const SECRET = 'sk-live-123456/+x';
const redactor = createRedactor([SECRET]);
const redact: CassetteOptions['redact'] = (value) => redactor.json(value);
const record = () => openCassette({ mode: 'record', file: 'a.yaml', redact });
const replay = async (tape: Cassette | string) =>
  openCassette({
    mode: 'replay',
    file: 'a.yaml',
    redact,
    text: typeof tape === 'string' ? tape : await tape.text(),
  });

const none: Models = { generate: () => Promise.reject(new Error('the model was called')) };
const noFetch = () => Promise.reject(new Error('the network was used'));
const models = createModels({ providers: [createEchoProvider({ checkSchema })], checkSchema });
const signal = new AbortController().signal;
const ask = (content: string, more: object = {}) => ({
  messages: [{ role: 'user' as const, content }],
  seed: 's',
  signal,
  ...more,
});

describe('models', () => {
  test('are replayed without being called: text, object, tool calls, usage, cost, deltas', async () => {
    const tape = await record();
    const output = { type: 'object', required: ['t'], properties: { t: { type: 'string' } } };
    const script = [{ toolCalls: [{ name: 'price', input: { cost: 1 } }] }];
    const calls: [string, ReturnType<typeof ask>][] = [
      ['echo/default', ask('Hello there')],
      ['echo/default', ask('Make one', { output })],
      ['echo/script', ask('Call it', { script })],
    ];
    const first: ModelReply[] = [];
    for (const [model, request] of calls) first.push(await wrapModels(models, tape).generate(model, request));
    const player = await replay(tape);
    const deltas: string[] = [];
    const again: ModelReply[] = [];
    // Neither the seed nor the order of calls decides what is played.
    for (const [model, request] of calls.toReversed())
      again.unshift(
        await wrapModels(none, player).generate(model, {
          ...request,
          seed: 'other',
          onDelta: (text) => deltas.push(text),
        }),
      );
    expect(again).toEqual(first);
    expect(deltas.slice(-2)).toEqual(['Hello ', 'there']);
    expect(player.unplayed()).toEqual([]);
  });

  test('a retried failure is replayed as a failure, then as its success', async () => {
    const tape = await record();
    let calls = 0;
    const flaky: Models = {
      generate: (model, request) =>
        ++calls === 1
          ? Promise.reject(new IceError('provider_failed', 'Busy', { retryAfterMs: 5 }))
          : models.generate(model, request),
    };
    const recording = wrapModels(flaky, tape);
    await expect(recording.generate('echo/default', ask('x'))).rejects.toThrow('Busy');
    await recording.generate('echo/default', ask('x'));
    const playing = wrapModels(none, await replay(tape));
    await expect(playing.generate('echo/default', ask('x'))).rejects.toMatchObject({
      code: 'provider_failed',
      retryAfterMs: 5,
      terminal: false,
    });
    expect((await playing.generate('echo/default', ask('x'))).text).toBe('x');
    await expect(playing.generate('echo/default', ask('x'))).rejects.toMatchObject({
      code: 'cassette_miss',
      message: 'a.yaml holds a call of echo/default 2 times, and this is call 3',
    });
  });

  test('a miss shows how the nearest recording differs, line by line', async () => {
    const tape = await record();
    const output = (type: string) => ({ type: 'object', properties: { total: { type } } });
    await wrapModels(models, tape).generate(
      'echo/default',
      ask('Sum the orders', { output: output('number') }),
    );
    await wrapModels(models, tape).generate('echo/default', ask('Something else altogether'));
    const playing = wrapModels(none, await replay(tape));
    const error = await playing
      .generate('echo/default', ask('Sum the orders', { output: output('string') }))
      .catch((reason: IceError) => reason);
    expect(error).toMatchObject({
      code: 'cassette_miss',
      message: 'a.yaml does not hold a call of echo/default',
      details: {
        diff: ['- output.properties.total.type: "number"', '+ output.properties.total.type: "string"'],
      },
    });
    expect((error as IceError).hint).toContain('ice test --record');
  });

  test('a recording of another model is shown only where it is nearly the same', async () => {
    const tape = await record();
    await wrapModels(models, tape).generate('echo/default', ask('Sum the orders'));
    const playing = wrapModels(none, await replay(tape));
    const renamed = await playing
      .generate('openai/gpt-5', ask('Sum the orders'))
      .catch((reason: IceError) => reason);
    expect((renamed as IceError).details).toMatchObject({
      diff: ['- model: "echo/default"', '+ model: "openai/gpt-5"'],
    });
    const other = await playing
      .generate('openai/gpt-5', ask('Name a title', { output: { type: 'object' }, temperature: 0.1 }))
      .catch((reason: IceError) => reason);
    expect(other).toMatchObject({ message: 'a.yaml does not hold a call of openai/gpt-5' });
    expect((other as IceError).details).not.toHaveProperty('diff');
    expect((other as IceError).hint).toBe('Record it: ice test --record');
  });
});

describe('the network', () => {
  const json = (value: object) => new TextEncoder().encode(JSON.stringify(value));
  const request = (more: object = {}) => ({
    url: `https://api.example.com/items?key=${SECRET}`,
    method: 'POST',
    headers: [
      ['Content-Type', 'application/json'],
      ['Authorization', `Bearer ${SECRET}`],
    ] as [string, string][],
    body: json({ a: 1, b: SECRET }),
    ...more,
  });
  const bodies: Record<string, [string, Uint8Array]> = {
    JSON: ['application/json', json({ price: 12.5, list: [null, 'ü'] })],
    'JSON with spaces': [
      'application/json; charset=utf-8',
      new TextEncoder().encode('{ "a": 1.0,\n "b": 1e2 }\n'),
    ],
    'broken JSON': ['application/json', new TextEncoder().encode('{"a":')],
    text: ['text/csv', new TextEncoder().encode('\ufeffa,b\r\n1,2\r\n\ttrailing  \n')],
    bytes: ['image/png', Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0, 255, 254])],
    nothing: ['text/plain', new Uint8Array()],
  };

  test.each(Object.entries(bodies))('%s comes back byte for byte', async (_, [type, body]) => {
    const response = {
      status: 201,
      statusText: 'Created',
      url: request().url,
      headers: [
        ['content-type', type],
        ['x-page', '2'],
        ['set-cookie', 'session=1'],
        ['date', 'today'],
      ] as [string, string][],
      body,
    };
    const tape = await record();
    await wrapFetch(async () => response, tape)(request(), signal);
    const played = await wrapFetch(noFetch, await replay(tape))(request(), signal);
    expect(played).toEqual({ ...response, headers: response.headers.slice(0, 2) });
  });

  test('is matched by method, address, type and content; neither by key order nor by other headers', async () => {
    const tape = await record();
    await wrapFetch(
      async () => ({ status: 200, statusText: '', url: '', headers: [], body: json({}) }),
      tape,
    )(request(), signal);
    const play = async (more: object) => wrapFetch(noFetch, await replay(tape))(request(more), signal);
    await play({
      body: json({ b: SECRET, a: 1 }),
      headers: [
        ['content-type', 'application/json'],
        ['user-agent', 'x'],
      ],
    });
    for (const other of [
      { method: 'PUT' },
      { url: 'https://api.example.com/other' },
      { body: json({ a: 2, b: SECRET }) },
    ])
      await expect(play(other)).rejects.toMatchObject({ code: 'cassette_miss' });
  });

  test('no form of a secret is on the tape, and replay needs none', async () => {
    const tape = await record();
    const body = json({ echoed: SECRET, basic: Buffer.from(`user:${SECRET}`).toString('base64') });
    await wrapFetch(
      async () => ({ status: 200, statusText: '', url: '', headers: [['x-echo', SECRET]], body }),
      tape,
    )(request(), signal);
    const text = await tape.text();
    for (const form of [
      SECRET,
      encodeURIComponent(SECRET),
      Buffer.from(SECRET).toString('base64'),
      Buffer.from(`user:${SECRET}`).toString('base64'),
    ])
      expect(text).not.toContain(form);
    const player = await openCassette({ mode: 'replay', file: 'a.yaml', text });
    const without = request({ url: 'https://api.example.com/items?key=***', body: json({ a: 1, b: '***' }) });
    expect((await wrapFetch(noFetch, player)(without, signal)).status).toBe(200);
  });

  test('a failure is not recorded: the allow-list must refuse again by itself', async () => {
    const tape = await record();
    const denied = new IceError('tool_denied', 'Not on the list');
    await expect(wrapFetch(() => Promise.reject(denied), tape)(request(), signal)).rejects.toBe(denied);
    expect(await tape.text()).toContain('exchanges: []');
  });
});

test('the file is readable: blocks for long texts, in the order of recording', async () => {
  const tape = await record();
  await wrapModels(models, tape).generate('echo/default', ask('Two\nlines'));
  expect(
    await tape.text(),
  ).toBe(`# Recorded exchanges with models and the network, without secrets. Written by: ice test --record
# A request is matched by its content; an answer may be edited by hand.
cassette: 1
exchanges:
  - kind: model
    request:
      model: echo/default
      messages:
        - role: user
          content: |-
            Two
            lines
    answer:
      text: |-
        Two
        lines
      usage:
        inputTokens: 3
        outputTokens: 3
      finishReason: stop
      model: echo/default
      cost: 0.000018
`);
});

test.each([
  ['', /the document/],
  ['cassette: 2\nexchanges: []', /cassette/],
  ['cassette: 1\nexchanges:\n  - kind: model\n    request: {}\n', /exchanges\.0\.answer/],
  ['cassette: 1\nexchanges:\n  - kind: models\n    request: {}\n    answer: {}\n', /exchanges\.0\.kind/],
  ['cassette: 1\n exchanges: [', /at line \d/],
  ['cassette: 1\ncassette: 1\nexchanges: []', /unique/],
  ['cassette: 1\nexchanges: []\nmore: 1', /more/],
  [
    'cassette: 1\nexchanges:\n  - { kind: fetch, request: {}, answer: { status: 99, headers: {} } }',
    /answer\.status/,
  ],
  [
    'cassette: 1\nexchanges:\n  - { kind: fetch, request: {}, answer: { status: 200, headers: {}, body: { base64: "%" } } }',
    /base64/,
  ],
  ['cassette: 1\nexchanges:\n  - { kind: model, request: {}, answer: { text: 7 } }', /answer\.text/],
  [
    'cassette: 1\nexchanges:\n  - { kind: fetch, request: {}, answer: { status: 200, headers: { a: "b\\r\\nc: d" } } }',
    /answer\.headers\.a: a line end/,
  ],
  [
    'cassette: 1\nexchanges:\n  - kind: model\n    request: {}\n    answer:\n      text: a\n      finishReson: stop\n',
    /exchanges\.0\.answer\.finishReson: there is no such field, at line 7/,
  ],
  [
    'cassette: 1\nexchanges:\n  - kind: model\n    request: {}\n    answer:\n      error: { code: x }\n',
    /exchanges\.0\.answer\.error\.message/,
  ],
  ['cassette: 1\nexchanges:\n  - &a { kind: model, request: {}, answer: {} }\n  - *a\n', /alias/i],
])('a file that was edited into %j is refused at its place', async (text, message) => {
  await expect(replay(text)).rejects.toMatchObject({
    code: 'bad_request',
    message: expect.stringMatching(message),
    hint: expect.stringContaining('ice test --record'),
  });
});

test('an answer that was edited by hand is played as it stands', async () => {
  const tape = await record();
  await wrapModels(models, tape).generate('echo/default', ask('Hello'));
  const edited = (await tape.text()).replace('text: Hello', 'text: Good evening');
  expect((await wrapModels(none, await replay(edited)).generate('echo/default', ask('Hello'))).text).toBe(
    'Good evening',
  );
});
