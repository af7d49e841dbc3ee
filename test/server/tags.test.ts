import { beforeEach, describe, expect, test } from 'vitest';
import type { Client } from '../../src/client/index.ts';
import { greet } from '../suites/client-components.ts';
import { type MemoryWorld, memoryWorld } from './memory-world.ts';

let world: MemoryWorld;
let secret: string;
let client: Client;

beforeEach(async () => {
  world = await memoryWorld();
  secret = await world.token('developer');
  client = world.client(secret);
  for (const version of ['1.0.0', '1.1.0', '2.0.0-beta.1'])
    await world.register('home', greet(version, `Hello ${version}`));
  await client.components.setTag('workflow', 'greet', 'latest', { version: '1.1.0', from: '2.0.0-beta.1' });
});

const put = (tag: string, version: string, headers: Record<string, string> = {}) =>
  world.send(secret, 'PUT', `/v1/projects/_/components/workflow/greet/tags/${tag}`, {
    body: { version },
    headers,
  });

describe('tags', () => {
  test('a tag is made, read with its ETag, moved and removed', async () => {
    const made = await put('stable', '1.0.0', { 'if-none-match': '*' });
    expect(made.status).toBe(200);
    expect(made.headers.get('etag')).toBe('"1.0.0"');
    const got = await client.components.get('workflow', 'greet', 'stable');
    expect(got.version).toBe('1.0.0');
    expect((await put('stable', '1.1.0', { 'if-match': '"1.0.0"' })).status).toBe(200);
    expect(await client.components.tag('workflow', 'greet', 'stable')).toMatchObject({
      version: '1.1.0',
      digest: greet('1.1.0', 'Hello 1.1.0').item.digest,
    });
    await client.components.removeTag('workflow', 'greet', 'stable', '1.1.0');
    expect(await client.components.tag('workflow', 'greet', 'stable')).toBeUndefined();
  });

  test('who has not read it does not move it: 428 without a condition, 412 when it is elsewhere by now', async () => {
    await put('stable', '1.0.0', { 'if-none-match': '*' });
    const blind = await put('stable', '1.1.0');
    expect([blind.status, ((await blind.json()) as { code: string }).code]).toEqual([
      428,
      'precondition_required',
    ]);
    const late = await put('stable', '1.1.0', { 'if-match': '"0.9.0"' });
    expect([late.status, await late.json()]).toMatchObject([
      412,
      { code: 'stale', details: { etag: '"1.0.0"' } },
    ]);
    expect((await put('stable', '1.1.0', { 'if-none-match': '*' })).status).toBe(412);
    // A repeated call finds its own work done.
    expect((await put('stable', '1.0.0', { 'if-none-match': '*' })).status).toBe(200);
    expect((await client.components.tag('workflow', 'greet', 'stable'))?.version).toBe('1.0.0');
  });

  test('two who move it at once: one does, the other is told', async () => {
    await put('stable', '1.0.0', { 'if-none-match': '*' });
    const both = await Promise.all(
      ['1.1.0', '2.0.0-beta.1'].map((version) => put('stable', version, { 'if-match': '"1.0.0"' })),
    );
    expect(both.map((each) => each.status).sort()).toEqual([200, 412]);
  });

  test.each([
    ['a version that is not there', 'stable', '9.9.9', 404],
    ['a tag that reads as a range', 'x', '1.0.0', 400],
    ['a tag in capitals', 'Stable', '1.0.0', 404],
    ['latest on a prerelease', 'latest', '2.0.0-beta.1', 409],
  ])('%s', async (_, tag, version, status) => {
    const answer = await put(tag, version, { 'if-match': '*' });
    const made = answer.status === 412 ? await put(tag, version, { 'if-none-match': '*' }) : answer;
    expect(made.status).toBe(status);
    expect(await made.json()).toMatchObject({ hint: expect.any(String) });
  });

  test('latest can be taken back to an older release; a later push moves it on', async () => {
    await client.components.setTag('workflow', 'greet', 'latest', { version: '1.0.0', from: '1.1.0' });
    expect((await client.components.get('workflow', 'greet')).version).toBe('1.0.0');
    const removed = client.components.removeTag('workflow', 'greet', 'latest', '1.0.0');
    await expect(removed).rejects.toMatchObject({ code: 'conflict' });
  });
});

describe('archive and restore', () => {
  const versions = async () =>
    (await client.components.versions('workflow', 'greet')).items.map((one) => [
      one.version,
      one.archivedAt !== null,
      one.tags,
    ]);

  test('latest goes to what is in use, and comes back; other tags are named', async () => {
    await put('stable', '1.1.0', { 'if-none-match': '*' });
    const archived = await client.components.archive('workflow', 'greet', '1.1.0');
    expect(archived.items.map((one) => one.version)).toEqual(['1.1.0']);
    expect(archived.tags.map(({ tag, version }) => [tag, version])).toEqual([
      ['latest', '1.0.0'],
      ['stable', '1.1.0'],
    ]);
    expect((await client.components.get('workflow', 'greet')).version).toBe('1.0.0');
    await expect(client.components.get('workflow', 'greet', 'stable')).rejects.toMatchObject({
      code: 'not_found',
    });
    // A pinned version goes on.
    expect((await client.components.get('workflow', 'greet', '1.1.0')).archivedAt).not.toBeNull();
    expect((await client.components.archive('workflow', 'greet', '1.1.0')).items).toEqual([]);

    const restored = await client.components.restore('workflow', 'greet', '1.1.0');
    expect(restored.tags.map(({ tag, version }) => [tag, version])).toEqual([['latest', '1.1.0']]);
    expect((await client.components.get('workflow', 'greet', 'stable')).version).toBe('1.1.0');
  });

  test('the whole component, there and back, is the registry that was reviewed', async () => {
    const before = await world.services.registry.revision('home');
    await client.components.archive('workflow', 'greet');
    expect((await versions()).every(([, gone]) => gone)).toBe(true);
    expect((await client.components.list()).items).toEqual([]);
    expect((await client.components.list({ archived: true })).items).toHaveLength(1);
    await client.components.restore('workflow', 'greet');
    expect(await world.services.registry.revision('home')).toBe(before);
  });

  test('a latest that was taken back by hand stays when an older version is restored', async () => {
    await client.components.archive('workflow', 'greet', '1.0.0');
    await world.register('home', greet('1.2.0', 'x'));
    await client.components.setTag('workflow', 'greet', 'latest', { version: '1.1.0', from: '1.2.0' });
    await client.components.restore('workflow', 'greet', '1.0.0');
    expect((await client.components.get('workflow', 'greet')).version).toBe('1.1.0');
  });

  test('a release that was taken back stays so when one below it comes back, or everything does', async () => {
    await world.register('home', greet('1.2.0', 'x'));
    await client.components.setTag('workflow', 'greet', 'latest', { version: '1.0.0', from: '1.2.0' });
    await client.components.archive('workflow', 'greet', '1.1.0');
    const restored = await client.components.restore('workflow', 'greet', '1.1.0');
    expect(restored.tags.map(({ tag, version }) => [tag, version])).toEqual([['latest', '1.1.0']]);

    await client.components.archive('workflow', 'greet');
    await client.components.restore('workflow', 'greet');
    expect((await client.components.get('workflow', 'greet')).version).toBe('1.1.0');
  });

  test('what ships with ice stays, and what is not there is not there', async () => {
    await expect(client.components.archive('tool', 'std/csv-parse')).rejects.toMatchObject({
      code: 'conflict',
    });
    await expect(client.components.archive('tool', 'nothing')).rejects.toMatchObject({ code: 'not_found' });
    await expect(client.components.archive('workflow', 'greet', '7.0.0')).rejects.toMatchObject({
      code: 'not_found',
      details: { versions: ['2.0.0-beta.1', '1.1.0', '1.0.0'] },
    });
  });
});
