import { IceError } from '../contracts/errors.ts';
import type { PlanRetry } from '../contracts/plan.ts';
import { ExpressionError } from '../language/expressions/index.ts';

/** The longest that a Retry-After is believed, in milliseconds. */
const MAX_RETRY_AFTER_MS = 3_600_000;

/** Failures that another attempt would only repeat. */
const FINAL = new Set<string>([
  'expression_failed',
  'input_invalid',
  'validation_failed',
  'max_crashes',
  'max_steps',
  'budget_exceeded',
  'deadline_exceeded',
  'not_found',
  'not_implemented',
  'tool_denied',
  'provider_rejected',
  'provider_missing',
  'secret_missing',
  'cassette_miss',
  'script_ended',
]);

/** Whether another attempt may succeed: not after a TerminalError, nor after what no attempt can mend. */
export function retryable(thrown: unknown): boolean {
  if (thrown instanceof ExpressionError) return false;
  return !(thrown instanceof IceError) || !(thrown.terminal || FINAL.has(thrown.code));
}

export const retryableCode = (code: string): boolean => !FINAL.has(code);

/**
 * How long to wait before the next attempt, in milliseconds; undefined when there is none.
 *
 * @param failures attempts that have failed, this one included
 * @param random in [0, 1): the draw for jitter, which lies between half of the wait and all of it
 * @param retryAfterMs what the other side asked for; the wait is never shorter
 */
export function retryDelay(
  retry: PlanRetry | undefined,
  failures: number,
  random: number,
  retryAfterMs = 0,
): number | undefined {
  if (!retry || failures >= retry.maxAttempts) return undefined;
  const factor =
    retry.backoff === 'fixed' ? 1 : retry.backoff === 'linear' ? failures : 2 ** Math.min(failures - 1, 40);
  const wait = Math.min(retry.initialMs * factor, retry.maxMs);
  const drawn = retry.jitter ? wait * (0.5 + random / 2) : wait;
  return Math.round(Math.max(drawn, Math.min(retryAfterMs, MAX_RETRY_AFTER_MS)));
}
