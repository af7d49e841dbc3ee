import { IceError } from '../contracts/errors.ts';

/** An answer is kept for a day: longer than any client retries. */
export const IDEMPOTENCY_KEPT_MS = 24 * 3_600_000;
/** A reservation without an answer is given up after this: the process that held it is gone. */
export const IDEMPOTENCY_RESERVED_MS = 5 * 60_000;
/** Old keys removed by each new one, so that the table stays as big as a day's writes. */
export const IDEMPOTENCY_SWEEP = 100;

export const idempotencyMismatch = (key: string): IceError =>
  new IceError('idempotency_mismatch', `The Idempotency-Key ${key} was used for another request.`, {
    hint: 'Use a new key for a new request; repeat a request with exactly the same body.',
  });
