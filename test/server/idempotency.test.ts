import { expect, test } from 'vitest';
import { greet } from '../suites/client-components.ts';
import { memoryWorld } from './memory-world.ts';

const RUNS = '/v1/projects/_/runs';
const BODY = { ref: 'greet', inputs: { name: 'Ada' } };

async function started() {
  const world = await memoryWorld();
  await world.register('home', greet());
  const secret = await world.token('admin');
  const post = (key: string, body: unknown = BODY, path = RUNS) =>
    world.send(secret, 'POST', path, { body, headers: { 'idempotency-key': key } });
  return { world, secret, post };
}

test('the same key and request make one run; it answers with the run as it is now', async () => {
  const { world, post } = await started();
  const first = await post('k1');
  const { id } = (await first.json()) as { id: string };
  await world.append('home', id, [{ type: 'run.succeeded', data: { outputs: {} } }], { state: 'succeeded' });
  const again = await post('k1');
  expect(again.status).toBe(201);
  expect(again.headers.get('idempotency-replayed')).toBe('true');
  expect(await again.json()).toMatchObject({ id, state: 'succeeded' });
  expect((await world.services.runs.list({ project: 'home', limit: 9 })).length).toBe(1);
});

test('the same key with another request is refused; keys are of one token', async () => {
  const { world, post } = await started();
  await post('k1');
  const other = await post('k1', { ref: 'greet', inputs: { name: 'Bob' } });
  expect(other.status).toBe(409);
  expect(await other.json()).toMatchObject({ code: 'idempotency_mismatch' });
  const somebody = await world.token('admin');
  const theirs = await world.send(somebody, 'POST', RUNS, {
    body: { ref: 'greet', inputs: { name: 'Bob' } },
    headers: { 'idempotency-key': 'k1' },
  });
  expect(theirs.status).toBe(201);
});

test('two at once: one is made, the others are told to come again', async () => {
  const { world, post } = await started();
  const { create } = world.services.engine;
  const gate = Promise.withResolvers<void>();
  const inside = Promise.withResolvers<void>();
  world.services.engine.create = async (order) => {
    inside.resolve();
    await gate.promise;
    return create(order);
  };
  const first = post('k1');
  await inside.promise;
  const second = await post('k1');
  expect(second.status).toBe(409);
  expect(second.headers.get('retry-after')).toBe('1');
  expect(await second.json()).toMatchObject({ code: 'conflict', details: { inProgress: true } });
  gate.resolve();
  expect((await first).status).toBe(201);
  expect((await post('k1')).headers.get('idempotency-replayed')).toBe('true');
  expect((await world.services.runs.list({ project: 'home', limit: 9 })).length).toBe(1);
});

test('a failure is not kept: the next try may succeed', async () => {
  const { world, post } = await started();
  const create = world.services.engine.create;
  world.services.engine.create = () => Promise.reject(new Error('once'));
  expect((await post('k1')).status).toBe(500);
  world.services.engine.create = create;
  expect((await post('k1')).status).toBe(201);
});

test('a key that is none', async () => {
  const { post } = await started();
  for (const key of ['x'.repeat(201), 'with space']) expect((await post(key)).status).toBe(400);
});

test('the secret of a token is kept nowhere, so a repeated request can not be given it', async () => {
  const { world, post } = await started();
  const first = await post('k1', { name: 'ci', role: 'viewer' }, '/v1/tokens');
  const { secret, id } = (await first.json()) as { secret: string; id: string };
  expect(secret).toMatch(/^ice_/);
  const again = await post('k1', { name: 'ci', role: 'viewer' }, '/v1/tokens');
  expect(again.status).toBe(409);
  const text = await again.text();
  expect(JSON.parse(text)).toMatchObject({ code: 'conflict', details: { id } });
  expect(text).not.toContain(secret);
  expect((await world.services.tokens.list('local')).filter((token) => token.name === 'ci').length).toBe(1);
});

test('the same run id: same content is the same run, other content a conflict', async () => {
  const { world, secret } = await started();
  const id = `run_${'0'.repeat(26)}`;
  const send = (inputs: object) => world.send(secret, 'POST', RUNS, { body: { id, ref: 'greet', inputs } });
  expect((await send({ name: 'Ada', times: 2 })).status).toBe(201);
  expect((await send({ times: 2, name: 'Ada' })).status).toBe(200);
  const other = await send({ name: 'Eve' });
  expect(other.status).toBe(409);
  expect(await other.json()).toMatchObject({ code: 'idempotency_mismatch', details: { id } });
});
