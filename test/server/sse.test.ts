import { expect, test } from 'vitest';
import type { FollowedEntry } from '../../src/client/index.ts';
import { hashToken } from '../../src/server/token.ts';
import { greet } from '../suites/client-components.ts';
import { memoryWorld, ORIGIN } from './memory-world.ts';

async function started(config = {}) {
  const world = await memoryWorld(config);
  await world.register('home', greet());
  const secret = await world.token('admin');
  const client = world.client(secret);
  const { id } = await client.runs.create({ ref: 'greet', inputs: { name: 'Ada' } });
  const log = (message: string) => ({ type: 'node.log' as const, data: { level: 'info' as const, message } });
  const end = () =>
    world.append('home', id, [{ type: 'run.succeeded', data: { outputs: {} } }], { state: 'succeeded' });
  const open = (headers: Record<string, string> = {}, query = '') =>
    world.send(secret, 'GET', `/v1/projects/_/runs/${id}/events${query}`, { headers });
  return { world, secret, client, id, log, end, open };
}

/** Reads a stream's text until it holds `what`, or ends. */
async function readUntil(response: Response, what: string): Promise<string> {
  const reader = response.body!.getReader();
  const decoder = new TextDecoder();
  let text = '';
  while (!text.includes(what)) {
    const { done, value } = await reader.read();
    if (done) break;
    text += decoder.decode(value, { stream: true });
  }
  reader.releaseLock();
  return text;
}

test('frames: ids are sequence numbers, the end is a frame, then the stream ends', async () => {
  const { world, id, log, end, open } = await started();
  await world.append('home', id, [log('one'), log('two')]);
  await end();
  const response = await open();
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const text = await response.text();
  expect([...text.matchAll(/^id: (\d+)$/gm)].map((match) => match[1])).toEqual(['1', '2', '3', '4']);
  expect(text).toContain('event: end\ndata: {"state":"succeeded","seq":4}\n\n');
});

test('it goes on after Last-Event-ID, or after `after`, which goes first', async () => {
  const { world, id, log, end, open } = await started();
  await world.append('home', id, [log('one'), log('two')]);
  await end();
  const ids = async (response: Response) =>
    [...(await response.text()).matchAll(/^id: (\d+)$/gm)].map((match) => match[1]);
  expect(await ids(await open({ 'last-event-id': '2' }))).toEqual(['3', '4']);
  expect(await ids(await open({ 'last-event-id': '2' }, '?after=3'))).toEqual(['4']);
  expect(await ids(await open({}, '?after=4'))).toEqual([]);
  expect((await open({ 'last-event-id': 'x' })).status).toBe(400);
  expect((await open({}, '?after=-1')).status).toBe(400);
});

test('as lines, it is the journal as it is, and does not wait', async () => {
  const { world, id, log, open } = await started();
  await world.append(
    'home',
    id,
    Array.from({ length: 1200 }, (_, i) => log(`${i}`)),
  );
  const response = await open({ accept: 'application/x-ndjson' }, '?after=1');
  expect(response.headers.get('content-type')).toBe('application/x-ndjson');
  const lines = (await response.text())
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { seq: number });
  expect(lines.map((line) => line.seq)).toEqual(Array.from({ length: 1200 }, (_, i) => i + 2));
});

test('a quiet stream says that it lives, and ends when its token is revoked', async () => {
  const { world, secret, open } = await started({ heartbeatMs: 20 });
  const response = await open();
  expect(await readUntil(response, ': alive')).toContain(': alive\n\n');
  const token = (await world.services.tokens.byHash(await hashToken(secret)))!;
  await world.services.tokens.revoke(token.id, world.clock.time);
  const text = await readUntil(response, 'event: problem');
  expect(text).toContain('"code":"unauthenticated"');
});

test('a slow reader is not written to: nothing is read from the journal before it is taken', async () => {
  const { world, id, log, open } = await started();
  await world.append(
    'home',
    id,
    Array.from({ length: 5000 }, () => log('x'.repeat(1000))),
  );
  let taken = 0;
  const { follow } = world.services.engine;
  world.services.engine.follow = async function* (...args) {
    for await (const entry of follow(...args)) {
      taken++;
      yield entry;
    }
  };
  const response = await open();
  const reader = response.body!.getReader();
  await reader.read();
  await reader.read();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(taken).toBeGreaterThan(0);
  expect(taken).toBeLessThan(200);
  await reader.cancel();
});

test('an abort in one process reaches the producer, and its reader', async () => {
  const { world, client, id } = await started();
  let ended = false;
  const { follow } = world.services.engine;
  world.services.engine.follow = async function* (...args) {
    try {
      yield* follow(...args);
    } finally {
      ended = true;
    }
  };
  const abort = new AbortController();
  const seen: FollowedEntry[] = [];
  const following = (async () => {
    for await (const entry of client.runs.follow(id, { signal: abort.signal })) {
      seen.push(entry);
      setTimeout(() => abort.abort(new Error('enough')), 5);
    }
  })();
  await expect(following).rejects.toThrow('enough');
  expect(seen.length).toBe(1);
  await expect.poll(() => ended).toBe(true);
});

test('leaving the loop ends the stream too', async () => {
  const { world, client, id } = await started();
  let ended = false;
  const { follow } = world.services.engine;
  world.services.engine.follow = async function* (...args) {
    try {
      yield* follow(...args);
    } finally {
      ended = true;
    }
  };
  for await (const entry of client.runs.follow(id)) {
    expect(entry.kind).toBe('event');
    break;
  }
  await expect.poll(() => ended).toBe(true);
});

test('streams are bounded, and those that end make room', async () => {
  const { open } = await started({ maxStreams: 2 });
  const [first] = [await open(), await open()];
  const third = await open();
  expect(third.status).toBe(503);
  expect(await third.json()).toMatchObject({ code: 'unavailable' });
  await first!.body!.cancel();
  expect((await open()).status).toBe(200);
});

test('a stream whose caller has gone before it was there takes no room', async () => {
  const { world, secret, id, open } = await started({ maxStreams: 1 });
  const request = new Request(`${ORIGIN}/v1/projects/_/runs/${id}/events`, {
    headers: { authorization: `Bearer ${secret}` },
    signal: AbortSignal.abort(),
  });
  expect((await world.app.fetch(request)).status).toBe(200);
  expect((await open()).status).toBe(200);
});

test('a server that goes down ends its streams without an end, and begins no other', async () => {
  const { world, open } = await started();
  const response = await open();
  const text = readUntil(response, 'never');
  world.app.endStreams();
  expect(await text).not.toContain('event: end');
  const late = await open();
  expect(late.status).toBe(503);
  expect(late.headers.get('retry-after')).not.toBeNull();
});

test('a failure in mid-stream is a frame of the stream', async () => {
  const { world, client, id } = await started();
  world.services.engine.follow = async function* () {
    yield { kind: 'live', frame: { project: 'home', runId: id, path: 'a', attempt: 1, text: 'x' } };
    throw new Error('the disk /root is gone');
  };
  const seen: FollowedEntry[] = [];
  await expect(
    (async () => {
      for await (const entry of client.runs.follow(id)) seen.push(entry);
    })(),
  ).rejects.toMatchObject({ code: 'internal', message: expect.not.stringContaining('/root') });
  expect(seen).toEqual([{ kind: 'delta', path: 'a', attempt: 1, text: 'x' }]);
});
