import { IceError } from '../contracts/errors.ts';

/** The streams that are open: bounded, and ended together when the server goes down. */
export interface Streams {
  /**
   * The switch of a new stream, thrown by the caller's leaving too. Fails with `unavailable` when there are too many, and
   * when they have been ended: nobody would end this one.
   */
  open(caller: AbortSignal): AbortController;
  closed(stream: AbortController): void;
  end(): void;
}

export function createStreams(most: number): Streams {
  const open = new Set<AbortController>();
  let ended = false;
  return {
    open(caller) {
      if (ended)
        throw new IceError('unavailable', 'The server is going down', {
          hint: 'Try again in a while: the run goes on with another server, or with this one when it is back',
          retryAfterMs: 1000,
        });
      if (open.size >= most)
        throw new IceError('unavailable', 'Too many streams are open', {
          hint: 'Try again in a while, or read without following: Accept: application/x-ndjson',
          retryAfterMs: 5000,
        });
      const stream = new AbortController();
      open.add(stream);
      if (caller.aborted) stream.abort();
      else caller.addEventListener('abort', () => stream.abort(), { once: true });
      return stream;
    },
    closed: (stream) => open.delete(stream),
    end: () => {
      ended = true;
      for (const stream of open) stream.abort();
    },
  };
}
