import * as z from 'zod';
import { IceError } from '../contracts/errors.ts';
import type { Usage } from '../contracts/events.ts';
import type { Price } from './port.ts';
import shipped from './prices.json' with { type: 'json' };

/** `provider/name` -> price; `provider/*` prices what has no line of its own. */
export type PriceTable = Record<string, Price>;

/** Providers bill a million tokens; anything near these bounds is a slip of units. */
const amount = z.number().min(0).max(10_000);
const tableSchema = z.record(
  z.string().regex(/^[a-z0-9-]+\/\S+$/, 'a key is provider/name or provider/*'),
  z.strictObject({
    input: amount,
    output: amount,
    long: z.strictObject({ over: z.number().int().positive(), input: amount, output: amount }).optional(),
  }),
);

/** The table that ships with ice (`prices.json`); providers change theirs, so any line can be overridden. */
export const SHIPPED_PRICES: PriceTable = shipped.models;

/**
 * The shipped table with the lines of `overrides` over it. `overrides` is the text of a JSON file: a map of
 * `provider/name` to `{ input, output }`, or an object that holds this map under `models`, as the shipped file does.
 * Fails with `bad_request`, naming the line that is wrong.
 */
export function priceTable(overrides?: string, source = 'the price table'): PriceTable {
  if (overrides === undefined || overrides.trim() === '') return SHIPPED_PRICES;
  const shape = '{ "provider/name": { "input": 1.25, "output": 10 } }, in US dollars for a million tokens';
  let document: unknown;
  try {
    document = JSON.parse(overrides);
  } catch (error) {
    throw new IceError('bad_request', `${source} is not JSON: ${(error as Error).message}`, {
      hint: `Write ${shape}.`,
    });
  }
  const lines =
    typeof document === 'object' && document !== null && 'models' in document ? document.models : document;
  const parsed = tableSchema.safeParse(lines);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const reason = issue.code === 'invalid_key' ? issue.issues[0]!.message : issue.message;
    throw new IceError('bad_request', `${source}: ${issue.path.join('.') || 'the document'}: ${reason}`, {
      hint: `Write ${shape}.`,
    });
  }
  return { ...SHIPPED_PRICES, ...parsed.data };
}

/**
 * The price of a model: its own line; else the line of the model that it is a dated or `latest` form of
 * (`gpt-5-2025-08-07` of `gpt-5`); else `provider/*`. Undefined when there is none: unknown is not free.
 */
export function priceOf(table: PriceTable, model: string): Price | undefined {
  const own = lineOf(table, model);
  if (own) return own;
  const undated = model.replace(/-(?:\d{8}|\d{4}-\d{2}-\d{2}|\d{3}|latest|preview(?:-\d{2}-\d{2,4})?)$/, '');
  if (undated !== model) {
    const base = lineOf(table, undated);
    if (base) return base;
  }
  return lineOf(table, `${model.slice(0, model.indexOf('/'))}/*`);
}

const lineOf = (table: PriceTable, key: string): Price | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined;

/** The price of a call by the length of its prompt. */
export const priceAt = ({ long, ...short }: Price, promptTokens: number): Omit<Price, 'long'> =>
  long && promptTokens > long.over ? long : short;

/** US dollars of one call; 0 without a price. Rounded to a tenth of a nanodollar, so that sums print as they should. */
export function costOf(price: Price | undefined, usage: Usage): number {
  if (!price) return 0;
  const { input, output } = priceAt(price, usage.inputTokens);
  return rounded((usage.inputTokens * input + usage.outputTokens * output) / 1e6);
}

export const rounded = (dollars: number): number => Math.round(dollars * 1e10) / 1e10;
