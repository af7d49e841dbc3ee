import type { Fetch, FetchAnswer } from '../client/request.ts';
import type { App } from '../server/app.ts';
import { incomingOf, isStream, type Reply } from '../server/incoming.ts';

/** The address of the server in one's own process; nothing listens there. */
export const IN_PROCESS_URL = 'http://ice.local';

/**
 * A fetch that calls the app directly: no port, no socket, and none of the platform's fetch classes, whose first use
 * costs as much as starting Node. Over a socket an abort reaches both ends by itself; here the caller's signal has to
 * be joined to the stream, else its producer would go on with nobody reading.
 */
export function inProcessFetch(app: Pick<App, 'handle'>): Fetch {
  return async (url, { method, headers, body, signal = new AbortController().signal }) => {
    signal.throwIfAborted();
    const answer = app.handle(incomingOf(url, { method, headers, body, signal }), { inProcess: true });
    return answerOf(await orAborted(answer, signal), signal);
  };
}

/** What a caller who has gone would have got is thrown away. */
async function orAborted(answer: Promise<Reply>, signal: AbortSignal): Promise<Reply> {
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
        .then(({ content }) => (isStream(content) ? content.cancel() : undefined))
        .catch(() => {
          // The caller has gone: neither the answer nor its failure has a reader.
        });
    throw error;
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

function answerOf({ status, headers, content }: Reply, signal: AbortSignal): FetchAnswer {
  const stream = isStream(content) ? joined(content, signal) : null;
  const text = async (): Promise<string> => {
    if (typeof content === 'string') return content;
    return new TextDecoder().decode(
      stream ? await readAll(stream) : ((content as Uint8Array | null) ?? undefined),
    );
  };
  return {
    ok: status >= 200 && status < 300,
    status,
    statusText: '',
    headers: { get: (name) => headers[name.toLowerCase()] ?? null },
    body: stream,
    text,
    json: async () => JSON.parse(await text()) as unknown,
    arrayBuffer: async () => {
      const bytes =
        content instanceof Uint8Array
          ? content
          : stream
            ? await readAll(stream)
            : new TextEncoder().encode(await text());
      return bytes.slice().buffer as ArrayBuffer;
    },
  };
}

async function readAll(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const reader = stream.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) chunks.push(next.value);
  return Buffer.concat(chunks);
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
          } else if (!signal.aborted) controller.enqueue(value);
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
