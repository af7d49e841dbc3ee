import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Case } from './format.ts';

/** What a hostile tool must not get: a server that counts who reaches it, and a value in our environment. */
export interface Bait {
  canary: string;
  /** The name of the variable that holds it. */
  env: string;
  readonly hits: number;
  /** Fills `{{port}}` and `{{env}}` in. */
  text(value: string): string;
  /** Begins a case: none has come yet, and whoever comes gets this. */
  begin(answer: Case['answer']): void;
  close(): void;
}

export async function openBait(): Promise<Bait> {
  const canary = randomBytes(12).toString('hex');
  const env = 'ICE_CORPUS_CANARY';
  process.env[env] = canary;
  let hits = 0;
  let answer: Case['answer'] = { status: 200, headers: {}, body: 'ok' };
  const server: Server = createServer((_request, response) => {
    hits += 1;
    const headers = Object.entries(answer.headers).map(([key, value]) => [key, text(value)]);
    response.writeHead(answer.status, Object.fromEntries(headers)).end(answer.body);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const text = (value: string): string =>
    value.replaceAll('{{port}}', String(port)).replaceAll('{{env}}', env);
  return {
    canary,
    env,
    get hits() {
      return hits;
    },
    text,
    begin(next) {
      hits = 0;
      answer = next;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
