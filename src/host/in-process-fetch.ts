import type { Fetch } from '../client/request.ts';
import type { App } from '../server/app.ts';

/** The address of the server in one's own process; nothing listens there. */
export const IN_PROCESS_URL = 'http://ice.local';

/**
 * A fetch that calls the app directly: no port, no socket. Over a socket an abort reaches both ends by itself; here
 * the caller's signal has to be joined to the stream, else its producer would go on with nobody reading.
 */
export function inProcessFetch(app: App): Fetch {
  return async (url, init) => {
    const signal = init.signal ?? undefined;
    signal?.throwIfAborted();
    const answer = app.fetch(new Request(url, init), { inProcess: true });
    const response = await (signal ? orAborted(answer, signal) : answer);
    if (!signal || response.body === null) return response;
    const { status, statusText, headers } = response;
    return new Response(joined(response.body, signal), { status, statusText, headers });
  };
}

/** What a caller who has gone would have got is thrown away. */
async function orAborted(answer: Promise<Response>, signal: AbortSignal): Promise<Response> {
  let leave = (): void => {};
  const gone = new Promise<never>((_, reject) => {
    leave = () => reject(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
  });
  try {
    return await Promise.race([answer, gone]);
  } catch (error) {
    if (signal.aborted)
      answer
        .then((response) => response.body?.cancel())
        .catch(() => {
          // The caller has gone: neither the answer nor its failure has a reader.
        });
    throw error;
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

function joined(body: ReadableStream<Uint8Array>, signal: AbortSignal): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let stop = (): void => {};
  const over = (): void => signal.removeEventListener('abort', stop);
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        stop = () => {
          controller.error(signal.reason);
          reader.cancel(signal.reason).catch(() => {
            // It had ended already.
          });
        };
        if (signal.aborted) stop();
        else signal.addEventListener('abort', stop, { once: true });
      },
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (done) {
            over();
            if (!signal.aborted) controller.close();
          } else controller.enqueue(value);
        } catch (error) {
          over();
          if (!signal.aborted) controller.error(error);
        }
      },
      cancel: (reason) => {
        over();
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
