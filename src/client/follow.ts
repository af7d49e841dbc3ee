import { ERRORS, IceError, isErrorCode } from '../contracts/errors.ts';
import { type AnyRunEvent, ENDED, type RunState } from '../contracts/events.ts';
import type { FetchAnswer } from './request.ts';
import { DEFAULT_RETRY, type RetryOptions, sleep, waitMs } from './retry.ts';
import { type SseFrame, SseParser } from './sse.ts';

/** What following a run gives: every journal entry once, in order; live text between them; one end. */
export type FollowedEntry =
  | { kind: 'event'; event: AnyRunEvent }
  | { kind: 'delta'; path: string; attempt: number; text: string }
  | { kind: 'end'; state: RunState; seq: number };

export interface FollowOptions {
  /** Only entries after this number; 0. */
  after?: number;
  signal?: AbortSignal;
  /** Told of each dropped stream that is taken up again. */
  onReconnect?(error: IceError, attempt: number): void;
}

/** A stream that says nothing for so long, not even that it is alive, is given up and taken up again. */
const SILENCE_MS = 45_000;
/** After the last frame the server ends the stream; a connection that was read to its end can be used again. */
const DRAIN_MS = 200;
/** Attempts in a row that bring nothing. Any entry starts the count again. */
const MOST_FAILURES = 8;

/**
 * Follows a run over as many connections as it takes: each begins after the last entry that was given, and what comes
 * twice is left out, so nothing is lost or doubled. Ends with the run, with the signal, or with an error that no new
 * connection can mend.
 */
export async function* followRun(
  open: (after: number, signal: AbortSignal) => Promise<FetchAnswer>,
  options: FollowOptions,
  retry: RetryOptions = DEFAULT_RETRY,
): AsyncGenerator<FollowedEntry, void, undefined> {
  let last = options.after ?? 0;
  let failures = 0;
  let ended = false;
  for (;;) {
    options.signal?.throwIfAborted();
    let error: IceError;
    const stop = new AbortController();
    const forward = (): void => stop.abort(options.signal!.reason);
    options.signal?.addEventListener('abort', forward, { once: true });
    try {
      const response = await open(last, stop.signal);
      for await (const frame of frames(response, stop, () => (ended ? DRAIN_MS : SILENCE_MS))) {
        if (frame.event === 'message') {
          const event = JSON.parse(frame.data) as AnyRunEvent;
          if (event.seq <= last) continue;
          // The journal has no gaps, so a gap is a frame that was lost on the way.
          if (event.seq !== last + 1) throw lost(`event ${last + 1} is missing`);
          last = event.seq;
          failures = 0;
          yield { kind: 'event', event };
        } else if (frame.event === 'delta') {
          yield {
            kind: 'delta',
            ...(JSON.parse(frame.data) as { path: string; attempt: number; text: string }),
          };
        } else if (frame.event === 'end') {
          const end = JSON.parse(frame.data) as { state: RunState; seq: number };
          if (!ENDED.has(end.state)) throw lost('the server went away');
          if (end.seq > last) throw lost(`event ${last + 1} is missing`);
          ended = true;
          yield { kind: 'end', ...end };
        } else if (frame.event === 'problem') throw problemOf(frame.data);
      }
      if (ended) return;
      error = lost('the stream ended before the run');
    } catch (thrown) {
      if (ended) return;
      if (options.signal?.aborted) throw options.signal.reason;
      if (thrown instanceof IceError && !ERRORS[thrown.code].retry) throw thrown;
      error =
        thrown instanceof IceError
          ? thrown
          : lost(thrown instanceof Error ? thrown.message : String(thrown), thrown);
    } finally {
      options.signal?.removeEventListener('abort', forward);
      stop.abort();
    }
    failures++;
    if (failures >= MOST_FAILURES) throw error;
    options.onReconnect?.(error, failures);
    await sleep(waitMs(failures, retry, error.retryAfterMs), options.signal);
  }
}

const lost = (why: string, cause?: unknown): IceError =>
  new IceError('unavailable', `The stream of the run was cut: ${why}`, {
    hint: 'The run goes on; follow it again with: ice runs watch ID',
    cause,
  });

function problemOf(data: string): IceError {
  const problem = JSON.parse(data) as {
    code?: unknown;
    detail?: unknown;
    hint?: string;
    details?: Record<string, unknown>;
  };
  return new IceError(isErrorCode(problem.code) ? problem.code : 'internal', String(problem.detail), {
    hint: problem.hint,
    details: problem.details,
  });
}

/** The frames of one connection; silence ends it as a cut would. */
async function* frames(
  response: FetchAnswer,
  stop: AbortController,
  silenceMs: () => number,
): AsyncGenerator<SseFrame, void, undefined> {
  if (!response.body) return;
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  const parser = new SseParser();
  try {
    for (;;) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const silence = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(lost(`nothing came for ${SILENCE_MS / 1000} s`)), silenceMs());
        // A process that has nothing else to do may end.
        (timer as { unref?: () => void }).unref?.();
      });
      const { done, value } = await Promise.race([reader.read(), silence]).finally(() => clearTimeout(timer));
      if (done) return;
      yield* parser.push(decoder.decode(value, { stream: true }));
    }
  } finally {
    stop.abort();
    // After an error, or with the body gone already, there is nothing left to cancel.
    await reader.cancel().catch(() => {});
  }
}
