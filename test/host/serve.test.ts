import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createClient, type FollowedEntry } from '../../src/client/index.ts';
import {
  type Host,
  type HostOptions,
  liveServer,
  openHost,
  type ServeOptions,
  type Serving,
  serve,
} from '../../src/host/index.ts';
import { newTokenSecret } from '../../src/server/token.ts';
import { type Built, builtTool, builtWorkflow, greet } from '../suites/client-components.ts';
import { temporaryFolder } from './temporary-folder.ts';

let folder: ReturnType<typeof temporaryFolder>;
const open: { close(): Promise<void> }[] = [];

beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
  folder.remove();
});

async function started(
  options: ServeOptions = {},
  host: HostOptions = {},
): Promise<{ host: Host; serving: Serving }> {
  const opened = await openHost({ cwd: folder.path, project: 'demo', ...host });
  open.push(opened);
  const serving = await serve(opened, { port: 0, ...options });
  open.push(serving);
  return { host: opened, serving };
}
const clientOf = (url: string, token: string) =>
  createClient({ baseUrl: url, token, retry: { initialMs: 5, maxMs: 50 } });
async function push(client: ReturnType<typeof clientOf>, ...all: Built[]): Promise<void> {
  for (const { artifacts } of all)
    for (const [digest, bytes] of artifacts) await client.artifacts.put(digest, bytes);
  await client.pushes.create({ items: all.map((built) => built.item), dryRun: false });
}

const nap = builtTool(
  'nap',
  'await new Promise((resolve) => setTimeout(resolve, input.ms)); return { n: input.n };',
  {
    input: {
      type: 'object',
      properties: { n: { type: 'integer' }, ms: { type: 'integer' } },
      required: ['n', 'ms'],
      additionalProperties: false,
    },
    output: {
      type: 'object',
      properties: { n: { type: 'integer' } },
      required: ['n'],
      additionalProperties: false,
    },
  },
);
/** A chain of naps, each after the other. */
const chain = (length: number) =>
  builtWorkflow({
    name: 'chain',
    version: '1.0.0',
    inputs: { ms: { type: 'integer' } },
    nodes: Array.from({ length }, (_, i) => ({
      id: `n${i}`,
      type: 'tool',
      tool: 'nap',
      args: { n: i === 0 ? 0 : `{{ n${i - 1}.n + 1 }}`, ms: '{{ inputs.ms }}' },
    })),
    outputs: { n: `{{ n${length - 1}.n }}` },
  });

test('the folder names its server: whole, for its owner only, without the token, and no longer than it lives', async () => {
  const { host, serving } = await started({ announceIn: folder.path });
  const file = join(folder.path, '.ice/server.json');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
    pid: process.pid,
    startedAt: host.startedAt,
    url: serving.url,
    version: host.version,
  });
  const tokenFile = join(folder.path, '.ice/token');
  expect(statSync(tokenFile).mode & 0o777).toBe(0o600);
  expect(readFileSync(tokenFile, 'utf8').trim()).toBe(host.token);
  expect(statSync(join(folder.path, '.ice/ice.db')).mode & 0o777).toBe(0o600);
  expect(await liveServer(folder.path)).toMatchObject({ url: serving.url, token: host.token });
  await serving.close();
  expect(await liveServer(folder.path)).toBeUndefined();
  expect(() => statSync(file)).toThrow('ENOENT');
});

test('a second server of the folder is refused by name; the same folder may be opened again after it', async () => {
  const { serving } = await started({ announceIn: folder.path });
  await expect(started({ announceIn: folder.path })).rejects.toMatchObject({
    code: 'already_running',
    exitCode: 12,
    details: { pid: process.pid, url: serving.url },
  });
  await serving.close();
  await started({ announceIn: folder.path });
});

test('a server file is not believed by itself', async () => {
  const { host, serving } = await started();
  const write = (change: object) =>
    writeFileSync(
      join(folder.path, '.ice/server.json'),
      JSON.stringify({
        pid: process.pid,
        startedAt: host.startedAt,
        url: serving.url,
        version: '1',
        ...change,
      }),
    );
  write({});
  expect(await liveServer(folder.path)).toBeDefined();
  write({ startedAt: host.startedAt - 1 });
  expect(await liveServer(folder.path)).toBeUndefined();
  const gone = spawn(process.execPath, ['-e', '0']);
  await once(gone, 'exit');
  write({ pid: gone.pid });
  expect(await liveServer(folder.path)).toBeUndefined();
  write({ url: 'http://127.0.0.1:1' });
  expect(await liveServer(folder.path)).toBeUndefined();
  writeFileSync(join(folder.path, '.ice/server.json'), '{"pid":');
  expect(await liveServer(folder.path)).toBeUndefined();
  // Somebody who says the right things and does not know the folder's token.
  const told: (string | undefined)[] = [];
  const imposter = createServer((incoming, response) => {
    told.push(incoming.headers.authorization);
    response.statusCode = incoming.url === '/livez' ? 200 : 401;
    response.end(JSON.stringify({ pid: process.pid, startedAt: 7 }));
  }).listen(0, '127.0.0.1');
  await once(imposter, 'listening');
  const url = `http://127.0.0.1:${(imposter.address() as AddressInfo).port}`;
  write({ url });
  expect(await liveServer(folder.path)).toBeUndefined();
  expect(told).toEqual([undefined]);
  imposter.close();
});

test('a port in use, an address that is none, and one beyond loopback', async () => {
  const { host, serving } = await started();
  await expect(serve(host, { port: serving.port })).rejects.toMatchObject({
    code: 'port_in_use',
    exitCode: 14,
    hint: expect.stringContaining('--port 0'),
  });
  expect(serving.notes).toEqual([]);
  const open = await started({ hostname: '0.0.0.0' }, { database: 'open.db' });
  expect(open.serving.notes.join()).toContain('TLS');
  const trusting = await started({ hostname: '0.0.0.0' }, { trustPushedCode: true, database: 'other.db' });
  expect(trusting.serving.notes.join()).toContain('--trust-pushed-code');
  // As it would be without a sandbox.
  host.services.config.untrustedRuntime = false;
  await expect(serve(host, { port: 0, hostname: '0.0.0.0' })).rejects.toMatchObject({
    code: 'usage',
    hint: expect.stringContaining('--trust-pushed-code'),
  });
});

test("code of others runs in the sandbox, where it reaches no address of this machine's network", async () => {
  const target = createServer((_, response) => response.end('inside')).listen(0, '127.0.0.1');
  await once(target, 'listening');
  const { port } = target.address() as AddressInfo;
  const { host, serving } = await started();
  const operator = clientOf(serving.url, host.token);
  const developer = clientOf(
    serving.url,
    (await operator.tokens.create({ name: 'dev', role: 'developer' })).secret,
  );
  const reach = builtTool(
    'reach',
    `const response = await ctx.fetch('http://127.0.0.1:${port}/'); return { text: await response.text(), process: typeof process };`,
    { permissions: { net: [`127.0.0.1:${port}`] } },
  );
  const full = builtTool('full', 'return process.pid;', { runtime: 'node' });
  await push(developer, reach);
  const run = await developer.runs.create({ ref: 'reach' }, { wait: 30 });
  expect(run).toMatchObject({ state: 'failed', error: { code: 'tool_denied' } });
  await expect(push(developer, full)).rejects.toMatchObject({ code: 'untrusted_code' });
  await push(operator, full);
  expect((await developer.runs.create({ ref: 'full' }, { wait: 30 })).state).toBe('succeeded');
  await serving.close();

  // On one's own machine a tool may reach what it names.
  const mine = await started({}, { local: true });
  const again = await clientOf(mine.serving.url, host.token).runs.create({ ref: 'reach' }, { wait: 30 });
  expect(again).toMatchObject({
    state: 'succeeded',
    outputs: { result: { text: 'inside', process: 'undefined' } },
  });
  target.close();
});

test('a page that was pointed at this machine gets no answer over the socket', async () => {
  const { serving } = await started();
  const ask = (host: string) =>
    new Promise<number>((resolve, reject) => {
      request({ host: '127.0.0.1', port: serving.port, path: '/livez', headers: { host } }, (response) => {
        response.resume();
        resolve(response.statusCode!);
      })
        .on('error', reject)
        .end();
    });
  expect(await ask('evil.example')).toBe(403);
  expect(await ask(`evil.example:${serving.port}`)).toBe(403);
  expect(await ask(`localhost:${serving.port}`)).toBe(200);
});

test('a request that is plain and one that is not have the same answer', async () => {
  const { host, serving } = await started();
  const runs = '/v1/projects/_/runs';
  const body = JSON.stringify({ ref: 'workflow/nothing-here', inputs: {} });
  const told = async (path: string, headers: Record<string, string>, text = '', method = 'GET') => {
    const sent = request({ host: '127.0.0.1', port: serving.port, path, method, headers });
    sent.end(text);
    const [response] = await once(sent, 'response');
    let said = '';
    for await (const chunk of response) said += chunk;
    const { date: _, 'x-request-id': __, ...rest } = response.headers;
    // Either may say how long the answer is, or send it in pieces.
    for (const name of ['content-length', 'transfer-encoding', 'keep-alive', 'connection']) delete rest[name];
    return { status: response.statusCode, headers: rest, body: said === '' ? '' : JSON.parse(said) };
  };
  const authorization = `Bearer ${host.token}`;
  const json = { authorization, 'content-type': 'application/json' };
  const sized = { ...json, 'content-length': `${Buffer.byteLength(body)}` };
  const pieces = { ...json, 'transfer-encoding': 'chunked' };
  // The address in full is another form of the same request.
  const whole = `http://127.0.0.1:${serving.port}${runs}`;
  const posted = await told(runs, sized, body, 'POST');
  expect(posted).toMatchObject({ status: 404, body: { code: 'not_found' } });
  expect(await told(runs, pieces, body, 'POST')).toEqual(posted);
  const listed = await told(runs, { authorization });
  expect(listed).toMatchObject({ status: 200, body: { items: [] } });
  expect(await told(whole, { authorization })).toEqual(listed);
  for (const headers of [sized, pieces]) {
    const wrong = await told(runs, { ...headers, authorization: 'Bearer no' }, body, 'POST');
    expect(wrong).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
  }
  const odd = await told(runs, { authorization, host: `127.0.0.1:${serving.port}/v1/projects/_/secrets?` });
  expect(odd.status).toBe(400);
});

test('what is no HTTP, and a body without end, take the server nowhere', async () => {
  const { host, serving } = await started();
  const garbage = connect(serving.port, '127.0.0.1');
  garbage.write('\x16\x03\x01 not http\r\n\r\n');
  expect(String((await once(garbage, 'data'))[0])).toContain('400');
  const endless = request({
    host: '127.0.0.1',
    port: serving.port,
    path: '/v1/projects/_/runs',
    method: 'POST',
    headers: {
      authorization: `Bearer ${host.token}`,
      'content-type': 'application/json',
      'transfer-encoding': 'chunked',
    },
  });
  endless.on('error', () => {});
  const answered = once(endless, 'response');
  const feed = setInterval(() => endless.write(' '.repeat(1024 * 1024)), 1);
  const [response] = (await answered) as [import('node:http').IncomingMessage];
  clearInterval(feed);
  expect(response.statusCode).toBe(413);
  endless.destroy();
  expect((await fetch(`${serving.url}/livez`)).status).toBe(200);
});

/** A proxy that cuts every connection after so many bytes of answers. */
async function cuttingProxy(port: number, mostBytes: number) {
  const sockets = new Set<Socket>();
  let connections = 0;
  const proxy = createTcpServer((near) => {
    connections++;
    const far = connect(port, '127.0.0.1');
    let bytes = 0;
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far);
    far.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      near.write(chunk);
      if (bytes > mostBytes) near.resetAndDestroy();
    });
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  open.push({
    close: async () => {
      for (const socket of sockets) socket.destroy();
      proxy.close();
    },
  });
  return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, connections: () => connections };
}

test('field 9: a stream whose socket is cut again and again gives every event once, in order', async () => {
  const { host, serving } = await started();
  const direct = clientOf(serving.url, host.token);
  await push(direct, nap, chain(30));
  const run = await direct.runs.create({ ref: 'chain', inputs: { ms: 3 } });
  const { url, connections } = await cuttingProxy(serving.port, 3_000);
  const seen: number[] = [];
  let reconnects = 0;
  for await (const entry of clientOf(url, host.token).runs.follow(run.id, {
    onReconnect: () => reconnects++,
  }))
    if (entry.kind === 'event') seen.push(entry.event.seq);
  const { seq, state } = await direct.runs.get(run.id);
  expect(state).toBe('succeeded');
  expect(seen).toEqual(Array.from({ length: seq }, (_, i) => i + 1));
  expect(reconnects).toBeGreaterThan(1);
  expect(connections()).toBeGreaterThan(2);
});

test('a reader that stops reading costs the server no memory, and is not waited for', async () => {
  const { host, serving } = await started();
  const client = clientOf(serving.url, host.token);
  await push(
    client,
    builtWorkflow({
      name: 'loud',
      version: '1.0.0',
      inputs: { items: { type: 'array' }, text: { type: 'string' } },
      nodes: [
        {
          id: 'all',
          type: 'loop',
          items: '{{ inputs.items }}',
          body: [{ id: 'one', type: 'set', values: { text: '{{ inputs.text }}' } }],
        },
      ],
      outputs: { n: '{{ size(all) }}' },
    }),
  );
  const run = await client.runs.create(
    { ref: 'loud', inputs: { items: Array.from({ length: 2000 }, (_, i) => i), text: 'x'.repeat(10_000) } },
    { wait: 60 },
  );
  expect(run.state).toBe('succeeded');
  let taken = 0;
  const { follow } = host.services.engine;
  host.services.engine.follow = async function* (...args) {
    for await (const frame of follow(...args)) {
      taken++;
      yield frame;
    }
  };
  const socket = connect(serving.port, '127.0.0.1');
  socket.pause();
  socket.write(
    `GET /v1/projects/_/runs/${run.id}/events HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${host.token}\r\n\r\n`,
  );
  // It has come to rest when nothing more is taken for a while.
  let before = -1;
  await expect
    .poll(
      () => {
        const rests = taken > 0 && taken === before;
        before = taken;
        return rests;
      },
      { interval: 300, timeout: 120_000 },
    )
    .toBe(true);
  expect(taken).toBeLessThan(run.seq - 500);
  expect((await client.runs.get(run.id)).state).toBe('succeeded');
  socket.destroy();
});

test('going down gives runs back unpaused, ends streams, and the next host goes on', async () => {
  const { host, serving } = await started();
  const client = clientOf(serving.url, host.token);
  await push(client, nap, chain(20));
  const run = await client.runs.create({ ref: 'chain', inputs: { ms: 20 } });
  const seen: FollowedEntry[] = [];
  const following = (async () => {
    for await (const entry of client.runs.follow(run.id)) {
      seen.push(entry);
      if (seen.length === 6) void serving.close();
    }
  })();
  await expect(following).rejects.toMatchObject({ code: 'unreachable' });
  await serving.close();
  const next = await openHost({ cwd: folder.path, project: 'demo' });
  open.push(next);
  const there = (await next.stores.runs.get('demo', run.id))!;
  expect(['queued', 'running', 'waiting']).toContain(there.state);
  expect(there.leaseOwner).toBeNull();
  next.startWorker();
  const again = createClient({ baseUrl: 'http://ice.local', fetch: next.fetch, token: next.token });
  expect(await again.runs.wait(run.id, { timeoutMs: 120_000 })).toMatchObject({
    state: 'succeeded',
    outputs: { n: 19 },
  });
});

test('field 7: after kill -9 another process goes on, and what was finished is not done again', async () => {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'serving-process.ts'), folder.path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = String((await once(child.stdout, 'data'))[0]).trim();
  const { token } = (await liveServer(folder.path))!;
  const client = clientOf(url, token);
  await push(client, nap, chain(20));
  const run = await client.runs.create({ ref: 'chain', inputs: { ms: 30 } });
  await expect
    .poll(
      async () =>
        (await client.runs.events(run.id)).filter((event) => event.type === 'node.succeeded').length,
    )
    .toBeGreaterThan(4);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(await liveServer(folder.path)).toBeUndefined();

  const { host, serving } = await started({ announceIn: folder.path });
  expect(host.token).toBe(token);
  const after = clientOf(serving.url, token);
  expect(await after.runs.wait(run.id, { timeoutMs: 120_000 })).toMatchObject({
    state: 'succeeded',
    outputs: { n: 19 },
  });
  const events = await after.runs.events(run.id);
  expect(events.map((event) => event.seq)).toEqual(events.map((_, i) => i + 1));
  const succeeded = events.filter((event) => event.type === 'node.succeeded').map((event) => event.path);
  expect(new Set(succeeded).size).toBe(succeeded.length);
  const restarted = events.filter((event) => event.type === 'node.started' && (event.attempt ?? 1) > 1);
  expect(restarted.length).toBeLessThanOrEqual(1);
});

test('SIGTERM ends a server cleanly and takes its file away', async () => {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'serving-process.ts'), folder.path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  child.kill('SIGTERM');
  const [code] = (await once(child, 'exit')) as [number | null];
  expect(code).toBe(0);
  expect(() => statSync(join(folder.path, '.ice/server.json'))).toThrow('ENOENT');
});

test('field 15: readyz says no when the store is down, and metrics count failures as failures', async () => {
  const { host, serving } = await started();
  const client = clientOf(serving.url, host.token);
  await push(client, builtTool('fails', 'throw new Error("no");'), greet());
  await client.runs.create({ ref: 'tool/fails' }, { wait: 30 });
  await client.runs.create({ ref: 'greet', inputs: { name: 'Ada' } }, { wait: 30 });
  const metrics = await client.call('metrics');
  expect(metrics).toContain('ice_runs{state="failed"} 1');
  expect(metrics).toContain('ice_runs{state="succeeded"} 1');
  expect(metrics).toContain('ice_run_failures_total{code="tool_failed"} 1');
  expect((await fetch(`${serving.url}/readyz`)).status).toBe(200);
  folder.remove();
  const down = await fetch(`${serving.url}/readyz`);
  expect(down.status).toBe(503);
  expect(await down.json()).toEqual({
    ok: false,
    checks: { store: { ok: false, message: 'the database file is gone' } },
  });
  expect((await fetch(`${serving.url}/livez`)).status).toBe(200);
});

test("the operator's token may be given, and has to be one", async () => {
  const given = newTokenSecret();
  const { host } = await started({}, { operatorToken: given });
  expect(host.token).toBe(given);
  expect(() => statSync(join(folder.path, '.ice/token'))).toThrow('ENOENT');
  await expect(openHost({ cwd: folder.path, operatorToken: 'ice_short' })).rejects.toMatchObject({
    code: 'usage',
    message: expect.not.stringContaining('ice_short'),
  });
  const own = await openHost({ cwd: folder.path, database: 'third.db' });
  await own.stores.tokens.revoke((await own.stores.tokens.list('local'))[0]!.id, Date.now());
  await own.close();
  await expect(openHost({ cwd: folder.path, database: 'third.db' })).rejects.toMatchObject({
    code: 'unauthenticated',
    hint: expect.stringContaining('Remove .ice/token'),
  });
  writeFileSync(join(folder.path, '.ice/token'), 'garbage');
  await expect(openHost({ cwd: folder.path })).rejects.toMatchObject({
    code: 'machine',
    hint: expect.stringContaining('Remove the file'),
  });
});

test('field 12: many processes that open an empty folder at once agree on the database and the token', async () => {
  const said = await Promise.all(
    Array.from({ length: 5 }, async () => {
      const child = spawn(process.execPath, [join(import.meta.dirname, 'opening-process.ts'), folder.path], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let out = '';
      child.stdout.on('data', (chunk) => {
        out += String(chunk);
      });
      await once(child, 'close');
      return out;
    }),
  );
  expect(said[0]).toMatch(/^200 /);
  expect(new Set(said).size).toBe(1);
});
