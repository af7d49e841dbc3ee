/**
 * Errors named by what happens next. They are told apart by their `ice` field and not by `instanceof`, because a
 * bundle may hold its own copy of this module.
 */

/** A failure that no retry can mend: the node fails at once. Any other thrown error may be retried. */
export class TerminalError extends Error {
  override readonly name = 'TerminalError';
  readonly ice = 'terminal';
}

/** A failure that a later attempt may not have; `retryAfterMs` is the least wait before it (milliseconds). */
export class RetryableError extends Error {
  override readonly name = 'RetryableError';
  readonly ice = 'retryable';
  readonly retryAfterMs: number | undefined;

  constructor(message: string, options: { retryAfterMs?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.retryAfterMs = options.retryAfterMs;
  }
}
