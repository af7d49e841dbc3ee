import type { IceError } from '../contracts/errors.ts';
import { ENDED } from '../contracts/events.ts';
import type { RunFrame } from '../engine/feed.ts';
import type { RunRow } from '../engine/ports.ts';
import { problemOf } from './problem.ts';

export interface StreamOptions {
  entries: AsyncIterable<RunFrame>;
  /** The row at the end, for the last frame. */
  ended(): Promise<RunRow | undefined>;
  /** A comment is sent after so much silence. */
  heartbeatMs: number;
  /** Asked at each heartbeat: throws when the caller may no longer follow, as when its token was revoked. */
  stillAllowed(): Promise<void>;
  /** Ends the producer. */
  abort: AbortController;
  /** What a failure in mid-stream is. */
  asError(error: unknown): IceError;
  onClose(): void;
}

const encoder = new TextEncoder();
/** Frames that are ready are sent together, up to about this much. */
const CHUNK_CHARS = 32 * 1024;

/**
 * The journal as server-sent events. A journal entry is a message with `id:` = `seq` and the entry as data; streamed
 * model text is `event: delta` without id (it is not journalled, so nothing resumes to it); the last frame is
 * `event: end` with `{ state, seq }`, and a failure in mid-stream is `event: problem`. The stream is pulled: nothing
 * is read from the journal before the reader has taken what was sent, so a slow reader costs no memory.
 */
export function eventStream(options: StreamOptions): ReadableStream<Uint8Array> {
  const { heartbeatMs, abort } = options;
  const source = options.entries[Symbol.asyncIterator]();
  let pending: Promise<IteratorResult<RunFrame, unknown>> | undefined;
  let closed = false;
  const close = (): void => {
    if (closed) return;
    closed = true;
    abort.abort();
    // The producer may be waiting inside `next`; the abort wakes it, and what it says then is of no interest.
    pending?.catch(() => {});
    source.return?.()?.catch(() => {});
    options.onClose();
  };
  // Who asked for it may have gone while it was made: then nobody will read it, and nobody cancel it.
  if (abort.signal.aborted) close();
  else abort.signal.addEventListener('abort', close, { once: true });

  const silence = (): { promise: Promise<'silence'>; stop: () => void } => {
    let timer: ReturnType<typeof setTimeout>;
    const promise = new Promise<'silence'>((resolve) => {
      timer = setTimeout(() => resolve('silence'), heartbeatMs);
    });
    return { promise, stop: () => clearTimeout(timer) };
  };

  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        // Sent at once, so that the client knows the stream is open before anything happens.
        controller.enqueue(encoder.encode('retry: 1000\n\n'));
      },
      async pull(controller) {
        let text = '';
        try {
          while (!closed) {
            pending ??= source.next();
            const quiet = text === '' ? silence() : undefined;
            const next = await Promise.race([
              pending,
              // With frames in hand, take only what is there already: a timer would hold them up.
              quiet ? quiet.promise : inHand(),
            ]).finally(() => quiet?.stop());
            if (next === 'ready') break;
            if (next === 'silence') {
              await options.stillAllowed();
              text = ': alive\n\n';
              break;
            }
            pending = undefined;
            // The producer ends when it is aborted, too: that is no end of the run.
            if (closed) break;
            if (next.done) {
              const row = await options.ended();
              if (row && ENDED.has(row.state))
                text += `event: end\ndata: ${JSON.stringify({ state: row.state, seq: row.seq })}\n\n`;
              if (text !== '') controller.enqueue(encoder.encode(text));
              controller.close();
              close();
              return;
            }
            text += frameOf(next.value);
            if (text.length >= CHUNK_CHARS) break;
          }
        } catch (error) {
          if (!closed) {
            text += `event: problem\ndata: ${JSON.stringify(problemOf(options.asError(error)))}\n\n`;
            controller.enqueue(encoder.encode(text));
          }
          controller.close();
          close();
          return;
        }
        if (closed) controller.close();
        else controller.enqueue(encoder.encode(text));
      },
      cancel: close,
    },
    { highWaterMark: 0 },
  );
}

/** Resolves after what is ready has had its turns: an async generator with a value at hand gives it in a few. */
async function inHand(): Promise<'ready'> {
  for (let turn = 0; turn < 12; turn++) await null;
  return 'ready';
}

function frameOf(entry: RunFrame): string {
  if (entry.kind === 'event') return `id: ${entry.event.seq}\ndata: ${JSON.stringify(entry.event)}\n\n`;
  const { path, attempt, text } = entry.frame;
  return `event: delta\ndata: ${JSON.stringify({ path, attempt, text })}\n\n`;
}
