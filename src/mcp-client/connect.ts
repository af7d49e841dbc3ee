import type { StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { type ServerCommand, ServerProcess } from './server-process.ts';

export interface Web {
  url: URL;
  /** Headers of each request, with secrets in them. */
  headers: Record<string, string>;
  fetch: typeof fetch;
}

export type Place = ServerCommand | Web;

/** Where a server is, for messages: never what may be secret. */
export const nameOf = (place: Place): string =>
  'url' in place ? `${place.url.origin}${place.url.pathname}` : place.command;

/** The way to a server; `over` ends what is under way. Nothing is retried: whoever asks again knows that it does. */
export async function transportTo(
  place: Place,
  over: AbortSignal,
): Promise<{ child?: ServerProcess; web?: StreamableHTTPClientTransport }> {
  if (!('url' in place)) return { child: new ServerProcess(place) };
  const { StreamableHTTPClientTransport: Transport } = await import('@modelcontextprotocol/client');
  return {
    web: new Transport(place.url, {
      requestInit: { headers: place.headers, signal: over },
      fetch: place.fetch,
      reconnectionOptions: {
        maxRetries: 0,
        initialReconnectionDelay: 1,
        maxReconnectionDelay: 1,
        reconnectionDelayGrowFactor: 1,
      },
    }),
  };
}
