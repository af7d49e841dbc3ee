import { IceError } from '../contracts/errors.ts';
import type { Usage } from '../contracts/events.ts';
import type { Json, JsonObject } from '../contracts/json.ts';
import type { Attempt, AttemptResult, Effect, Step, ThreadStore } from '../engine/ports.ts';
import type { ModelMessage, ModelReply, Models, ToolRequest } from '../models/port.ts';
import { asText, modelOf, seedOf } from './llm.ts';
import { createToolbox, type Toolbox } from './toolbox.ts';

export interface AgentEffects {
  models: Models;
  /** The effect of a `tool` node; an agent's tools are called as one. */
  tool: Effect;
  /** Where conversations are kept; without it, an agent with `memory` fails. */
  threads?: ThreadStore;
}

const DEFAULT_MAX_STEPS = 10;

/**
 * The effect of an `agent` node: a model that calls tools until it answers. `args` is `{ input, system?, script?,
 * thread? }`; the result is `{ text, object?, usage, cost, model, steps }`.
 *
 * Every model call and every tool call is a journalled step. An attempt that follows a crash or a failure takes the
 * steps that are there as they are, and goes on with the first that is not, so that each is paid for once. The
 * conversation is made anew from the steps, in their order.
 */
export function createAgentEffect(effects: AgentEffects): Effect {
  return async (attempt: Attempt): Promise<AttemptResult> => {
    const { config, output } = attempt.node;
    const args = attempt.args as JsonObject;
    const model = modelOf(config.model, attempt.path);
    const toolbox = createToolbox(attempt, effects.tool);
    const input = asText(args['input']);
    const messages: ModelMessage[] = [];
    if (args['system'] !== undefined) messages.push({ role: 'system', content: asText(args['system']) });
    const thread = threadOf(attempt, effects.threads);
    if (thread) messages.push(...(await thread.read()));
    messages.push({ role: 'user', content: input });
    const turnsFrom = messages.length;

    const journal = new StepJournal(attempt);
    const maxSteps = config.maxSteps ?? DEFAULT_MAX_STEPS;
    try {
      for (let calls = 1; ; calls++) {
        if (calls > maxSteps) throw tooManySteps(attempt.path, maxSteps);
        const { reply, by } = await journal.model(model, () => {
          const budget = budgetOf(attempt, journal);
          return effects.models.generate(model, {
            messages: [...messages],
            seed: seedOf(attempt, `${input}\n${calls}`),
            attempt: attempt.attempt,
            turnsFrom,
            project: attempt.project,
            signal: attempt.signal,
            onDelta: (text) => attempt.delta(text),
            ...(budget === undefined ? {} : { budget }),
            ...(toolbox.offers.length === 0 ? {} : { tools: toolbox.offers }),
            ...(output === undefined ? {} : { output }),
            ...(config.fallback === undefined ? {} : { fallback: config.fallback }),
            ...(config.temperature === undefined ? {} : { temperature: config.temperature }),
            ...(config.maxTokens === undefined ? {} : { maxTokens: config.maxTokens }),
            ...(Array.isArray(args['script']) ? { script: args['script'] } : {}),
          });
        });
        if (!reply.toolCalls?.length) {
          await thread?.append(input, reply.text);
          const { usage, cost, whole } = journal;
          const result: JsonObject = {
            text: reply.text,
            ...(reply.object === undefined ? {} : { object: reply.object }),
            usage: { ...whole.usage },
            cost: whole.cost,
            model: by,
            steps: calls,
          };
          return { result, usage, cost, model: by };
        }
        messages.push({
          role: 'assistant',
          content: reply.text,
          toolCalls: reply.toolCalls,
          ...(reply.carry ? { carry: reply.carry } : {}),
        });
        for (const [i, call] of reply.toolCalls.entries()) {
          const content = await journal.tool(call, toolbox, i);
          messages.push({ role: 'tool', toolCallId: call.id, name: call.name, content });
        }
      }
    } catch (error) {
      throw journal.priced(error);
    }
  };
}

/** What is left for the next call: of the agent's own budget and of the run's, whichever is less. */
function budgetOf(attempt: Attempt, journal: StepJournal): number | undefined {
  const own = attempt.node.config.maxCost;
  const left = [
    ...(own === undefined ? [] : [own - journal.whole.cost]),
    ...(attempt.budgetLeft === undefined ? [] : [attempt.budgetLeft]),
  ];
  return left.length === 0 ? undefined : Math.min(...left);
}

/** The reply of a model step, as its journal entry keeps it. */
type KeptReply = Pick<ModelReply, 'text' | 'object' | 'toolCalls' | 'carry' | 'finishReason'>;

/** Plays the steps that are journalled, then journals those that are made. */
class StepJournal {
  readonly attempt: Attempt;
  /** What the agent's own model calls used. */
  readonly usage: Usage = { inputTokens: 0, outputTokens: 0 };
  cost = 0;
  /** The same, with what the workflows and agents that it called used; that was counted where it was spent. */
  readonly whole = { usage: { inputTokens: 0, outputTokens: 0 }, cost: 0 };
  #at = 0;

  constructor(attempt: Attempt) {
    this.attempt = attempt;
  }

  async model(
    name: string,
    generate: () => Promise<ModelReply & { model: string; cost: number }>,
  ): Promise<{ reply: KeptReply; by: string }> {
    const kept = this.#next('model', name);
    if (kept) {
      const { model, ...reply } = kept.result as unknown as KeptReply & { model: string };
      return { reply, by: model };
    }
    const { usage, cost, model, ...reply } = await generate();
    const { text, object, toolCalls, carry, finishReason } = reply;
    const result = JSON.parse(
      JSON.stringify({ model, text, object, toolCalls, carry, finishReason }),
    ) as Json;
    this.#count({ usage, cost });
    await this.attempt.step({ kind: 'model', name: model, result, usage, cost });
    return { reply, by: model };
  }

  async tool(call: ToolRequest, toolbox: Toolbox, index: number): Promise<Json> {
    const kept = this.#next('tool', call.name);
    if (kept) return kept.result;
    // The place of the step, not of the attempt: a tool that is called again after a crash sees the same key.
    const { result, within } = await toolbox.call(call, index, this.#at);
    this.#count({ within });
    await this.attempt.step({ kind: 'tool', name: call.name, result, ...(within ? { within } : {}) });
    return result;
  }

  /** Adds to a failure what the whole attempt cost, journalled steps included. */
  priced(error: unknown): unknown {
    // Who stopped the attempt knows its reason by identity.
    if (!(error instanceof IceError) || this.attempt.signal.aborted || error.code === 'lease_lost')
      return error;
    const more = error.details as { usage?: Usage; cost?: number } | undefined;
    this.#count({ usage: more?.usage, cost: more?.cost });
    if (this.usage.inputTokens + this.usage.outputTokens === 0) return error;
    return new IceError(error.code, error.message, {
      hint: error.hint,
      retryAfterMs: error.retryAfterMs,
      terminal: error.terminal,
      cause: error.cause,
      details: { ...error.details, usage: { ...this.usage }, cost: this.cost },
    });
  }

  #next(kind: Step['kind'], name: string): Step | undefined {
    const step = this.attempt.steps[this.#at];
    this.#at++;
    if (!step) return undefined;
    if (step.kind !== kind) {
      throw new IceError(
        'internal',
        `Step ${this.#at} of ${this.attempt.path} is no ${kind} call of ${name}`,
      );
    }
    this.#count(step);
    return step;
  }

  #count({ usage, cost, within }: Partial<Pick<Step, 'usage' | 'cost' | 'within'>>): void {
    add(this, { usage, cost });
    add(this.whole, { usage, cost });
    add(this.whole, within);
  }
}

function add(
  to: { usage: Usage; cost: number },
  spent: { usage?: Usage | undefined; cost?: number | undefined } = {},
): void {
  to.usage.inputTokens += spent.usage?.inputTokens ?? 0;
  to.usage.outputTokens += spent.usage?.outputTokens ?? 0;
  to.cost = Math.round((to.cost + (spent.cost ?? 0)) * 1e10) / 1e10;
}

function threadOf(
  attempt: Attempt,
  threads: ThreadStore | undefined,
): { read(): Promise<ModelMessage[]>; append(input: string, answer: string): Promise<void> } | undefined {
  const { memory } = attempt.node.config;
  if (memory === undefined) return undefined;
  if (!threads) {
    throw new IceError(
      'not_implemented',
      `${attempt.path} has memory, and this target keeps no conversations`,
      {
        hint: 'Leave memory out, or run it on a target with a store.',
        terminal: true,
      },
    );
  }
  const name = asText((attempt.args as JsonObject)['thread']);
  if (memory === 'thread' && name === '') {
    throw new IceError('input_invalid', `The thread of ${attempt.path} has no name`, {
      hint: 'Give memory.thread a text that names the conversation.',
      terminal: true,
    });
  }
  const id = memory === 'run' ? `run:${attempt.runId}` : `thread:${name}`;
  // What was said in this turn is told apart by its key: an attempt that is made again must not remember itself.
  const turn = attempt.idempotencyKey;
  return {
    read: async () => (await threads.read(attempt.project, id, turn)) as unknown as ModelMessage[],
    append: (input, answer) =>
      threads.append(attempt.project, id, turn, [
        { role: 'user', content: input },
        { role: 'assistant', content: answer },
      ]),
  };
}

const tooManySteps = (path: string, most: number): IceError =>
  new IceError('max_steps', `${path} called its model ${most} times and has no answer yet`, {
    hint: 'Raise maxSteps, or say in system when to stop and answer.',
    details: { maxSteps: most },
    terminal: true,
  });
