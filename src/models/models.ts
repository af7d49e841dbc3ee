import { cut } from '../contracts/cut.ts';
import { IceError } from '../contracts/errors.ts';
import type { Usage } from '../contracts/events.ts';
import type { JsonSchema } from '../contracts/json.ts';
import { hint } from '../language/expressions/suggest.ts';
import { answerWithin, cutByBudget } from './budget.ts';
import type { CheckSchema } from './instance/instance.ts';
import { limitsOf, ModelGate, type ModelLimits } from './limits.ts';
import type { ModelReply, ModelRequest, Models, Provider } from './port.ts';
import { costOf, type PriceTable, priceOf, rounded, SHIPPED_PRICES } from './prices.ts';
import { readObject, repairPrompt } from './structured.ts';

export interface ModelsOptions {
  providers: Provider[];
  /** Checks structured output. */
  checkSchema: CheckSchema;
  /** The shipped table unless said. */
  prices?: PriceTable;
  /** `provider/name`, `provider/*` or `*` -> limits, kept per model and in this process. */
  limits?: Record<string, ModelLimits>;
  /** How often a model may mend a structured output that does not match, after its first try; 2. */
  repairs?: number;
  /** The longest time of one call, its stream included; ten minutes. */
  timeoutMs?: number;
}

type Request = Omit<ModelRequest, 'model'> & { fallback?: string[] };
type PricedReply = ModelReply & { model: string; cost: number };

/**
 * All providers of a target behind one port. `generate` resolves `provider/name` (`provider_missing`), keeps the
 * model's limits, enforces `output` with bounded repair (`output_invalid`), prices the usage, and tries `fallback` in
 * `budget` (`budget_exceeded`), and tries `fallback` in turn when a model is not available (`provider_failed`, `secret_missing`, or a 404 of its provider).
 */
export function createModels(options: ModelsOptions): Models {
  const providers = new Map(options.providers.map((provider) => [provider.name, provider]));
  const prices = options.prices ?? SHIPPED_PRICES;
  const gates = new Map<string, ModelGate>();

  function resolve(model: string): { provider: Provider; name: string } {
    const slash = model.indexOf('/');
    const provider = providers.get(slash < 0 ? model : model.slice(0, slash));
    const names = [...providers.keys()];
    if (provider && slash >= 0 && slash < model.length - 1) return { provider, name: model.slice(slash + 1) };
    const message = provider
      ? `'${model}' names a provider without a model`
      : `There is no model provider '${slash < 0 ? model : model.slice(0, slash)}'`;
    throw new IceError('provider_missing', message, {
      hint: provider
        ? `Write provider/name, as ${provider.name}/${provider.name === 'echo' ? 'default' : 'some-model'}.`
        : `${hint(slash < 0 ? model : model.slice(0, slash), names) ?? ''} A model is provider/name; the providers are ${names.join(', ')}.`.trim(),
      details: { model, providers: names },
      terminal: true,
    });
  }

  function gateOf(model: string): ModelGate | undefined {
    const limits = limitsOf(options.limits ?? {}, model);
    if (!limits) return undefined;
    const gate = gates.get(model) ?? new ModelGate(model, limits);
    gates.set(model, gate);
    return gate;
  }

  /** One call of one provider, within the model's limits and time. */
  async function call(model: string, provider: Provider, request: ModelRequest): Promise<ModelReply> {
    const leave = await gateOf(model)?.enter(request.signal);
    const ms = options.timeoutMs ?? 600_000;
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(tookTooLong(model, ms)), ms);
    const signal = AbortSignal.any([request.signal, timeout.signal]);
    try {
      // A provider that ignores its signal must not hold the run: the race ends the wait all the same.
      return await Promise.race([provider.generate({ ...request, signal }), aborted(signal)]);
    } catch (error) {
      if (request.signal.aborted) throw request.signal.reason;
      if (timeout.signal.aborted) throw timeout.signal.reason;
      throw IceError.from(error);
    } finally {
      clearTimeout(timer);
      leave?.();
    }
  }

  /** Calls a model until its object matches, at most `repairs` times more; sums what all calls used. */
  async function generateWith(model: string, request: Request): Promise<PricedReply> {
    const { provider, name } = resolve(model);
    const { fallback: _, ...rest } = request;
    let { messages } = request;
    const usage: Usage = { inputTokens: 0, outputTokens: 0 };
    const price = priceOf(prices, model);
    let cost = 0;
    for (let repaired = 0; ; repaired++) {
      let reply: ModelReply;
      const left = request.budget === undefined ? undefined : request.budget - cost;
      let most: number | undefined;
      try {
        if (left !== undefined) most = answerWithin(model, price, { ...rest, messages }, left);
        const maxTokens = most ?? request.maxTokens;
        reply = await call(model, provider, { ...rest, messages, maxTokens, model: name });
      } catch (error) {
        throw withUsage(error, usage, cost);
      }
      usage.inputTokens += reply.usage.inputTokens;
      usage.outputTokens += reply.usage.outputTokens;
      cost = rounded(cost + costOf(price, reply.usage));
      const done = { ...reply, usage, model, cost };
      if (most !== undefined && reply.finishReason === 'length')
        throw cutByBudget(model, left!, { usage, cost: done.cost });
      // A reply that calls tools is not the answer yet.
      if (request.output === undefined || reply.toolCalls?.length) return done;
      const read = readObject(reply, request.output, options.checkSchema);
      if (read.problem === undefined) return { ...done, object: read.object };
      const cut = reply.finishReason === 'length';
      if (cut || repaired >= (options.repairs ?? 2))
        throw unmended(model, read.problem, { ...done, repaired, cut });
      messages = [
        ...messages,
        { role: 'assistant', content: reply.text, ...(reply.carry ? { carry: reply.carry } : {}) },
        { role: 'user', content: repairPrompt(read.problem, request.output as JsonSchema) },
      ];
    }
  }

  return {
    async generate(model, request) {
      const models = [model, ...(request.fallback ?? [])];
      const failures: IceError[] = [];
      for (const [i, candidate] of models.entries()) {
        try {
          const budget = request.budget === undefined ? undefined : request.budget - costOfAll(failures);
          return await generateWith(candidate, { ...request, budget });
        } catch (error) {
          if (request.signal.aborted || !(error instanceof IceError)) throw error;
          failures.push(error);
          if (!isUnavailable(error) || i === models.length - 1) break;
        }
      }
      throw failures.length === 1 ? failures[0]! : allFailed(models, failures);
    },
    price(model) {
      resolve(model);
      return priceOf(prices, model);
    },
  };
}

const isUnavailable = (error: IceError): boolean =>
  error.code === 'provider_failed' ||
  error.code === 'rate_limited' ||
  error.code === 'secret_missing' ||
  (error.code === 'provider_rejected' && error.details?.['status'] === 404);

const tookTooLong = (model: string, ms: number): IceError =>
  new IceError('provider_failed', `${model} did not finish within ${ms / 1000} s`, {
    hint: 'Ask for less (maxTokens), or give the node retry or fallback.',
    details: { timeoutMs: ms },
  });

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });

/** A failed call after paid ones (repairs) still says what they used, so that the run's cost stays true. */
function withUsage(error: unknown, usage: Usage, cost: number): unknown {
  if (!(error instanceof IceError) || usage.inputTokens + usage.outputTokens === 0) return error;
  return new IceError(error.code, error.message, {
    hint: error.hint,
    retryAfterMs: error.retryAfterMs,
    terminal: error.terminal,
    cause: error.cause,
    details: { ...error.details, usage, cost },
  });
}

function unmended(
  model: string,
  problem: string,
  reply: PricedReply & { repaired: number; cut: boolean },
): IceError {
  const tries = reply.repaired + 1;
  const after = tries === 1 ? '' : ` after ${tries} tries`;
  return new IceError(
    'output_invalid',
    `The output of ${model} does not match the schema${after}: ${problem}`,
    {
      hint: reply.cut
        ? 'The reply was cut at its longest length: raise maxTokens.'
        : 'Loosen or describe the schema, say in the prompt what is wanted, or take a model with structured output.',
      // `usage` and `cost` are of all tries: they were paid, though they gave nothing.
      details: { model, text: cut(reply.text, 500), usage: reply.usage, cost: reply.cost },
    },
  );
}

/** What failed calls cost all the same. */
const costOfAll = (failures: IceError[]): number =>
  failures.reduce((total, error) => total + ((error.details?.['cost'] as number | undefined) ?? 0), 0);

/** The last model's error, telling of the others; it may be retried if any of them may. */
function allFailed(models: string[], failures: IceError[]): IceError {
  const last = failures.at(-1)!;
  const retry = failures.find((error) => !error.terminal) ?? last;
  const waits = failures.flatMap((error) => error.retryAfterMs ?? []);
  const sum = (key: 'inputTokens' | 'outputTokens') =>
    failures.reduce(
      (total, error) => total + ((error.details?.['usage'] as Usage | undefined)?.[key] ?? 0),
      0,
    );
  const cost = costOfAll(failures);
  const usage = { inputTokens: sum('inputTokens'), outputTokens: sum('outputTokens') };
  return new IceError(
    isUnavailable(last) ? retry.code : last.code,
    failures
      .map(({ message }, i) => (message.includes(models[i]!) ? message : `${models[i]}: ${message}`))
      .join('; '),
    {
      hint: last.hint,
      terminal: isUnavailable(last) ? retry.terminal : last.terminal,
      ...(waits.length > 0 ? { retryAfterMs: Math.min(...waits) } : {}),
      details: {
        tried: failures.map((error, i) => ({ model: models[i], code: error.code, message: error.message })),
        ...(cost > 0 || usage.inputTokens > 0 ? { usage, cost } : {}),
      },
    },
  );
}
