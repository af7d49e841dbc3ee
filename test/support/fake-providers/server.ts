import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Json } from '../../../src/contracts/json.ts';
import { PROTOCOLS, type ProtocolName, type Said } from './protocols.ts';

/** What the fake does with one request. */
export type Act =
  | { say: Said }
  | { status: number; message?: string; headers?: Record<string, string>; body?: string }
  /** The first half of an answer; then the stream ends as if it were whole, or its socket is torn. */
  | { half: Said; then: 'end' | 'tear' }
  /** An event in the middle of the stream that is no JSON. */
  | { malformed: Said }
  /** Silence: before the headers, or after the first half. */
  | { hang: 'before' | 'within' }
  /** One event of the protocol in the middle of a stream, as an error event. */
  | { events: string[] };

export interface Asked {
  method: string;
  path: string;
  headers: Record<string, string | string[] | undefined>;
  body: Record<string, Json>;
}

export interface FakeProvider {
  /** `http://127.0.0.1:port`, without a path. */
  url: string;
  asked: Asked[];
  close(): Promise<void>;
}

/**
 * A server on a free port of this machine that speaks one provider's protocol. Each request takes the next act, and
 * the last one is for all that follow; a function decides by the request.
 */
export async function startFakeProvider(
  protocol: ProtocolName,
  acts: Act[] | ((asked: Asked, count: number) => Act),
): Promise<FakeProvider> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    void read(request).then(async (seen) => {
      asked.push(seen);
      const act =
        typeof acts === 'function'
          ? acts(seen, asked.length)
          : acts[Math.min(asked.length, acts.length) - 1]!;
      await perform(protocol, act, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function read(request: IncomingMessage): Promise<Asked> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  return {
    method: request.method!,
    path: request.url!,
    headers: request.headers,
    body: text === '' ? {} : JSON.parse(text),
  };
}

async function perform(protocol: ProtocolName, act: Act, response: ServerResponse): Promise<void> {
  const speak = PROTOCOLS[protocol];
  if ('status' in act) {
    response.writeHead(act.status, { 'content-type': 'application/json', ...act.headers });
    response.end(act.body ?? JSON.stringify(speak.error(act.status, act.message ?? 'No reason given')));
    return;
  }
  if ('hang' in act && act.hang === 'before') return;
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const said =
    'say' in act
      ? act.say
      : 'half' in act
        ? act.half
        : 'malformed' in act
          ? act.malformed
          : { text: 'Hello' };
  const events = 'events' in act ? act.events : speak.events(said);
  const whole = 'say' in act || 'events' in act;
  const some = whole ? events : events.slice(0, Math.ceil(events.length / 2));
  for (const event of some) {
    response.write(event);
    // One write a turn, so that the client sees several chunks and not one.
    await new Promise(setImmediate);
  }
  if ('malformed' in act) response.write('data: {"this is": no json\n\n');
  if ('half' in act && act.then === 'tear') response.destroy();
  else if (!('hang' in act)) response.end();
}
