import { beforeAll, expect, test } from 'vitest';
import { createLimits } from '../../src/server/limits.ts';
import { newTokenSecret } from '../../src/server/token.ts';
import { greet } from '../suites/client-components.ts';
import { type MemoryWorld, memoryWorld, ORIGIN } from './memory-world.ts';

let world: MemoryWorld;
let admin: string;
beforeAll(async () => {
  world = await memoryWorld();
  admin = await world.token('admin');
  await world.register('home', greet());
});

const RUNS = '/v1/projects/_/runs';
async function problem(response: Response) {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const body = (await response.json()) as Record<string, unknown>;
  expect(body).toMatchObject({
    type: expect.stringContaining('/errors/'),
    title: expect.any(String),
    status: response.status,
    detail: expect.any(String),
  });
  return body;
}

test('a route that is not there, and a method that a route has not', async () => {
  const nowhere = await world.send(admin, 'GET', '/v1/nothing');
  expect(nowhere.status).toBe(404);
  expect(await problem(nowhere)).toMatchObject({ code: 'not_found', hint: expect.stringContaining('/docs') });
  const wrong = await world.send(admin, 'DELETE', RUNS);
  expect(wrong.status).toBe(405);
  expect(wrong.headers.get('allow')).toBe('GET, HEAD, POST');
  expect(await problem(wrong)).toMatchObject({ code: 'method_not_allowed' });
  const options = await world.send(undefined, 'OPTIONS', RUNS, {
    headers: { origin: 'https://evil.example' },
  });
  expect(options.status).toBe(405);
  expect(options.headers.get('access-control-allow-origin')).toBeNull();
});

test('HEAD is GET without a body, and starts no stream', async () => {
  const head = await world.send(admin, 'HEAD', '/v1/whoami');
  expect(head.status).toBe(200);
  expect(await head.text()).toBe('');
});

test('every answer has its id, no type to guess, and nothing to load', async () => {
  for (const response of [
    await world.send(admin, 'GET', '/v1/whoami'),
    await world.send(undefined, 'GET', '/v1/whoami'),
    await world.send(undefined, 'GET', '/nowhere'),
  ]) {
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('x-request-id')).toMatch(/^[\w-]{1,64}$/);
  }
  const given = await world.send(admin, 'GET', '/v1/whoami', { headers: { 'x-request-id': 'mine-1' } });
  expect(given.headers.get('x-request-id')).toBe('mine-1');
  const hostile = await world.send(admin, 'GET', '/v1/whoami', {
    headers: { 'x-request-id': 'a'.repeat(65) },
  });
  expect(hostile.headers.get('x-request-id')).not.toContain('aaa');
});

test.each<[string, { body?: unknown; headers?: Record<string, string> }, number, string]>([
  ['half a document', { body: '{"ref":' }, 400, 'bad_request'],
  ['nothing', {}, 400, 'bad_request'],
  ['an array', { body: [] }, 400, 'bad_request'],
  ['an unknown field', { body: { ref: 'greet', inptus: {} } }, 400, 'bad_request'],
  ['neither ref nor digest', { body: { inputs: {} } }, 400, 'bad_request'],
  ['both', { body: { ref: 'greet', digest: `sha256:${'0'.repeat(64)}` } }, 400, 'bad_request'],
  [
    'a form',
    { body: 'a=b', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    415,
    'unsupported_media',
  ],
  ['compressed', { body: '{}', headers: { 'content-encoding': 'gzip' } }, 415, 'unsupported_media'],
  ['too deep', { body: '['.repeat(100_000) }, 400, 'bad_request'],
  ['__proto__', { body: '{"ref":"greet","inputs":{"__proto__":{"a":1}}}' }, 400, 'bad_request'],
  ['too large', { body: `{"ref":"${'x'.repeat(17 * 1024 * 1024)}"}` }, 413, 'too_large'],
  ['no reference', { body: { ref: 'Not A Ref' } }, 400, 'bad_request'],
  ['an unknown component', { body: { ref: 'tool/nothing@^1' } }, 404, 'not_found'],
  ['a version that is not there', { body: { ref: 'greet@^9' } }, 404, 'not_found'],
  ['an input missing', { body: { ref: 'greet' } }, 422, 'input_invalid'],
  ['an input wrong', { body: { ref: 'greet', inputs: { name: 7 } } }, 422, 'input_invalid'],
  [
    'an unsafe integer',
    { body: '{"ref":"greet","inputs":{"name":"x","times":9007199254740993}}' },
    422,
    'input_invalid',
  ],
  ['a bad run id', { body: { id: 'mine', ref: 'greet' } }, 400, 'bad_request'],
])('a run from %s is refused: %#', async (_, init, status, code) => {
  const response = await world.send(admin, 'POST', RUNS, init);
  expect(response.status).toBe(status);
  const body = await problem(response);
  expect(body['code']).toBe(code);
  expect(body['hint'] ?? body['details']).toBeDefined();
});

test('wrong inputs come with every finding and the schema', async () => {
  const response = await world.send(admin, 'POST', RUNS, {
    body: { ref: 'greet', inputs: { name: 7, times: 'x', extra: 1 } },
  });
  const { details, hint } = (await response.json()) as {
    details: { errors: unknown[]; schema: object };
    hint: string;
  };
  expect(details.errors.length).toBeGreaterThanOrEqual(2);
  expect(details.schema).toMatchObject({ properties: { name: { type: 'string' } } });
  expect(hint).toContain('name (string)');
});

test.each([
  ['runs?limit=0', 400],
  ['runs?limit=201', 400],
  ['runs?limit=many', 400],
  ['runs?limt=5', 400],
  ['runs?limit=5&limit=6', 400],
  ['runs?state=done', 400],
  ['runs?cursor=!!!', 400],
  ['runs?cursor=WyJhIl0', 400],
  ['runs/not-an-id', 404],
  ['components/widget/x', 404],
  ['components/tool/Not%20A%20Name', 404],
  ['artifacts/md5:1', 404],
])('GET %s is %d', async (path, status) => {
  const response = await world.send(admin, 'GET', `/v1/projects/_/${path}`);
  expect(response.status).toBe(status);
  await problem(response);
});

test('a bug says nothing of itself to the caller, and all to the log', async () => {
  const broken = await memoryWorld();
  const secret = await broken.token('admin');
  broken.services.runs.list = () => Promise.reject(new Error('secret path /root/x'));
  const response = await broken.send(secret, 'GET', RUNS, { headers: { 'x-request-id': 'r1' } });
  expect(response.status).toBe(500);
  const text = await response.text();
  expect(text).not.toContain('/root/x');
  expect(JSON.parse(text)).toMatchObject({ code: 'internal' });
  expect(broken.logged).toMatchObject([{ level: 'error', requestId: 'r1' }]);
});

test('tokens: absent, wrong scheme, malformed, unknown, expired, each by its name', async () => {
  const saying = async (authorization: string | undefined) => {
    const response = await world.app.fetch(
      new Request(`${ORIGIN}/v1/whoami`, { headers: authorization === undefined ? {} : { authorization } }),
    );
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toContain('Bearer');
    return ((await problem(response))['detail'] as string).toLowerCase();
  };
  expect(await saying(undefined)).toContain('needs a bearer token');
  expect(await saying('Basic abc')).toContain('not of the form');
  expect(await saying('Bearer')).toContain('not of the form');
  expect(await saying('Bearer nonsense')).toContain('malformed');
  const secret = newTokenSecret();
  expect(await saying(`Bearer ${secret.slice(0, -1)}`)).toContain('characters instead of');
  expect(await saying(`Bearer ${secret.slice(0, -1)}${secret.endsWith('a') ? 'b' : 'a'}`)).toContain(
    'checksum',
  );
  expect(await saying(`Bearer ${secret}`)).toContain('not known');
  const expired = await world.token('admin', { expiresAt: world.clock.time - 1 });
  expect(await saying(`Bearer ${expired}`)).toContain('expired at');
});

test('the last use is written now and then, not at every call', async () => {
  const fresh = await memoryWorld();
  const secret = await fresh.token('viewer');
  const lastUse = async () => (await fresh.services.tokens.list('local'))[0]!.lastUsedAt;
  const before = fresh.clock.time;
  await fresh.send(secret, 'GET', '/v1/whoami');
  expect(await lastUse()).toBe(before);
  fresh.clock.time += 59_000;
  await fresh.send(secret, 'GET', '/v1/whoami');
  expect(await lastUse()).toBe(before);
  fresh.clock.time += 1_000;
  await fresh.send(secret, 'GET', '/v1/whoami');
  expect(await lastUse()).toBe(before + 60_000);
});

test('a page that was pointed at this machine gets no answer', async () => {
  const allowedHosts = ['127.0.0.1', 'localhost', '::1'];
  const ask = async (origin: string) =>
    (await world.app.fetch(new Request(`${origin}/livez`), { allowedHosts })).status;
  expect(await ask('http://evil.example:4747')).toBe(403);
  expect(await ask('http://127.0.0.1.evil.example')).toBe(403);
  for (const origin of ['http://127.0.0.1:4747', 'http://localhost:1', 'http://[::1]:4747'])
    expect(await ask(origin)).toBe(200);
});

test('rate limits are per token, failures per address; the right token is not held up by them', async () => {
  const limited = await memoryWorld();
  limited.services.limits = createLimits({ requests: 3, failures: 2 });
  const [one, two] = [await limited.token('viewer'), await limited.token('viewer')];
  const ask = async (secret: string, remote = '10.0.0.1') =>
    limited.app.fetch(
      new Request(`${ORIGIN}/v1/whoami`, { headers: { authorization: `Bearer ${secret}` } }),
      { remote },
    );
  for (let i = 0; i < 3; i++) expect((await ask(one)).status).toBe(200);
  const over = await ask(one);
  expect(over.status).toBe(429);
  expect(Number(over.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await problem(over)).toMatchObject({ code: 'rate_limited' });
  expect((await ask(two)).status).toBe(200);
  const wrong = newTokenSecret();
  expect((await ask(wrong)).status).toBe(401);
  expect((await ask(wrong)).status).toBe(401);
  expect((await ask(wrong)).status).toBe(429);
  expect((await ask(wrong, '10.0.0.2')).status).toBe(401);
  expect((await ask(two)).status).toBe(200);
});

test('readyz says no, and which dependency is down', async () => {
  const sick = await memoryWorld();
  sick.services.checks = {
    store: () => {
      throw new Error('ENOENT /private/ice.db');
    },
    other: () => {},
  };
  const response = await sick.send(undefined, 'GET', '/readyz');
  expect(response.status).toBe(503);
  const text = await response.text();
  expect(JSON.parse(text)).toEqual({
    ok: false,
    checks: { store: { ok: false, message: 'it does not answer' }, other: { ok: true } },
  });
  expect(text).not.toContain('/private');
  sick.services.checks = {};
  expect((await sick.send(undefined, 'GET', '/readyz')).status).toBe(200);
});

test('the page of the API is one document: no script, no network, every route, under a strict policy', async () => {
  const response = await world.send(undefined, 'GET', '/docs');
  const html = await response.text();
  const policy = response.headers.get('content-security-policy')!;
  expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'/);
  expect(html).not.toMatch(/<script|https?:\/\/(?!127)|src=/);
  const document = (await (await world.send(undefined, 'GET', '/openapi.json')).json()) as {
    paths: Record<string, Record<string, { summary: string }>>;
  };
  for (const [path, methods] of Object.entries(document.paths))
    for (const { summary } of Object.values(methods)) {
      expect(html).toContain(`<code>${path}</code>`);
      expect(html).toContain(summary.replace(/`([^`]+)`/g, '<code>$1</code>'));
    }
  const { createHash } = await import('node:crypto');
  const style = /<style>([\s\S]*?)<\/style>/.exec(html)![1]!;
  expect(policy).toContain(createHash('sha256').update(style).digest('base64'));
});
