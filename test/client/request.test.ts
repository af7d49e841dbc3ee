import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createClient } from '../../src/client/index.ts';
import type { IceError } from '../../src/contracts/errors.ts';

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

/** A real server that answers each request with the next of the answers; the last one stays. */
async function serverOf(...answers: ((request: IncomingMessage, response: ServerResponse) => void)[]) {
  const requests: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => {
      requests.push({ method: request.method!, url: request.url!, headers: request.headers, body });
      answers[Math.min(requests.length, answers.length) - 1]!(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const client = createClient({
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    token: 'ice_test',
    project: 'demo',
    retry: { initialMs: 1, maxMs: 5 },
  });
  return { client, requests };
}
const json =
  (status: number, body: unknown, headers: Record<string, string> = {}) =>
  (_: IncomingMessage, response: ServerResponse) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };
const problem = (status: number, body: object, headers = {}) =>
  json(status, body, { 'content-type': 'application/problem+json', ...headers });

test('paths, queries, bodies and headers are made from the table', async () => {
  const { client, requests } = await serverOf(json(200, { items: [], next: null }));
  await client.components.get('tool', 'std/csv-parse', '^1');
  await client.runs.list({ state: 'failed', limit: 5 });
  await client.call('runsGet', { params: { id: 'run_1', project: 'other' } });
  await client.tokens.create({ name: 'ci', role: 'runner' });
  expect(requests.map((each) => `${each.method} ${each.url}`)).toEqual([
    'GET /v1/projects/demo/components/tool/std%2Fcsv-parse?range=%5E1',
    'GET /v1/projects/demo/runs?state=failed&limit=5',
    'GET /v1/projects/other/runs/run_1',
    'POST /v1/tokens',
  ]);
  expect(requests.every((each) => each.headers.authorization === 'Bearer ice_test')).toBe(true);
  expect(requests[3]!.headers['idempotency-key']).toMatch(/^[0-9a-f-]{36}$/);
  expect(requests[0]!.headers['idempotency-key']).toBeUndefined();
  expect(JSON.parse(requests[3]!.body)).toEqual({ name: 'ci', role: 'runner' });
});

test('a problem is the same IceError again', async () => {
  const { client, requests } = await serverOf(
    problem(409, {
      code: 'version_immutable',
      detail: 'price@1.0.0 is there',
      hint: 'set version: 1.0.1',
      details: { a: [1] },
    }),
  );
  await expect(client.whoami()).rejects.toMatchObject({
    code: 'version_immutable',
    message: 'price@1.0.0 is there',
    hint: 'set version: 1.0.1',
    details: { a: [1] },
    exitCode: 8,
  });
  expect(requests.length).toBe(1);
});

test('429 and 503 are tried again, a write under one key; then it gives up with the last error', async () => {
  const { client, requests } = await serverOf(
    problem(429, { code: 'rate_limited', detail: 'Too many requests' }, { 'retry-after': '1' }),
    problem(503, { code: 'unavailable', detail: 'down' }),
    json(201, { id: 'tok_1' }),
  );
  expect(await client.tokens.create({ name: 'ci', role: 'runner' })).toEqual({ id: 'tok_1' });
  expect(new Set(requests.map((each) => each.headers['idempotency-key'])).size).toBe(1);
  const down = await serverOf(problem(503, { code: 'unavailable', detail: 'down' }));
  await expect(down.client.whoami()).rejects.toMatchObject({
    code: 'unavailable',
    message: 'down',
    exitCode: 5,
  });
  expect(down.requests.length).toBe(4);
});

test('what is not ice is said to be so', async () => {
  const { client } = await serverOf((_, response) => {
    response.writeHead(404, { 'content-type': 'text/html' });
    response.end('<h1>nginx</h1>');
  });
  const error = (await client.whoami().catch((thrown: unknown) => thrown)) as IceError;
  expect(error.code).toBe('not_found');
  expect(error.message).toContain('no answer of ice');
});

test('nobody there: unreachable, with the address, the reason and a next step', async () => {
  const { client } = await serverOf(json(200, {}));
  open.splice(0)[0]!();
  const error = (await client.whoami().catch((thrown: unknown) => thrown)) as IceError;
  expect(error).toMatchObject({ code: 'unreachable', exitCode: 5 });
  expect(error.message).toMatch(/^http:\/\/127\.0\.0\.1:\d+ cannot be reached \(ECONNREFUSED\)$/);
  expect(error.hint).toContain('ice serve');
});

test('a server that says nothing is given up after the timeout', async () => {
  const { client, requests } = await serverOf(() => {});
  await expect(client.whoami({ timeoutMs: 150 })).rejects.toMatchObject({ code: 'unavailable' });
  expect(requests.length).toBe(4);
});

test('the signal ends a call and the waits between attempts', async () => {
  const abort = new AbortController();
  const down = problem(503, { code: 'unavailable', detail: 'down' }, { 'retry-after': '60' });
  const { client, requests } = await serverOf(down, (request, response) => {
    abort.abort(new Error('enough'));
    down(request, response);
  });
  await expect(client.whoami({ signal: abort.signal })).rejects.toThrow('enough');
  expect(requests.length).toBe(2);
});

test('a secret is in no message', async () => {
  const { client } = await serverOf(
    problem(401, { code: 'unauthenticated', detail: 'The token is not known here' }),
  );
  const error = (await client.whoami().catch((thrown: unknown) => thrown)) as IceError;
  expect(JSON.stringify(error.toBody())).not.toContain('ice_test');
});
