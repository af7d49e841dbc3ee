import { beforeEach, expect, test } from 'vitest';
import { type MemoryWorld, memoryWorld } from './memory-world.ts';

const VALUE = 'sk-live-0123456789';
let world: MemoryWorld;
let developer: string;
beforeEach(async () => {
  world = await memoryWorld();
  developer = await world.token('developer');
});
const send = async (method: string, path: string, body?: unknown) => {
  const response = await world.send(
    developer,
    method,
    `/v1/projects/_/secrets${path}`,
    body === undefined ? {} : { body },
  );
  const text = await response.text();
  expect(text, 'no answer holds a value').not.toContain(VALUE);
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
};

test('a secret is set, listed without its value, set anew, removed', async () => {
  expect(await send('PUT', '/API_KEY', { value: VALUE })).toMatchObject({
    status: 200,
    body: { name: 'API_KEY', version: 1 },
  });
  expect((await send('PUT', '/API_KEY', { value: `${VALUE}!` })).body.version).toBe(2);
  expect(await send('GET', '')).toMatchObject({
    status: 200,
    body: { items: [{ name: 'API_KEY', version: 2 }] },
  });
  expect(await world.services.secrets!.values('home', ['API_KEY'])).toEqual({ API_KEY: `${VALUE}!` });
  expect((await send('DELETE', '/API_KEY')).status).toBe(204);
  expect(await send('DELETE', '/API_KEY')).toMatchObject({
    status: 404,
    body: { code: 'not_found', detail: expect.stringContaining('no secret API_KEY') },
  });
  expect((await send('GET', '')).body.items).toEqual([]);
});

test('what is refused does not say the value back', async () => {
  expect((await send('PUT', '/lower-case', { value: VALUE })).status).toBe(400);
  expect((await send('PUT', '/API_KEY', { value: VALUE, more: VALUE })).status).toBe(400);
  expect((await send('PUT', '/API_KEY', { valeu: VALUE })).status).toBe(400);
  expect((await send('PUT', '/API_KEY', { value: '' })).status).toBe(400);
  expect((await send('PUT', '/API_KEY', { value: [VALUE] })).status).toBe(400);
  expect((await send('PUT', '/API_KEY', { value: VALUE.repeat(1000) })).status).toBe(400);
  expect((await send('GET', '/API_KEY')).status).toBe(405);
  expect(JSON.stringify(world.logged)).not.toContain(VALUE);
});

test('there is no way to read a value over the API', async () => {
  await send('PUT', '/API_KEY', { value: VALUE });
  for (const path of ['', '/API_KEY', '/rotate']) await send('GET', path);
  await send('POST', '/rotate', {});
});

test('a target without a vault says what it lacks', async () => {
  delete world.services.secrets;
  const response = await world.send(developer, 'GET', '/v1/projects/_/secrets');
  expect(response.status).toBe(501);
  expect(await response.json()).toMatchObject({ code: 'not_implemented' });
});
