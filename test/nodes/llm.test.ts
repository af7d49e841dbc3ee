import { expect, test } from 'vitest';
import type { Json } from '../../src/contracts/json.ts';
import type { EffectNode } from '../../src/contracts/plan.ts';
import type { Attempt } from '../../src/engine/ports.ts';
import { createModels } from '../../src/models/models.ts';
import { createEchoProvider } from '../../src/models/providers/echo.ts';
import { createLlmEffect } from '../../src/nodes/llm.ts';
import { checkSchema } from '../models/check-schema.ts';
import { attemptOf } from './attempt.ts';

const echo = createEchoProvider({ checkSchema });
const models = createModels({ providers: [echo], checkSchema });
const llm = createLlmEffect({ models });
const run = (args: Json, node: Partial<EffectNode> = {}, more: Partial<Attempt> = {}) => {
  const attempt = attemptOf({ type: 'llm', config: { model: 'echo/default' }, ...node }, args, more);
  return { attempt, result: llm(attempt) };
};

test('a prompt gives text, usage, cost and model, and streams', async () => {
  const { attempt, result } = run({ prompt: 'Say it', system: 'Be brief' });
  expect(await result).toEqual({
    result: {
      text: 'Say it',
      usage: { inputTokens: 4, outputTokens: 2 },
      cost: 0.000014,
      model: 'echo/default',
    },
    usage: { inputTokens: 4, outputTokens: 2 },
    cost: 0.000014,
    model: 'echo/default',
  });
  expect(attempt.deltas).toEqual(['Say ', 'it']);
});

test('messages may hold values that are no text', async () => {
  const messages = [
    { role: 'user', content: 'A' },
    { role: 'assistant', content: null },
    { role: 'user', content: { a: [1, 2] } },
  ];
  expect((await run({ messages }).result).result).toMatchObject({ text: '{"a":[1,2]}' });
});

test('output gives an object that depends on plan, path and prompt alone', async () => {
  const node = {
    output: { type: 'object', required: ['t'], properties: { t: { type: 'string', minLength: 30 } } },
  };
  const object = async (prompt: string, more: Partial<Attempt> = {}) =>
    ((await run({ prompt }, node, more).result).result as { object: Json }).object;
  const one = await object('p');
  expect(checkSchema(node.output, one)).toBeUndefined();
  expect(await object('p', { attempt: 2, runId: 'run_11111111111111111111111111' })).toEqual(one);
  expect(await object('q')).not.toEqual(one);
  expect(await object('p', { path: 'node[1].other' })).not.toEqual(one);
});

test('a script starts at its first reply, whatever the messages show of earlier turns', async () => {
  const messages = [
    { role: 'user', content: '1 + 1' },
    { role: 'assistant', content: '2' },
    { role: 'user', content: '2 + 2' },
  ];
  const node = { config: { model: 'echo/script' }, output: { type: 'integer' } };
  const { result } = await run({ messages, script: ['four', '4'] }, node).result;
  expect(result).toMatchObject({ object: 4 });
});

test('a script, and its failures by attempt', async () => {
  const script = [{ error: { message: 'Busy' } }, 'Fine'];
  const node = { config: { model: 'echo/script' } };
  await expect(run({ prompt: 'x', script }, node).result).rejects.toMatchObject({ code: 'provider_failed' });
  expect((await run({ prompt: 'x', script }, node, { attempt: 2 }).result).result).toMatchObject({
    text: 'Fine',
  });
});

test.each([
  [{}, 'nothing to ask'],
  [{ system: 'only' }, 'nothing to ask'],
  [{ messages: [] }, 'nothing to ask'],
])('%j is refused', async (args, message) => {
  await expect(run(args).result).rejects.toMatchObject({
    code: 'input_invalid',
    message: expect.stringContaining(message),
  });
});

test('the budget that is left goes along', async () => {
  const refused = { code: 'budget_exceeded', terminal: true };
  await run({ prompt: 'x' }, {}, { budgetLeft: 0.001 }).result;
  await expect(run({ prompt: 'x' }, {}, { budgetLeft: 0 }).result).rejects.toMatchObject(refused);
});
