import { describe, expect, test } from 'vitest';
import type { Json } from '../../../src/contracts/json.ts';
import type { ModelMessage, ModelRequest } from '../../../src/models/port.ts';
import { createEchoProvider } from '../../../src/models/providers/echo.ts';
import { checkSchema } from '../check-schema.ts';

const echo = createEchoProvider({ checkSchema });
const ask = (model: string, more: Partial<ModelRequest> = {}) =>
  echo.generate({
    model,
    messages: [{ role: 'user', content: 'Hello there' }],
    seed: 'seed',
    signal: new AbortController().signal,
    ...more,
  });
const script = (entries: Json[], more: Partial<ModelRequest> = {}) =>
  ask('script', { script: entries, ...more });

describe('echo/default', () => {
  test('answers with the last user text, streams it, counts it', async () => {
    const chunks: string[] = [];
    const messages: ModelMessage[] = [
      { role: 'system', content: 'Be kind' },
      { role: 'user', content: 'First' },
      { role: 'assistant', content: 'Yes' },
      { role: 'user', content: 'Zwölf  Wörter\nhier' },
    ];
    const reply = await ask('default', { messages, onDelta: (text) => chunks.push(text) });
    expect(reply.text).toBe('Zwölf  Wörter\nhier');
    expect(chunks.join('')).toBe(reply.text);
    expect(chunks.length).toBe(3);
    // 7, 5, 3 and 20 bytes, each in quarters rounded up.
    expect(reply.usage).toEqual({ inputTokens: 2 + 2 + 1 + 5, outputTokens: 5 });
    expect(reply.finishReason).toBe('stop');
  });

  test('with output, answers with the smallest instance, the same for the same seed', async () => {
    const output = { type: 'object', required: ['title'], properties: { title: { type: 'string' } } };
    const one = await ask('default', { output });
    expect(one.object).toEqual({ title: expect.any(String) });
    expect(JSON.parse(one.text)).toEqual(one.object);
    expect((await ask('default', { output })).object).toEqual(one.object);
    expect((await ask('default', { output, seed: 'another' })).object).not.toEqual(one.object);
  });

  test('says what is wrong with a schema that nothing matches', async () => {
    await expect(
      ask('default', { output: { allOf: [{ type: 'string' }, { type: 'null' }] } }),
    ).rejects.toMatchObject({
      code: 'provider_rejected',
      terminal: true,
    });
  });

  test('keeps maxTokens, in whole characters', async () => {
    const reply = await ask('default', {
      messages: [{ role: 'user', content: 'abcdefgé and more' }],
      maxTokens: 2,
    });
    expect(reply).toMatchObject({ text: 'abcdefg', finishReason: 'length', usage: { outputTokens: 2 } });
  });

  test('a tool call that maxTokens cuts is none', async () => {
    const reply = await script(
      [{ text: 'Let me see', toolCalls: [{ name: 'price', input: { cost: 10 } }] }],
      { maxTokens: 4 },
    );
    expect(reply).toMatchObject({ text: 'Let me see', finishReason: 'length', usage: { outputTokens: 4 } });
    expect(reply.toolCalls).toBeUndefined();
  });

  test('stops when it is told to', async () => {
    await expect(ask('default', { signal: AbortSignal.abort(new Error('stop')) })).rejects.toThrow('stop');
  });
});

describe('echo/script', () => {
  test('plays texts and tool calls by the turn of the conversation', async () => {
    const entries = [{ toolCalls: [{ name: 'price', input: { cost: 10 } }] }, 'It is 12.50'];
    const first = await script(entries);
    expect(first).toMatchObject({
      text: '',
      toolCalls: [{ id: 'call_1_1', name: 'price', input: { cost: 10 } }],
      finishReason: 'tool-calls',
    });
    const second = await script(entries, {
      messages: [
        { role: 'user', content: 'How much?' },
        { role: 'assistant', content: '', toolCalls: first.toolCalls! },
        { role: 'tool', toolCallId: 'call_1_1', name: 'price', content: { price: 12.5 } },
      ],
    });
    expect(second).toMatchObject({ text: 'It is 12.50', finishReason: 'stop' });
  });

  test('an object is its own text', async () => {
    expect(await script([{ object: { a: 1 } }])).toMatchObject({ text: '{"a":1}', object: { a: 1 } });
  });

  test('ends with an error that counts', async () => {
    await expect(
      script(['one'], {
        messages: [
          { role: 'user', content: 'a' },
          { role: 'assistant', content: 'one' },
        ],
      }),
    ).rejects.toMatchObject({
      code: 'script_ended',
      message: 'The echo script has 1 reply, and this is call 2',
    });
  });

  test('a scripted failure is spent by its attempt', async () => {
    const entries: Json[] = [
      { error: { message: 'Overloaded', retryAfterMs: 50 } },
      { error: {} },
      'At last',
    ];
    await expect(script(entries, { attempt: 1 })).rejects.toMatchObject({
      code: 'provider_failed',
      message: 'Overloaded',
      retryAfterMs: 50,
      terminal: false,
    });
    await expect(script(entries, { attempt: 2 })).rejects.toMatchObject({ code: 'provider_failed' });
    expect((await script(entries, { attempt: 3 })).text).toBe('At last');
  });

  test.each([
    [7, /Reply 1 .* is no reply/],
    [{}, /says nothing/],
    [{ txt: 'x' }, /unknown field 'txt'/],
    [{ text: 7 }, /text that is no text/],
    [{ toolCalls: [{ input: {} }] }, /tool call without a name/],
    [{ toolCalls: {} }, /no list/],
    [{ text: 'x', finishReason: 'done' }, /finishReason/],
    [{ error: { code: 'internal' } }, /error code/],
  ])('names what is wrong with the entry %j', async (entry, message) => {
    await expect(script([entry as Json])).rejects.toMatchObject({
      code: 'provider_rejected',
      message: expect.stringMatching(message),
      terminal: true,
    });
  });

  test('needs a script', async () => {
    await expect(ask('script')).rejects.toMatchObject({
      code: 'provider_rejected',
      hint: expect.stringContaining('script:'),
    });
  });
});

test('another model of echo is missing, with what was meant', async () => {
  await expect(ask('defualt')).rejects.toMatchObject({
    code: 'provider_missing',
    hint: "Did you mean 'default'?",
  });
});
