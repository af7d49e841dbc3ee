/** What the server reads of a request. A `Request` is one; so is what a caller in the same process hands over. */
export interface Incoming {
  method: string;
  /** Absolute. */
  url: string;
  headers: { get(name: string): string | null };
  /** The body as it comes in; null when there is none, or when it is here as `content`. */
  body: ReadableStream<Uint8Array> | null;
  /** The body of a caller who has it whole: it need not go through a stream. */
  content?: string | Uint8Array;
  /** Reads the body at once: of a transport that holds it to its Content-Length. */
  whole?(): Promise<Uint8Array>;
  /** Aborted when the caller has gone. */
  signal: AbortSignal;
}

/** The request of a caller in this process, as its client hands it over: no stream, no classes of the platform. */
export const incomingOf = (
  url: string,
  {
    method,
    headers,
    body,
    signal,
  }: {
    method: string;
    headers: Record<string, string>;
    body?: string | Uint8Array | undefined;
    signal: AbortSignal;
  },
): Incoming => ({
  method,
  url,
  headers: { get: (name) => headers[name] ?? null },
  body: null,
  content: body ?? '',
  signal,
});

/** An answer before it is put into the classes of a transport. */
export interface Reply {
  status: number;
  /** Names in lower case. */
  headers: Record<string, string>;
  content: string | Uint8Array | ReadableStream<Uint8Array> | null;
}

/** Whether a content is a stream. Nothing is asked of the platform's class, whose first use loads all its streams. */
export const isStream = (content: Reply['content']): content is ReadableStream<Uint8Array> =>
  typeof content === 'object' && content !== null && !(content instanceof Uint8Array);

/** The answer as the platform's class, for transports that speak fetch. */
export function asResponse({ status, headers, content }: Reply): Response {
  return new Response(content as BodyInit | null, { status, headers });
}

/** The answer to HEAD: the same without its content. */
export function withoutContent(reply: Reply): Reply {
  if (isStream(reply.content))
    reply.content.cancel().catch(() => {
      // It was never read, so there is nothing that could fail.
    });
  return { ...reply, content: null };
}
