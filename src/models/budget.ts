import { IceError } from '../contracts/errors.ts';
import type { ModelRequest, Price } from './port.ts';
import { priceAt } from './prices.ts';
import { countMessageTokens } from './tokens.ts';

/** Providers refuse a limit below this. */
const LEAST_LIMIT = 16;

/**
 * How many tokens of answer a budget pays after the prompt: the call gets no more, so that even its longest answer
 * keeps the budget. Undefined when the budget is more than what the request asks for. Fails with `budget_exceeded`
 * when nothing useful can be paid, or the model has no price: unknown is not free.
 */
export function answerWithin(
  model: string,
  price: Price | undefined,
  request: Pick<ModelRequest, 'messages' | 'tools' | 'output' | 'maxTokens'>,
  left: number,
): number | undefined {
  if (!price) throw noPrice(model);
  const promptLength = promptTokens(model, request);
  const { input, output } = priceAt(price, promptLength);
  const prompt = (promptLength * input) / 1e6;
  const tokens = output === 0 ? Number.POSITIVE_INFINITY : Math.floor(((left - prompt) * 1e6) / output);
  const wanted = request.maxTokens ?? Number.POSITIVE_INFINITY;
  const least = model.startsWith('echo/') ? 1 : Math.min(LEAST_LIMIT, wanted);
  if (left > 0 && tokens >= least) return tokens < wanted ? tokens : undefined;
  throw new IceError(
    'budget_exceeded',
    left > 0
      ? `A call of ${model} would go over what is left of the budget, ${dollars(left)}: its prompt costs about ${dollars(prompt)}, and ${least === 1 ? 'a token of answer' : `the shortest answer that can be asked for, ${least} tokens,`} ${dollars((least * output) / 1e6)}`
      : 'Nothing of the budget is left',
    { hint: 'Raise maxCost, or shorten the prompt.', details: { model, left, prompt }, terminal: true },
  );
}

/** A model without a price can't be held to a budget. */
export const noPrice = (model: string): IceError =>
  new IceError('budget_exceeded', `${model} has no price, so the budget cannot be kept`, {
    hint: 'Give it a line in the price table (ICE_MODEL_PRICES), or run without maxCost.',
    details: { model },
    terminal: true,
  });

/** The answer was cut where the budget ended. It was paid, so the details say for how much. */
export const cutByBudget = (model: string, left: number, details: Record<string, unknown>): IceError =>
  new IceError(
    'budget_exceeded',
    `The answer of ${model} was stopped where the budget ended (${dollars(left)} were left)`,
    {
      hint: 'Raise maxCost, or ask for a shorter answer (maxTokens).',
      details: { model, left, ...details },
      terminal: true,
    },
  );

const dollars = (amount: number): string => `$${Number(amount.toPrecision(3))}`;

/** Echo is counted by the fixed tokenizer. For others a token for three bytes is assumed, more than
 * plain text needs, so that the estimate errs to the safe side; tools and schemas are part of their prompts. */
function promptTokens(model: string, request: Pick<ModelRequest, 'messages' | 'tools' | 'output'>): number {
  const messages = countMessageTokens(request.messages);
  if (model.startsWith('echo/')) return messages;
  const bytes = (value: unknown) => (value === undefined ? 0 : Buffer.byteLength(JSON.stringify(value)));
  return Math.ceil((messages * 4 + bytes(request.tools) + bytes(request.output)) / 3);
}
