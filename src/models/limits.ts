import { IceError } from '../contracts/errors.ts';

/** How much one model may be asked at once and in a minute. */
export interface ModelLimits {
  /** Calls at once. */
  concurrency?: number;
  /** Calls started in any window of a minute. */
  requestsPerMinute?: number;
}

/** Longer queues help nobody: their ends would wait for many minutes, holding their messages. */
const MOST_WAITING = 1000;

/** The line of a model: `provider/name`, else `provider/*`, else `*`. */
export function limitsOf(table: Record<string, ModelLimits>, model: string): ModelLimits | undefined {
  for (const key of [model, `${model.slice(0, model.indexOf('/'))}/*`, '*'])
    if (Object.hasOwn(table, key)) return table[key];
  return undefined;
}

/**
 * The gate of one model in this process. `enter` waits for a free place and for the rate, in order of arrival, and
 * gives the function that leaves; it stops waiting when the signal aborts. A full queue is `rate_limited`.
 */
export class ModelGate {
  readonly #model: string;
  readonly #limits: ModelLimits;
  readonly #now: () => number;
  readonly #waiting: (() => void)[] = [];
  #inside = 0;
  /** When each call of the last minute started, oldest first. */
  #started: number[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(model: string, limits: ModelLimits, now: () => number = Date.now) {
    this.#model = model;
    this.#limits = limits;
    this.#now = now;
  }

  async enter(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#waiting.length >= MOST_WAITING) {
      throw new IceError('rate_limited', `${MOST_WAITING} calls already wait for ${this.#model}`, {
        hint: 'Lower the concurrency of the workflow, or raise the limits of this model.',
        retryAfterMs: 5000,
      });
    }
    await new Promise<void>((resolve, reject) => {
      const abort = () => {
        this.#waiting.splice(this.#waiting.indexOf(go), 1);
        // A timer that nobody waits for would keep the process alive for up to a minute.
        if (this.#waiting.length === 0) clearTimeout(this.#timer);
        if (this.#waiting.length === 0) this.#timer = undefined;
        reject(signal.reason);
      };
      const go = () => {
        signal.removeEventListener('abort', abort);
        resolve();
      };
      signal.addEventListener('abort', abort, { once: true });
      this.#waiting.push(go);
      this.#admit();
    });
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#inside--;
      this.#admit();
    };
  }

  /** Lets in as many as there is room for; sets a timer when only the rate is in the way. */
  #admit(): void {
    const { concurrency = Infinity, requestsPerMinute = Infinity } = this.#limits;
    const now = this.#now();
    this.#started = this.#started.filter((at) => at > now - 60_000);
    while (this.#waiting.length > 0 && this.#inside < concurrency) {
      if (this.#started.length >= requestsPerMinute) {
        this.#timer ??= setTimeout(
          () => {
            this.#timer = undefined;
            this.#admit();
          },
          Math.max(1, this.#started[0]! + 60_000 - now),
        );
        return;
      }
      this.#inside++;
      if (requestsPerMinute !== Infinity) this.#started.push(now);
      this.#waiting.shift()!();
    }
  }
}
