import { IceError } from '../contracts/errors.ts';
import type { RouteName } from '../contracts/routes.ts';
import type { Services } from './services.ts';

/** What is remembered of an answer, when it is not the answer itself. */
export interface Memory {
  /** From the body of the first answer: what may be kept. */
  keep(body: unknown): unknown;
  /** The answer to a repeated request, from what was kept. */
  recall(kept: unknown): Promise<unknown>;
}

const KEY = /^[\x21-\x7e]{1,200}$/;

/**
 * Runs a write under its Idempotency-Key: the first request does it, a repeated one gets the first one's answer, the
 * same key with another request is `idempotency_mismatch`, and one that comes while the first still runs is told to
 * come again. Failures that a retry may mend are not kept.
 */
export async function once(
  services: Services,
  scope: string,
  key: string,
  request: { name: RouteName; text: string },
  memory: Memory | undefined,
  act: () => Promise<{ status: number; body: unknown }>,
): Promise<{ status: number; body: unknown; replayed: boolean }> {
  if (!KEY.test(key))
    throw new IceError('bad_request', 'The Idempotency-Key is not 1 to 200 printable characters', {
      hint: 'Use an id that is made for each call, as a UUID',
    });
  const hash = await services.sha256(`${request.name}\n${request.text}`);
  const found = await services.idempotency.begin(scope, key, hash, services.clock.now());
  if (found === 'in-progress')
    throw new IceError('conflict', 'A request with this Idempotency-Key is being answered now', {
      hint: 'Send it again in a moment',
      retryAfterMs: 1000,
      details: { inProgress: true },
    });
  if (found !== 'new') {
    const kept = found.body === '' ? undefined : (JSON.parse(found.body) as unknown);
    return { status: found.status, body: memory ? await memory.recall(kept) : kept, replayed: true };
  }
  try {
    const answer = await act();
    const kept = memory ? memory.keep(answer.body) : answer.body;
    await services.idempotency.finish(scope, key, {
      status: answer.status,
      body: kept === undefined ? '' : JSON.stringify(kept),
    });
    return { ...answer, replayed: false };
  } catch (error) {
    await services.idempotency.abandon(scope, key);
    throw error;
  }
}
