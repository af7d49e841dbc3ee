import { describe, expect, test } from 'vitest';
import { IceError } from '../../src/contracts/errors.ts';
import { createModels, type ModelsOptions } from '../../src/models/models.ts';
import type { ModelReply, ModelRequest, Provider } from '../../src/models/port.ts';
import { createEchoProvider } from '../../src/models/providers/echo.ts';
import { checkSchema } from './check-schema.ts';

type Play = (request: ModelRequest, call: number) => Partial<ModelReply> | Promise<Partial<ModelReply>>;

/** A provider that is given its replies, and keeps what it was asked. */
function played(name: string, play: Play): Provider & { asked: ModelRequest[] } {
  const asked: ModelRequest[] = [];
  return {
    name,
    asked,
    async generate(request) {
      asked.push(request);
      return {
        text: '',
        usage: { inputTokens: 100, outputTokens: 10 },
        finishReason: 'stop',
        ...(await play(request, asked.length)),
      };
    },
  };
}

const request = (more: object = {}) => ({
  messages: [{ role: 'user' as const, content: 'Hi' }],
  seed: 's',
  signal: new AbortController().signal,
  ...more,
});
const make = (providers: Provider[], more: Partial<ModelsOptions> = {}) =>
  createModels({
    providers,
    checkSchema,
    prices: { 'a/m': { input: 10, output: 100 }, 'b/*': { input: 1, output: 1 } },
    ...more,
  });
const output = { type: 'object', required: ['n'], properties: { n: { type: 'integer' } } };

describe('resolving', () => {
  const models = make([createEchoProvider({ checkSchema }), played('openai', () => ({}))]);

  test.each([
    ['opanai/gpt-5', "There is no model provider 'opanai'", /Did you mean 'openai'.*echo, openai/],
    ['gpt-5', "There is no model provider 'gpt-5'", /provider\/name/],
    ['openai', "'openai' names a provider without a model", /openai\/some-model/],
    ['echo/', "'echo/' names a provider without a model", /echo\/default/],
  ])('%s is missing, with what was meant', async (model, message, hint) => {
    await expect(models.generate(model, request())).rejects.toMatchObject({
      code: 'provider_missing',
      message,
      hint: expect.stringMatching(hint),
      terminal: true,
    });
  });

  test('the name may hold slashes, and the answer says the whole', async () => {
    const a = played('a', () => ({ text: 'ok' }));
    expect((await make([a]).generate('a/meta/llama-3', request())).model).toBe('a/meta/llama-3');
    expect(a.asked[0]!.model).toBe('meta/llama-3');
  });
});

test('usage is priced by the table; unknown is no price', async () => {
  const models = make([played('a', () => ({})), played('b', () => ({}))]);
  expect((await models.generate('a/m', request())).cost).toBe((100 * 10 + 10 * 100) / 1e6);
  expect((await models.generate('b/x', request())).cost).toBe(110 / 1e6);
  expect((await models.generate('a/other', request())).cost).toBe(0);
  expect(models.price!('a/other')).toBeUndefined();
  expect(models.price!('b/x')).toEqual({ input: 1, output: 1 });
});

describe('structured output', () => {
  test('is read out of fences and prose', async () => {
    for (const text of ['{"n":1}', 'Here:\n```json\n{"n":1}\n```\nDone', 'Sure! {"n":1}.']) {
      const reply = await make([played('a', () => ({ text }))]).generate('a/m', request({ output }));
      expect(reply.object).toEqual({ n: 1 });
    }
  });

  test('is mended, told what was wrong; all calls are paid', async () => {
    const a = played('a', (_, call) => ({
      text: call === 1 ? '{"n":"x"}' : call === 2 ? 'what?' : '{"n":3}',
    }));
    const reply = await make([a]).generate('a/m', request({ output }));
    expect(reply).toMatchObject({
      object: { n: 3 },
      usage: { inputTokens: 300, outputTokens: 30 },
      cost: 0.006,
    });
    expect(a.asked[1]!.messages.slice(1)).toEqual([
      { role: 'assistant', content: '{"n":"x"}' },
      { role: 'user', content: expect.stringMatching(/#\/n.*integer[\s\S]*"required":\["n"\]/) },
    ]);
    expect(a.asked[2]!.messages).toHaveLength(5);
  });

  test('that stays wrong fails with the reason and what was paid', async () => {
    const a = played('a', () => ({ text: '{"n":"x"}' }));
    await expect(make([a]).generate('a/m', request({ output }))).rejects.toMatchObject({
      code: 'output_invalid',
      message: expect.stringContaining('after 3 tries'),
      details: { usage: { inputTokens: 300, outputTokens: 30 }, cost: 0.006 },
    });
    expect(a.asked).toHaveLength(3);
  });

  test('that was cut is not asked for again, and the hint says why', async () => {
    const a = played('a', () => ({ text: '{"n":', finishReason: 'length' }));
    await expect(make([a]).generate('a/m', request({ output }))).rejects.toMatchObject({
      code: 'output_invalid',
      hint: expect.stringContaining('maxTokens'),
    });
    expect(a.asked).toHaveLength(1);
  });

  test('is not asked of a reply that calls tools', async () => {
    const toolCalls = [{ id: '1', name: 't', input: {} }];
    const reply = await make([played('a', () => ({ toolCalls }))]).generate('a/m', request({ output }));
    expect(reply.toolCalls).toEqual(toolCalls);
    expect(reply.object).toBeUndefined();
  });
});

describe('fallback', () => {
  const down = (retryAfterMs?: number) => new IceError('provider_failed', 'Overloaded', { retryAfterMs });
  const fails = (name: string, error: Error) => played(name, () => Promise.reject(error));

  test.each([
    down(),
    new IceError('secret_missing', 'No key', { terminal: true }),
    new IceError('provider_rejected', 'No such model', { terminal: true, details: { status: 404 } }),
  ])('is taken when a model is not available: %s', async (error) => {
    const models = make([fails('a', error), played('b', () => ({ text: 'from b' }))]);
    const reply = await models.generate('a/m', request({ fallback: ['b/x'] }));
    expect(reply).toMatchObject({ text: 'from b', model: 'b/x' });
  });

  test('is not taken for a request that is wrong everywhere', async () => {
    const b = played('b', () => ({}));
    const wrong = new IceError('provider_rejected', 'Bad request', {
      terminal: true,
      details: { status: 400 },
    });
    await expect(make([fails('a', wrong), b]).generate('a/m', request({ fallback: ['b/x'] }))).rejects.toBe(
      wrong,
    );
    expect(b.asked).toHaveLength(0);
  });

  test('when all fail, tells of each and may be retried after the shortest wait', async () => {
    const models = make([fails('a', down(9000)), fails('b', down(2000))]);
    await expect(models.generate('a/m', request({ fallback: ['b/x'] }))).rejects.toMatchObject({
      code: 'provider_failed',
      message: 'a/m: Overloaded; b/x: Overloaded',
      terminal: false,
      retryAfterMs: 2000,
      details: { tried: [{ model: 'a/m' }, { model: 'b/x' }] },
    });
  });
});

describe('the budget', () => {
  const refused = (left: number) => ({ code: 'budget_exceeded', terminal: true, details: { left } });
  // 30 bytes are ten tokens of prompt, at $10 a million; an answer is at $100 a million.
  const prompt = { messages: [{ role: 'user' as const, content: 'x'.repeat(28) }] };

  test('limits the answer to what it pays after the prompt', async () => {
    const a = played('a', () => ({ text: 'short' }));
    await make([a]).generate('a/m', request({ ...prompt, budget: 0.0001 + 0.002 }));
    await make([a]).generate('a/m', request({ ...prompt, budget: 0.0001 + 0.002, maxTokens: 5 }));
    await make([a]).generate('a/m', request(prompt));
    expect(a.asked.map((asked) => asked.maxTokens)).toEqual([20, 5, undefined]);
  });

  test('that pays no answer refuses before the call', async () => {
    const a = played('a', () => ({}));
    for (const budget of [0, -1, 0.00009, 0.0001 + 0.0015])
      await expect(make([a]).generate('a/m', request({ ...prompt, budget }))).rejects.toMatchObject(
        refused(budget),
      );
    expect(a.asked).toHaveLength(0);
    // What is left pays the prompt: the message says what it does not pay.
    await expect(make([a]).generate('a/m', request({ ...prompt, budget: 0.0016 }))).rejects.toThrow(
      'left of the budget, $0.0016: its prompt costs about $0.0001, and the shortest answer that can be asked for, 16 tokens, $0.0016',
    );
  });

  test('that cut an answer has failed, and says what was paid', async () => {
    const a = played('a', ({ maxTokens }) => ({
      text: 'and then',
      finishReason: 'length',
      usage: { inputTokens: 10, outputTokens: maxTokens! },
    }));
    const models = make([a]);
    await expect(models.generate('a/m', request({ ...prompt, budget: 0.0021 }))).rejects.toMatchObject({
      code: 'budget_exceeded',
      terminal: true,
      details: { usage: { inputTokens: 10, outputTokens: 20 }, cost: 0.0021 },
    });
    // The request's own limit is no matter of the budget.
    expect(
      (await models.generate('a/m', request({ ...prompt, budget: 0.0021, maxTokens: 7 }))).finishReason,
    ).toBe('length');
  });

  test('holds over repairs and fallbacks', async () => {
    const wrong = played('a', () => ({ text: 'no JSON', usage: { inputTokens: 10, outputTokens: 10 } }));
    const models = make([wrong, played('b', () => ({}))]);
    const output = { type: 'integer' };
    await expect(models.generate('a/m', request({ ...prompt, output, budget: 0.003 }))).rejects.toMatchObject(
      {
        code: 'budget_exceeded',
        details: { cost: 0.0011 },
      },
    );
  });

  test('cannot be kept for a model without a price, and is not asked of one when there is none', async () => {
    const a = played('a', () => ({}));
    await expect(make([a]).generate('a/other', request({ budget: 5 }))).rejects.toMatchObject({
      code: 'budget_exceeded',
      hint: expect.stringContaining('ICE_MODEL_PRICES'),
    });
    await make([a]).generate('a/other', request());
    await make([a], { prices: { 'a/*': { input: 0, output: 0 } } }).generate(
      'a/other',
      request({ budget: 0.1 }),
    );
  });
});

describe('time and limits', () => {
  const never = (seen: AbortSignal[] = []) =>
    played('a', ({ signal }) => {
      seen.push(signal);
      return new Promise<never>(() => {});
    });

  test('a call that never ends is stopped, may be retried, and its provider is told', async () => {
    const seen: AbortSignal[] = [];
    await expect(make([never(seen)], { timeoutMs: 20 }).generate('a/m', request())).rejects.toMatchObject({
      code: 'provider_failed',
      message: 'a/m did not finish within 0.02 s',
      terminal: false,
    });
    expect(seen[0]!.aborted).toBe(true);
  });

  test('the caller stops a call with its own reason', async () => {
    const stop = new AbortController();
    const asked = make([never()]).generate('a/m', request({ signal: stop.signal, fallback: ['a/m'] }));
    stop.abort(new IceError('run_cancelled', 'Cancelled'));
    await expect(asked).rejects.toMatchObject({ code: 'run_cancelled' });
  });

  test('no more calls at once than allowed, in order, for each model by itself', async () => {
    let inside = 0;
    let most = 0;
    const a = played('a', async () => {
      most = Math.max(most, ++inside);
      await new Promise(setImmediate);
      inside--;
      return {};
    });
    const models = make([a], { limits: { 'a/*': { concurrency: 2 } } });
    const labelled = (n: number) => request({ seed: String(n) });
    await Promise.all(Array.from({ length: 9 }, (_, n) => models.generate('a/m', labelled(n))));
    expect(most).toBe(2);
    expect(a.asked.map((asked) => asked.seed)).toEqual(Array.from({ length: 9 }, (_, n) => String(n)));
  });

  test('a failed call leaves its place, and a waiting one can be stopped', async () => {
    const gate = Promise.withResolvers<Partial<ModelReply>>();
    const a = played('a', (_, call) => (call === 1 ? gate.promise : {}));
    const models = make([a], { limits: { '*': { concurrency: 1 } } });
    const first = models.generate('a/m', request());
    const stop = new AbortController();
    const waiting = models.generate('a/m', request({ signal: stop.signal }));
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    gate.reject(new IceError('provider_failed', 'Down'));
    await expect(first).rejects.toThrow('Down');
    await models.generate('a/m', request());
    expect(a.asked).toHaveLength(2);
  });
});

test('a provider with a bug is a bug of ice, not of the user', async () => {
  const models = make([played('a', () => Promise.reject(new TypeError('x is undefined')))]);
  await expect(models.generate('a/m', request())).rejects.toMatchObject({ code: 'internal' });
});
