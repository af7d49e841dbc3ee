/** Waits of the client: exponential, with jitter, bounded, and ended by the caller's signal. */

export interface RetryOptions {
  /** All attempts of one call, the first included; 4. */
  maxAttempts: number;
  /** The wait before the second attempt, ms; 200. It doubles. */
  initialMs: number;
  /** The longest wait, also when the server asks for a longer one; 10,000. */
  maxMs: number;
}

export const DEFAULT_RETRY: RetryOptions = { maxAttempts: 4, initialMs: 200, maxMs: 10_000 };

/** The wait after a failed attempt (from 1): drawn between half and all of it, or what the server asked for. */
export function waitMs(attempt: number, options: RetryOptions, retryAfterMs?: number): number {
  if (retryAfterMs !== undefined) return Math.min(retryAfterMs, options.maxMs);
  const full = Math.min(options.initialMs * 2 ** (attempt - 1), options.maxMs);
  return full / 2 + (Math.random() * full) / 2;
}

/** Rejects with the signal's reason when it is aborted meanwhile. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
