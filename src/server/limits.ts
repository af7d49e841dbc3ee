import { RateLimiterMemory } from 'rate-limiter-flexible';
import type { Limits } from './services.ts';

export interface LimitOptions {
  /** Requests of one token in ten seconds; 20,000: it stops a loop gone wild, not work. */
  requests?: number;
  /** Failed authentications of one address in a minute; 60. */
  failures?: number;
}

/** Limits kept in this process. Imported only by what listens on a socket. */
export function createLimits(options: LimitOptions = {}): Limits {
  const requests = new RateLimiterMemory({ points: options.requests ?? 20_000, duration: 10 });
  const failures = new RateLimiterMemory({ points: options.failures ?? 60, duration: 60 });
  return {
    request: (token) => take(requests, token.id),
    failure: (remote) => take(failures, remote),
  };
}

/** Takes a point; the wait in ms when there is none. The limiter rejects with its state, which is no Error. */
async function take(limiter: RateLimiterMemory, key: string): Promise<number | undefined> {
  try {
    await limiter.consume(key);
    return undefined;
  } catch (state) {
    if (state instanceof Error) throw state;
    return Math.max(1, (state as { msBeforeNext: number }).msBeforeNext);
  }
}
