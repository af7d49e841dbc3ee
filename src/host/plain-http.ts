import type { IncomingMessage, ServerResponse } from 'node:http';
import type { App, RequestInfo } from '../server/app.ts';
import { isStream } from '../server/incoming.ts';

/** Bodies up to this much are read as they come; longer ones, and those of unknown length, go through a stream. */
const MOST_BYTES = 256 * 1024;
const METHODS = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']);
/** A host and a port, and nothing that would become another part of the address. */
const HOST = /^[\w.:[\]-]+$/;

/**
 * Whether a request needs nothing of the platform's fetch: a path of the API, a short body whose length Node's parser
 * keeps, an answer that is no stream. Nearly all are so, and the classes of fetch cost more than answering them.
 */
export function isPlain({ method, url, headers }: IncomingMessage): boolean {
  if (!METHODS.has(method!) || !url?.startsWith('/v1/') || /\/events(\?|$)/.test(url)) return false;
  if (headers['transfer-encoding'] !== undefined || headers.expect !== undefined) return false;
  if (Number(headers['content-length'] ?? 0) > MOST_BYTES || !HOST.test(headers.host ?? '')) return false;
  return URL.canParse(addressOf(headers.host, url));
}

const addressOf = (host: string | undefined, path: string): string => `http://${host}${path}`;

/** Answers a plain request; rejects when the answer could not be sent whole. */
export async function answerPlain(
  app: Pick<App, 'handle'>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  info: RequestInfo,
): Promise<void> {
  const { headers } = incoming;
  const gone = new AbortController();
  outgoing.once('close', () => {
    if (!outgoing.writableFinished) gone.abort();
  });
  const reply = await app.handle(
    {
      method: incoming.method!,
      url: addressOf(headers.host, incoming.url!),
      headers: {
        get(name) {
          const value = headers[name];
          return value === undefined ? null : Array.isArray(value) ? value.join(', ') : value;
        },
      },
      body: null,
      whole: () => wholeBody(incoming),
      signal: gone.signal,
    },
    info,
  );
  if (gone.signal.aborted) return;
  const content = reply.content ?? '';
  if (isStream(content)) {
    outgoing.writeHead(reply.status, reply.headers);
    for await (const chunk of content) {
      if (gone.signal.aborted) return;
      if (!outgoing.write(chunk))
        await new Promise((resolve) => outgoing.once('drain', resolve).once('close', resolve));
    }
    outgoing.end();
    return;
  }
  // An answer without content has no length either: 204 and 304 must not.
  const length = reply.content === null ? {} : { 'content-length': Buffer.byteLength(content) };
  outgoing.writeHead(reply.status, { ...reply.headers, ...length }).end(content);
}

async function wholeBody(incoming: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}
