import { expect, test } from 'vitest';
import type { Run } from '../../src/contracts/runs.ts';
import { builtWorkflow, greet } from '../suites/client-components.ts';
import { memoryWorld } from './memory-world.ts';

const RUNS = '/v1/projects/_/runs';

async function started() {
  const world = await memoryWorld();
  await world.register('home', greet());
  const secret = await world.token('admin');
  const client = world.client(secret);
  return { world, secret, client };
}

test('a run is shown with its inputs, defaults filled in, and not its plan', async () => {
  const { client } = await started();
  const run = await client.runs.create({ ref: 'greet', inputs: { name: 'Ada' } });
  expect(run).toMatchObject({
    project: 'home',
    name: 'greet',
    version: '1.0.0',
    state: 'queued',
    inputs: { name: 'Ada', times: 1 },
    outputs: null,
    driven: false,
  });
});

test('writeOnly inputs are *** in the run and in its journal', async () => {
  const { world, client } = await started();
  await world.register(
    'home',
    builtWorkflow({
      name: 'secretive',
      version: '1.0.0',
      inputs: { key: { type: 'string', writeOnly: true } },
      nodes: [{ id: 'a', type: 'set', values: { x: 1 } }],
      outputs: { x: '{{ a.x }}' },
    }),
  );
  const run = await client.runs.create({ ref: 'secretive', inputs: { key: 'hunter2' } });
  expect(run.inputs).toEqual({ key: '***' });
  expect(JSON.stringify(await client.runs.events(run.id))).not.toContain('hunter2');
  await world.append('home', run.id, [{ type: 'run.succeeded', data: { outputs: {} } }], {
    state: 'succeeded',
  });
  const seen = [];
  for await (const entry of client.runs.follow(run.id)) seen.push(entry);
  expect(JSON.stringify(seen)).not.toContain('hunter2');
});

test('the ETag moves with the run, and with nothing else', async () => {
  const { world, secret, client } = await started();
  const { id } = await client.runs.create({ ref: 'greet', inputs: { name: 'Ada' } });
  const get = (etag?: string) =>
    world.send(secret, 'GET', `${RUNS}/${id}`, { headers: etag ? { 'if-none-match': etag } : {} });
  const etag = (await get()).headers.get('etag')!;
  expect(etag).toMatch(/^"\d+"$/);
  const same = await get(etag);
  expect(same.status).toBe(304);
  expect(await same.text()).toBe('');
  expect((await get(`"zzz", W/${etag}`)).status).toBe(304);
  await world.append('home', id, [{ type: 'run.started', data: { worker: 'w', epoch: 1 } }], {
    state: 'running',
  });
  const changed = await get(etag);
  expect(changed.status).toBe(200);
  expect(changed.headers.get('etag')).not.toBe(etag);
  const control = (match: string) =>
    world.send(secret, 'POST', `${RUNS}/${id}/cancel`, { body: {}, headers: { 'if-match': match } });
  const stale = await control(etag);
  expect(stale.status).toBe(412);
  expect(await stale.json()).toMatchObject({ code: 'stale', details: { etag: changed.headers.get('etag') } });
  expect((await control(changed.headers.get('etag')!)).status).toBe(202);
});

test('a list is the same whatever comes in while it is read', async () => {
  const { world, client } = await started();
  const ids: string[] = [];
  for (let i = 0; i < 7; i++) {
    ids.push((await client.runs.create({ ref: 'greet', inputs: { name: `n${i}` } })).id);
    // Two of a kind: the id has to tell them apart.
    if (i % 2 === 0) world.clock.time++;
  }
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.runs.list({ limit: 2, cursor });
    seen.push(...page.items.map((run) => run.id));
    cursor = page.next ?? undefined;
    world.clock.time++;
    await client.runs.create({ ref: 'greet', inputs: { name: 'new' } });
  } while (cursor !== undefined);
  expect([...seen].sort()).toEqual([...ids].sort());
  expect(new Set(seen).size).toBe(7);
  const all = [];
  for await (const run of client.runs.all()) all.push(run.id);
  expect(all.length).toBe(11);
  expect((await client.runs.list({ state: 'failed' })).items).toEqual([]);
});

test('wait answers at the end of the run, or after its time with the run as it is', async () => {
  const { world, client } = await started();
  const { id } = await client.runs.create({ ref: 'greet', inputs: { name: 'Ada' } });
  const waiting = client.runs.get(id, { wait: 30 });
  await new Promise((resolve) => setTimeout(resolve, 20));
  await world.append(
    'home',
    id,
    [{ type: 'run.succeeded', data: { outputs: { text: 'hi' }, handledFailures: ['x'] } }],
    { state: 'succeeded', endedAt: world.clock.time },
  );
  expect(await waiting).toMatchObject({
    state: 'succeeded',
    outputs: { text: 'hi' },
    handledFailures: ['x'],
  });
  const other = await client.runs.create({ ref: 'greet', inputs: { name: 'Ada' } });
  expect((await client.runs.get(other.id, { wait: 0.02 })).state).toBe('queued');
});

test('who waits and goes away leaves nothing behind', async () => {
  const { world, client } = await started();
  const { id } = await client.runs.create({ ref: 'greet', inputs: { name: 'Ada' } });
  let listeners = 0;
  const { onChange } = world.services.runs;
  world.services.runs.onChange = (listener) => {
    const off = onChange(listener);
    listeners++;
    return () => {
      listeners--;
      off();
    };
  };
  const abort = new AbortController();
  const waiting = client.runs.get(id, { wait: 60, signal: abort.signal });
  await expect.poll(() => listeners).toBe(1);
  abort.abort(new Error('gone'));
  await expect(waiting).rejects.toThrow('gone');
  await expect.poll(() => listeners).toBe(0);
});

test('a failed run says why, with all that its journal says', async () => {
  const { world, client } = await started();
  const { id } = await client.runs.create({ ref: 'greet', inputs: { name: 'Ada' } });
  const error = { code: 'tool_failed', message: 'no', hint: 'mend it', details: { a: 1 } };
  await world.append('home', id, [{ type: 'run.failed', data: { error, path: 'say' } }], {
    state: 'failed',
    error: { code: 'tool_failed', message: 'no' },
  });
  const run: Run = await client.runs.get(id);
  expect(run).toMatchObject({ state: 'failed', error, outputs: null });
  await expect(client.runs.cancel(id)).rejects.toMatchObject({ code: 'run_ended' });
});

test('the outline is the plan without code', async () => {
  const { client } = await started();
  const { id } = await client.runs.create({ ref: 'greet', inputs: { name: 'Ada' } });
  const outline = await client.runs.outline(id);
  expect(outline.outline).toEqual([expect.objectContaining({ id: 'say', type: 'set' })]);
  expect(Object.keys(outline.outputs)).toEqual(['text', 'times']);
});
