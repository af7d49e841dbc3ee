import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseHostRule, reachOf, ruleFor } from '../../src/sandbox/allowed-hosts.ts';
import { createHostNetwork } from '../../src/sandbox/host-fetch.ts';
import type { HostRequest } from '../../src/sandbox/port.ts';
import { failure } from '../suites/tool-runtime.ts';

let server: Server;
let port: number;
let seen: { method: string; url: string; headers: Record<string, unknown>; body: string }[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      seen.push({ method: request.method!, url: request.url!, headers: request.headers, body });
      const url = new URL(request.url!, 'http://x');
      const to = url.searchParams.get('to');
      if (to !== null)
        response.writeHead(Number(url.searchParams.get('status') ?? 302), { location: to }).end();
      else if (url.pathname === '/big') response.end(Buffer.alloc(200_000));
      else if (url.pathname === '/bomb')
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(5_000_000)));
      else if (url.pathname === '/gzip')
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('hello'));
      else if (url.pathname === '/slow')
        setTimeout(() => response.end('late'), Number(url.searchParams.get('ms') ?? 5000)).unref();
      else if (url.pathname === '/drip') {
        response.write('one');
        setTimeout(() => response.end(' two'), 1500).unref();
      } else
        response
          .writeHead(200, { 'x-a': '1', 'set-cookie': ['a=1', 'b=2'] })
          .end(`${request.method} ${request.url}`);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const local = createHostNetwork({
  allowPrivate: true,
  maxBytes: 100_000,
  timeoutMs: 20_000,
  maxRedirects: 3,
});
const hasty = createHostNetwork({ allowPrivate: true, timeoutMs: 1000 });
const hosted = createHostNetwork({
  resolve: async (name) => (name === 'public.test' ? ['93.184.216.34', '127.0.0.1'] : ['10.0.0.7']),
});
afterAll(async () => {
  await local.close();
  await hasty.close();
  await hosted.close();
});

const never = new AbortController().signal;
const get = (path: string, over: Partial<HostRequest> = {}): HostRequest => ({
  url: path.startsWith('http') ? path : `http://127.0.0.1:${port}${path}`,
  method: 'GET',
  headers: [],
  ...over,
});
const fetchLocal = (request: HostRequest, hosts = [`127.0.0.1:${port}`]) =>
  local.hostFetch({ hosts })(request, never);
const text = (body: Uint8Array): string => new TextDecoder().decode(body);

test('a declared local address is reached on a local target and refused on a hosted one', async () => {
  const response = await fetchLocal(get('/x?y=1', { headers: [['x-in', '2']] }));
  expect(response).toMatchObject({ status: 200, url: `http://127.0.0.1:${port}/x?y=1` });
  expect(text(response.body)).toBe('GET /x?y=1');
  expect(seen.at(-1)!.headers['x-in']).toBe('2');
  const refused = await failure(hosted.hostFetch({ hosts: [`127.0.0.1:${port}`] })(get('/x'), never));
  expect(refused).toMatchObject({ code: 'tool_denied', hint: expect.stringContaining('local target') });
});

test('a host that is not declared is refused with the line to add', async () => {
  expect(await failure(fetchLocal(get('https://api.example.com/x')))).toMatchObject({
    code: 'tool_denied',
    terminal: true,
    message: expect.stringContaining('api.example.com is not among the hosts'),
    hint: "permissions: { net: ['api.example.com'] }",
  });
  expect(await failure(fetchLocal(get(`http://127.0.0.1:${port + 1}/`)))).toMatchObject({
    hint: `permissions: { net: ['127.0.0.1:${port + 1}'] }`,
  });
  expect(await failure(fetchLocal(get('/', {}), []))).toMatchObject({ code: 'tool_denied' });
});

test('names that resolve to private addresses are refused, also when one address of several is', async () => {
  for (const host of ['intranet.test', 'public.test'])
    expect(await failure(hosted.hostFetch({ hosts: [host] })(get(`https://${host}/`), never))).toMatchObject({
      code: 'tool_denied',
      message: expect.stringContaining(host),
    });
  // Even a local target reaches a private address only when it is named itself.
  const named = createHostNetwork({ allowPrivate: true, resolve: async () => ['127.0.0.1'] });
  expect(
    await failure(
      named.hostFetch({ hosts: [`rebind.test:${port}`] })(get(`http://rebind.test:${port}/`), never),
    ),
  ).toMatchObject({
    code: 'tool_denied',
  });
  const ok = await named.hostFetch({ hosts: [`localhost:${port}`] })(get(`http://localhost:${port}/`), never);
  expect(ok.status).toBe(200);
  await named.close();
});

test('the address that was checked is the one that is connected to', async () => {
  let asked = 0;
  const flips = createHostNetwork({
    allowPrivate: true,
    resolve: async () => (asked++ === 0 ? ['127.0.0.1'] : ['93.184.216.34']),
  });
  const response = await flips.hostFetch({ hosts: [`localhost:${port}`] })(
    get(`http://localhost:${port}/pinned`),
    never,
  );
  expect(text(response.body)).toBe('GET /pinned');
  expect(asked).toBe(1);
  await flips.close();
});

test('every way to write an address comes to the same', async () => {
  for (const host of [
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '127.1',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[64:ff9b::7f00:1]',
    '0.0.0.0',
    '::7f00:1',
    '169.254.169.254',
    '[fe80::1]',
    '10.1.2.3',
    '192.168.0.1',
    '100.64.0.1',
    '[fd00::1]',
    '224.0.0.1',
    '255.255.255.255',
    '127.0.0.1.',
  ]) {
    const written = host.startsWith('[') ? host : host.replace(/\.$/, '');
    const error = await failure(
      hosted.hostFetch({ hosts: [`${written}:80`, '*'] })(get(`http://${host}/`), never),
    );
    expect(error, host).toMatchObject({ code: 'tool_denied' });
  }
  // Never, whoever declares them.
  for (const host of ['169.254.169.254', '0.0.0.0', '[fe80::1]'])
    expect(
      await failure(local.hostFetch({ hosts: [host] })(get(`http://${host}/`), never)),
      host,
    ).toMatchObject({ code: 'tool_denied' });
});

test('redirects are followed, and each is checked', async () => {
  seen = [];
  const followed = await fetchLocal(
    get(`/a?to=${encodeURIComponent(`http://127.0.0.1:${port}/b`)}`, { headers: [['authorization', 'x']] }),
  );
  expect(followed).toMatchObject({ status: 200, url: `http://127.0.0.1:${port}/b` });
  expect(seen[1]!.headers['authorization']).toBe('x');
  for (const to of [
    'http://169.254.169.254/latest',
    'https://evil.test/',
    `http://localhost:${port}/`,
    'file:///etc/passwd',
    'http://2130706433/',
  ])
    expect(await failure(fetchLocal(get(`/a?to=${encodeURIComponent(to)}`))), to).toMatchObject({
      code: 'tool_denied',
    });
  // A server that always redirects to itself.
  expect(
    await failure(fetchLocal(get('/?to=%3Fto%3D%253Fto%253D%25253Fto%25253D%2525253Fto'))),
  ).toMatchObject({ code: 'tool_limit' });
});

test('a redirect makes GET of POST as browsers do, and credentials stay at their origin', async () => {
  seen = [];
  const body = new TextEncoder().encode('data');
  await fetchLocal(
    get('/p?status=303&to=/q', { method: 'POST', body, headers: [['content-type', 'text/plain']] }),
  );
  expect(seen.map(({ method, body: sent }) => [method, sent])).toEqual([
    ['POST', 'data'],
    ['GET', ''],
  ]);
  seen = [];
  await fetchLocal(get('/p?status=307&to=/q', { method: 'POST', body }));
  expect(seen.map(({ method, body: sent }) => [method, sent])).toEqual([
    ['POST', 'data'],
    ['POST', 'data'],
  ]);
  seen = [];
  await fetchLocal(
    get(`/p?to=${encodeURIComponent(`http://localhost:${port}/q`)}`, {
      headers: [
        ['authorization', 'secret'],
        ['cookie', 'a=1'],
        ['x-b', '1'],
      ],
    }),
    [`127.0.0.1:${port}`, `localhost:${port}`],
  );
  expect(seen[1]!.headers['authorization']).toBeUndefined();
  expect(seen[1]!.headers['cookie']).toBeUndefined();
  expect(seen[1]!.headers['x-b']).toBe('1');
});

test('headers that would make another request are refused', async () => {
  for (const header of [
    ['x-a', 'b\r\nx-evil: 1'],
    ['x-a\r\nb', '1'],
    ['x a', '1'],
    ['x-a', 'b\u0000'],
    ['host', 'other.test'],
    ['transfer-encoding', 'chunked'],
    ['content-length', '5'],
    ['connection', 'upgrade'],
  ] as [string, string][])
    expect(await failure(fetchLocal(get('/', { headers: [header] }))), header.join()).toMatchObject({
      code: 'tool_denied',
    });
});

test('schemes, user names, methods', async () => {
  for (const url of [
    'ftp://127.0.0.1/',
    'file:///etc/passwd',
    'data:text/plain,x',
    'http://u:p@127.0.0.1/',
    'nonsense',
    '',
  ])
    expect(await failure(fetchLocal({ url, method: 'GET', headers: [] })), url).toMatchObject({
      code: 'tool_denied',
    });
  expect(await failure(fetchLocal(get('/', { method: 'CONNECT' })))).toMatchObject({ code: 'tool_denied' });
  expect(
    await failure(
      fetchLocal({ url: `http://127.0.0.1:${port}/${'x'.repeat(9000)}`, method: 'GET', headers: [] }),
    ),
  ).toMatchObject({ code: 'tool_limit' });
});

test('size and time are bounded, compressed answers by what they become', async () => {
  expect(await failure(fetchLocal(get('/big')))).toMatchObject({
    code: 'tool_limit',
    message: expect.stringContaining('100000 bytes'),
  });
  expect(await failure(fetchLocal(get('/bomb')))).toMatchObject({ code: 'tool_limit' });
  expect(text((await fetchLocal(get('/gzip'))).body)).toBe('hello');
  const hastily = hasty.hostFetch({ hosts: [`127.0.0.1:${port}`] });
  await expect(hastily(get('/slow?ms=30000'), never)).rejects.toThrow('did not answer within 1000 ms');
  // Who calls may say how long, in both directions, also between two parts of an answer.
  const allowed = (timeoutMs: number) => hasty.hostFetch({ hosts: [`127.0.0.1:${port}`], timeoutMs });
  const patient = await allowed(20_000)(get('/drip'), new AbortController().signal);
  expect(text(patient.body)).toBe('one two');
  await expect(allowed(300)(get('/drip'), new AbortController().signal)).rejects.toThrow(
    'did not answer within 300 ms',
  );
  const abort = new AbortController();
  setTimeout(() => abort.abort(), 50);
  await expect(local.hostFetch({ hosts: [`127.0.0.1:${port}`] })(get('/slow'), abort.signal)).rejects.toThrow(
    'was stopped',
  );
});

test('a server that is not there is an error that a tool can catch', async () => {
  const gone = createServer().listen(0, '127.0.0.1');
  await new Promise((done) => gone.once('listening', done));
  const { port: closed } = gone.address() as AddressInfo;
  await new Promise((done) => gone.close(done));
  await expect(fetchLocal(get(`http://127.0.0.1:${closed}/`), [`127.0.0.1:${closed}`])).rejects.toThrow(
    `127.0.0.1:${closed} failed: ECONNREFUSED`,
  );
});

test.each([
  [
    'breaks off',
    'HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\nabc',
    /failed: other side closed \(UND_ERR_SOCKET\)/,
  ],
  ['has headers without end', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(200_000)}\r\n\r\n`, /HEADERS_OVERFLOW/],
  [
    'has two lengths',
    'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\nevil',
    /failed: /,
  ],
  ['is no HTTP', '\0\u0001 nonsense', /HTTP\/1\.1 protocol/],
  [
    'has two locations',
    'HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\nlocation: http://169.254.169.254/\r\n\r\n',
    /127\.0\.0\.1:1 is not among/,
  ],
])('a server whose answer %s is an error that says so', async (_, answer, message) => {
  await using server = createTcpServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(answer));
  }).listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  await expect(fetchLocal(get(`http://${host}/`), [host])).rejects.toThrow(message);
});

test('rules: exact, by suffix, by port', () => {
  const allows = (rule: string, url: string): boolean => {
    const parsed = parseHostRule(rule);
    return parsed !== undefined && ruleFor([parsed], new URL(url)) !== undefined;
  };
  expect(allows('api.example.com', 'https://api.example.com/')).toBe(true);
  expect(allows('API.example.com', 'http://api.EXAMPLE.com./')).toBe(true);
  expect(allows('api.example.com', 'https://api.example.com:8443/')).toBe(false);
  expect(allows('api.example.com:8443', 'https://api.example.com:8443/')).toBe(true);
  expect(allows('api.example.com:8443', 'https://api.example.com/')).toBe(false);
  expect(allows('localhost:*', 'http://localhost:5/')).toBe(true);
  expect(allows('*.example.com', 'https://a.b.example.com/')).toBe(true);
  expect(allows('*.example.com', 'https://example.com/')).toBe(false);
  expect(allows('*.example.com', 'https://evilexample.com/')).toBe(false);
  expect(allows('example.com', 'https://example.com.evil.test/')).toBe(false);
  expect(allows('bücher.example', 'https://xn--bcher-kva.example/')).toBe(true);
  expect(allows('[::1]:80', 'http://[0:0:0:0:0:0:0:1]/')).toBe(true);
  for (const bad of ['*', '*.', 'a b', 'http://a', 'a:0', 'a:70000', 'a/b', '*.127.0.0.1', 'a@b', ''])
    expect(parseHostRule(bad), bad).toBeUndefined();
});

test('addresses by their reach', () => {
  for (const ip of ['8.8.8.8', '2606:4700::1111', '64:ff9b::808:808']) expect(reachOf(ip), ip).toBe('public');
  for (const ip of ['127.0.0.1', '10.0.0.1', '172.31.0.1', '::1', 'fd12::1', '::ffff:192.168.0.1'])
    expect(reachOf(ip), ip).toBe('near');
  for (const ip of [
    '169.254.169.254',
    '0.0.0.0',
    '::7f00:1',
    '::',
    'fe80::1',
    '224.0.0.1',
    '240.0.0.1',
    '2002:7f00:1::',
    'x',
  ])
    expect(reachOf(ip), ip).toBe('never');
});
