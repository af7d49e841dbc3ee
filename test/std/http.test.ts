import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Manifest } from '../../src/contracts/components.ts';
import type { Json } from '../../src/contracts/json.ts';
import { createToolEffect } from '../../src/nodes/tool.ts';
import { bundle } from '../../src/project/bundle.ts';
import { createHostNetwork } from '../../src/sandbox/host-fetch.ts';
import { createSandboxRuntime } from '../../src/sandbox/quickjs/index.ts';
import { attemptOf } from '../nodes/tool-attempt.ts';
import { failure } from '../suites/tool-runtime.ts';

const root = join(import.meta.dirname, '../..');
const runtime = createSandboxRuntime({ maxChildren: 1 });
const network = createHostNetwork({ allowPrivate: true });
let server: Server;
let base: string;
let manifest: Manifest;
let effect: ReturnType<typeof createToolEffect>;
const seen: { url: string; method: string; headers: Record<string, unknown>; body: string }[] = [];

beforeAll(async () => {
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    seen.push({ url: request.url!, method: request.method!, headers: request.headers, body });
    const { pathname } = new URL(request.url!, 'http://x');
    if (pathname === '/json')
      response.setHeader('content-type', 'application/vnd.x+json').end('{"a":[1,"ä"]}');
    else if (pathname === '/busy') response.writeHead(503, { 'retry-after': '2' }).end('later');
    else if (pathname === '/gone')
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"no such thing"}');
    else if (pathname === '/binary') response.end(Buffer.from([0, 255, 128]));
    else if (pathname === '/away') response.writeHead(302, { location: 'http://169.254.169.254/' }).end();
    else response.end(`plain ${request.method}`);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const built = await bundle({ root, file: 'src/std/http.ts' });
  const tool = await runtime.extract(built);
  manifest = {
    kind: 'tool',
    name: tool.name,
    input: tool.input,
    output: tool.output,
    permissions: tool.permissions,
    runtime: tool.runtime,
    entry: built.digest,
  };
  effect = createToolEffect({
    runtimes: { sandbox: runtime },
    artifacts: { get: async () => ({ bytes: new TextEncoder().encode(built.code), by: 'ice' }) },
    hostFetch: (allow) => network.hostFetch(allow),
  });
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await network.close();
  await runtime.close();
});

const run = async (args: { [key: string]: Json }, templates: Json = args) =>
  (await effect(attemptOf(manifest, args, { templates }))).result as { [key: string]: Json };

test('JSON, text and bytes are read', async () => {
  expect(await run({ url: `${base}/json` })).toMatchObject({
    status: 200,
    ok: true,
    json: { a: [1, 'ä'] },
    text: null,
    url: `${base}/json`,
  });
  expect(await run({ url: `${base}/x` })).toMatchObject({ json: null, text: 'plain GET' });
  expect(await run({ url: `${base}/binary`, response: 'base64' })).toMatchObject({ text: 'AP+A' });
  expect(await failure(run({ url: `${base}/x`, response: 'json' }))).toMatchObject({
    code: 'tool_failed',
    terminal: true,
    message: expect.stringContaining('not JSON'),
  });
});

test('query, bodies, headers and the idempotency key are sent', async () => {
  await run({ url: `${base}/q?a=1`, query: { b: 'ä b', c: [1, 2], d: null }, headers: { 'x-a': 'b' } });
  expect(seen.at(-1)).toMatchObject({ url: '/q?a=1&b=%C3%A4+b&c=1&c=2', headers: { 'x-a': 'b' } });
  await run({ url: `${base}/p`, method: 'POST', json: { a: 'ü' }, idempotent: true });
  expect(seen.at(-1)).toMatchObject({
    method: 'POST',
    body: '{"a":"ü"}',
    headers: { 'content-type': 'application/json', 'idempotency-key': 'run_1:it' },
  });
  await run({ url: `${base}/p`, method: 'PUT', form: { a: '1 2' } });
  expect(seen.at(-1)).toMatchObject({
    body: 'a=1+2',
    headers: { 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8' },
  });
  expect(await failure(run({ url: `${base}/p`, method: 'POST', json: 1, body: 'x' }))).toMatchObject({
    message: expect.stringContaining('one body'),
  });
});

test('a failure says whether a retry makes sense', async () => {
  expect(await failure(run({ url: `${base}/busy?token=hush` }))).toMatchObject({
    code: 'tool_failed',
    terminal: false,
    retryAfterMs: 2000,
    message: `GET ${base}/busy answered 503: later`,
  });
  expect(await failure(run({ url: `${base}/gone` }))).toMatchObject({
    code: 'tool_failed',
    terminal: true,
    message: expect.stringContaining('404'),
  });
  expect(await run({ url: `${base}/gone`, accept: [404] })).toMatchObject({
    status: 404,
    ok: false,
    json: { error: 'no such thing' },
  });
});

test('a host that comes from data must be named, and a redirect goes nowhere else', async () => {
  const denied = await failure(run({ url: `${base}/x` }, { url: '{{ inputs.url }}' }));
  expect(denied).toMatchObject({
    code: 'tool_denied',
    terminal: true,
    hint: expect.stringContaining(`hosts: ['127.0.0.1:`),
  });
  const host = new URL(base).host;
  expect(
    await run({ url: `${base}/x`, hosts: [host] }, { url: '{{ inputs.url }}', hosts: [host] }),
  ).toMatchObject({ status: 200 });
  expect(await failure(run({ url: `${base}/away` }))).toMatchObject({ code: 'tool_denied' });
  expect(await failure(run({ url: 'file:///etc/passwd' }))).toMatchObject({
    code: 'tool_failed',
    terminal: true,
  });
});
