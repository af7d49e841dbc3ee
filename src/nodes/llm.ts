import { IceError } from '../contracts/errors.ts';
import type { Json, JsonObject } from '../contracts/json.ts';
import type { Attempt, AttemptResult, Effect } from '../engine/ports.ts';
import type { ModelMessage, Models } from '../models/port.ts';

/**
 * The effect of an `llm` node: one call of a model. `args` is `{ prompt? | messages?, system?, script? }`; the result
 * is `{ text, object?, usage, cost, model }`, `object` present when the node has an `output` schema.
 */
export function createLlmEffect(options: { models: Models }): Effect {
  return async (attempt: Attempt): Promise<AttemptResult> => {
    const { config, output } = attempt.node;
    const args = attempt.args as JsonObject;
    const model = modelOf(config.model, attempt.path);
    const messages = messagesOf(args, attempt.path);
    const reply = await options.models.generate(model, {
      messages,
      seed: seedOf(attempt, textOfLastUser(messages)),
      attempt: attempt.attempt,
      turnsFrom: messages.length,
      project: attempt.project,
      signal: attempt.signal,
      onDelta: (text) => attempt.delta(text),
      ...(attempt.budgetLeft === undefined ? {} : { budget: attempt.budgetLeft }),
      ...(output === undefined ? {} : { output }),
      ...(config.fallback === undefined ? {} : { fallback: config.fallback }),
      ...(config.temperature === undefined ? {} : { temperature: config.temperature }),
      ...(config.maxTokens === undefined ? {} : { maxTokens: config.maxTokens }),
      ...(Array.isArray(args['script']) ? { script: args['script'] } : {}),
    });
    const { usage, cost } = reply;
    const result: JsonObject = {
      text: reply.text,
      ...(reply.object === undefined ? {} : { object: reply.object }),
      usage: { inputTokens: usage.inputTokens, outputTokens: usage.outputTokens },
      cost,
      model: reply.model,
    };
    return { result, usage, cost, model: reply.model };
  };
}

/** What a rendered template is as text: null is empty, objects are compact JSON, as in the text of an expression. */
export const asText = (value: Json | undefined): string =>
  typeof value === 'string' ? value : value === undefined || value === null ? '' : JSON.stringify(value);

export function modelOf(model: string | undefined, path: string): string {
  if (model) return model;
  throw new IceError('provider_missing', `${path} names no model`, {
    hint: 'Give the node a model, as model: echo/default, or the project a models.default.',
    terminal: true,
  });
}

function messagesOf(args: JsonObject, path: string): ModelMessage[] {
  const messages: ModelMessage[] = [];
  if (args['system'] !== undefined) messages.push({ role: 'system', content: asText(args['system']) });
  for (const message of (args['messages'] ?? []) as {
    role: 'system' | 'user' | 'assistant';
    content: Json;
  }[])
    messages.push({ role: message.role, content: asText(message.content) });
  if (args['prompt'] !== undefined) messages.push({ role: 'user', content: asText(args['prompt']) });
  if (messages.some((message) => message.role !== 'system')) return messages;
  throw new IceError('input_invalid', `${path} has nothing to ask the model`, {
    hint: 'Give the node a prompt, or messages with a user message.',
    terminal: true,
  });
}

const textOfLastUser = (messages: ModelMessage[]): string =>
  asText(messages.findLast((message) => message.role === 'user')?.content);

/** What echo fills examples from: the same node of the same workflow with the same prompt gives the same reply. */
export const seedOf = (attempt: Attempt, prompt: string): string =>
  `${attempt.plan.digest}\n${attempt.path}\n${prompt}`;
