import { cut } from '../contracts/cut.ts';
import { IceError } from '../contracts/errors.ts';
import type { EventError } from '../contracts/events.ts';
import { ExpressionError } from '../language/expressions/index.ts';
import { sizeOf } from './limits.ts';

const MAX_MESSAGE = 4_000;
const MAX_DETAILS = 64 * 1024;

/** Anything thrown, as it stands in a journal: bounded, without a stack. */
export function toEventError(thrown: unknown): EventError {
  if (thrown instanceof ExpressionError) {
    const { code, message, source, start, end, help, path } = thrown;
    return {
      code: 'expression_failed',
      message: `${message}, in ${cut(source, 200)}`,
      ...(help === undefined ? {} : { hint: help }),
      details: { code, source: cut(source, 1_000), start, end, path },
    };
  }
  const error = IceError.from(thrown);
  // What the attempt cost stands beside the error.
  const { usage: _usage, cost: _cost, ...details } = error.details ?? {};
  const kept = Object.keys(details).length > 0 && sizeOf(details, MAX_DETAILS) <= MAX_DETAILS;
  return {
    code: error.code,
    message: cut(error.message, MAX_MESSAGE),
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(kept ? { details } : {}),
  };
}
