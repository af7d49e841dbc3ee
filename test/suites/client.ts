import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  type Client,
  createClient,
  type Fetch,
  type FollowedEntry,
  type IceError,
} from '../../src/client/index.ts';
import { ANSWERS } from '../../src/contracts/answers.ts';
import { newId } from '../../src/contracts/ids.ts';
import { ROUTES, type Route, type RouteName } from '../../src/contracts/routes.ts';
import type { Host } from '../../src/host/index.ts';
import { type Built, builtTool, builtWorkflow, greet } from './client-components.ts';

/** A host that drives its runs, and how to reach it. */
export interface ClientTarget {
  host: Host;
  baseUrl: string;
  fetch: Fetch;
  close(): Promise<void>;
}

const slow = builtTool(
  'slow',
  `for (let i = 0; i < input.steps; i++) {
     ctx.progress({ done: i, total: input.steps });
     await new Promise((resolve, reject) => {
       const timer = setTimeout(resolve, input.ms);
       ctx.signal.addEventListener('abort', () => { clearTimeout(timer); reject(new Error('stopped')); });
     });
   }
   return { done: input.steps };`,
  {
    input: {
      type: 'object',
      properties: { steps: { type: 'integer' }, ms: { type: 'integer' } },
      required: ['steps', 'ms'],
      additionalProperties: false,
    },
    output: {
      type: 'object',
      properties: { done: { type: 'integer' } },
      required: ['done'],
      additionalProperties: false,
    },
  },
);
const slowly = builtWorkflow({
  name: 'slowly',
  version: '1.0.0',
  inputs: { steps: { type: 'integer' }, ms: { type: 'integer' } },
  nodes: [
    { id: 'a', type: 'tool', tool: 'slow', args: { steps: '{{ inputs.steps }}', ms: '{{ inputs.ms }}' } },
    { id: 'b', type: 'set', values: { done: '{{ a.done }}' } },
  ],
  outputs: { done: '{{ b.done }}' },
});
const chat = builtWorkflow({
  name: 'chat',
  version: '1.0.0',
  inputs: { text: { type: 'string' } },
  nodes: [{ id: 'say', type: 'llm', model: 'echo/default', prompt: '{{ inputs.text }}' }],
  outputs: { text: '{{ say.text }}' },
});
const many = builtWorkflow({
  name: 'many',
  version: '1.0.0',
  inputs: { count: { type: 'array' }, text: { type: 'string' } },
  nodes: [
    {
      id: 'all',
      type: 'loop',
      items: '{{ inputs.count }}',
      body: [{ id: 'one', type: 'set', values: { v: '{{ item }}', text: '{{ inputs.text }}' } }],
    },
  ],
  outputs: { n: '{{ size(all) }}' },
});

/** What the client promises, over any transport: the same calls in one process and over a socket. */
export function clientSuite(name: string, open: () => Promise<ClientTarget>): void {
  describe(`client ${name}`, () => {
    let target: ClientTarget;
    let client: Client;
    /** Every answer of every call, held against the schema that the table says. */
    const broken: string[] = [];

    const clientOf = (token: string, project?: string): Client =>
      createClient({
        baseUrl: target.baseUrl,
        token,
        fetch: checked(target.fetch, broken),
        retry: { initialMs: 5, maxMs: 50 },
        ...(project === undefined ? {} : { project }),
      });
    const push = async (...all: Built[]): Promise<void> => {
      for (const { artifacts } of all)
        for (const [digest, bytes] of artifacts) await client.artifacts.put(digest, bytes);
      await client.pushes.create({ items: all.map((built) => built.item), dryRun: false });
    };
    const collect = async (entries: AsyncIterable<FollowedEntry>): Promise<FollowedEntry[]> => {
      const all: FollowedEntry[] = [];
      for await (const entry of entries) all.push(entry);
      return all;
    };
    const seqs = (entries: FollowedEntry[]): number[] =>
      entries.flatMap((entry) => (entry.kind === 'event' ? [entry.event.seq] : []));

    beforeAll(async () => {
      target = await open();
      client = clientOf(target.host.token);
      await push(greet(), slow, slowly, chat, many);
    });
    afterAll(async () => {
      await target.close();
      expect(broken).toEqual([]);
    });

    test('a pushed workflow runs, and is followed to its end: every event once, in order', async () => {
      const run = await client.runs.create({ ref: 'greet', inputs: { name: 'Ada' } });
      const seen = await collect(client.runs.follow(run.id));
      expect(seqs(seen)).toEqual(Array.from({ length: seqs(seen).length }, (_, i) => i + 1));
      expect(seen.at(-1)).toEqual({ kind: 'end', state: 'succeeded', seq: seqs(seen).length });
      expect(await client.runs.get(run.id)).toMatchObject({
        state: 'succeeded',
        outputs: { text: 'Hello Ada', times: 1 },
        driven: false,
      });
      expect(seen.flatMap((entry) => (entry.kind === 'event' ? [entry.event] : []))).toEqual(
        await client.runs.events(run.id),
      );
    });

    test('it may be followed after its end, from anywhere', async () => {
      const run = await client.runs.create({ ref: 'greet', inputs: { name: 'Ada' } }, { wait: 30 });
      expect(run.state).toBe('succeeded');
      for (let after = 0; after <= run.seq; after++)
        expect(seqs(await collect(client.runs.follow(run.id, { after })))).toEqual(
          Array.from({ length: run.seq - after }, (_, i) => after + 1 + i),
        );
    });

    test('a tool runs as a workflow of one node; its progress is in the journal', async () => {
      const run = await client.runs.create({ ref: 'tool/slow', inputs: { steps: 3, ms: 1 } });
      const done = await client.runs.wait(run.id, { timeoutMs: 30_000 });
      expect(done).toMatchObject({ state: 'succeeded', outputs: { done: 3 } });
      const types = (await client.runs.events(run.id)).map((event) => event.type);
      expect(types[0]).toBe('run.created');
      expect(types.at(-1)).toBe('run.succeeded');
      expect((await client.runs.outline(run.id)).outline[0]).toMatchObject({ type: 'tool' });
    });

    test('a first-party tool is there without a push', async () => {
      const run = await client.runs.create(
        { ref: 'std/csv-parse@^1', inputs: { text: 'a,b\n1,2\n' } },
        { wait: 60 },
      );
      expect(run).toMatchObject({ state: 'succeeded' });
      expect(JSON.stringify(run.outputs)).toContain('"a"');
      expect((await client.components.get('tool', 'std/csv-parse')).origin).toBe('std');
    });

    test('streamed text comes between the events and is in no journal', async () => {
      const text = 'one two three four five six seven eight nine ten';
      const run = await client.runs.create({ ref: 'chat', inputs: { text } });
      const seen = await collect(client.runs.follow(run.id));
      expect(seen.at(-1)).toMatchObject({ kind: 'end', state: 'succeeded' });
      expect((await client.runs.get(run.id)).outputs).toEqual({ text });
      // The stream may begin after the text went by; what came belongs to the node.
      for (const entry of seen) if (entry.kind === 'delta') expect(entry.path).toBe('say');
    });

    test('cancel stops what runs', async () => {
      const run = await client.runs.create({ ref: 'slowly', inputs: { steps: 1000, ms: 50 } });
      await expect
        .poll(async () => (await client.runs.events(run.id)).some((event) => event.type === 'node.progress'))
        .toBe(true);
      await client.runs.cancel(run.id, { reason: 'enough' });
      const done = await client.runs.wait(run.id, { timeoutMs: 120_000 });
      expect(done.state).toBe('cancelled');
      await expect(client.runs.pause(run.id)).rejects.toMatchObject({ code: 'run_ended', exitCode: 12 });
    });

    test('pause, resume, and a wait that gives up', async () => {
      const run = await client.runs.create({ ref: 'slowly', inputs: { steps: 4, ms: 150 } });
      await client.runs.pause(run.id);
      await expect.poll(async () => (await client.runs.get(run.id)).state).toBe('paused');
      await expect(client.runs.wait(run.id, { timeoutMs: 50 })).rejects.toMatchObject({
        code: 'wait_timeout',
        exitCode: 6,
      });
      await client.runs.resume(run.id);
      expect(await client.runs.wait(run.id, { timeoutMs: 30_000 })).toMatchObject({
        state: 'succeeded',
        outputs: { done: 4 },
      });
    });

    test('an abort ends a stream, and the run goes on', async () => {
      const run = await client.runs.create({ ref: 'slowly', inputs: { steps: 10, ms: 20 } });
      const abort = new AbortController();
      const seen: FollowedEntry[] = [];
      await expect(
        (async () => {
          for await (const entry of client.runs.follow(run.id, { signal: abort.signal })) {
            seen.push(entry);
            if (seen.length === 2) abort.abort(new Error('enough'));
          }
        })(),
      ).rejects.toThrow('enough');
      expect((await client.runs.wait(run.id, { timeoutMs: 30_000 })).state).toBe('succeeded');
    });

    test('a slow reader misses nothing', async () => {
      const run = await client.runs.create({
        ref: 'many',
        inputs: { count: Array.from({ length: 600 }, (_, i) => i), text: 'x'.repeat(2000) },
      });
      const seen: FollowedEntry[] = [];
      for await (const entry of client.runs.follow(run.id)) {
        seen.push(entry);
        if (seen.length % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      }
      const last = (await client.runs.get(run.id)).seq;
      expect(seqs(seen)).toEqual(Array.from({ length: last }, (_, i) => i + 1));
      expect(last).toBeGreaterThan(600);
    });

    test('many followers of one run see the same', async () => {
      const run = await client.runs.create({ ref: 'slowly', inputs: { steps: 5, ms: 5 } });
      const all = await Promise.all(Array.from({ length: 20 }, () => collect(client.runs.follow(run.id))));
      for (const seen of all) expect(seqs(seen)).toEqual(seqs(all[0]!));
    });

    test('large inputs and outputs, and what is too large', async () => {
      const big = 'ß'.repeat(2 * 1024 * 1024);
      const run = await client.runs.create({ ref: 'greet', inputs: { name: big } }, { wait: 60 });
      expect((run.outputs as { text: string }).text.length).toBe(big.length + 6);
      await expect(
        client.runs.create({ ref: 'greet', inputs: { name: 'x'.repeat(17 * 1024 * 1024) } }),
      ).rejects.toMatchObject({ code: 'too_large' });
    });

    test('content goes in and comes out as it is', async () => {
      const [digest, bytes] = slow.artifacts[0]!;
      expect(Buffer.from(await client.artifacts.get(digest)).equals(bytes)).toBe(true);
      const nowhere = `sha256:${'1'.repeat(64)}`;
      expect(await client.artifacts.missing([digest, nowhere])).toEqual([nowhere]);
      // More than one call may ask for: an API that was imported has thousands.
      const many = Array.from({ length: 4500 }, (_, i) => `sha256:${i.toString(16).padStart(64, '0')}`);
      expect(await client.artifacts.missing([...many, digest])).toEqual(many);
      await expect(client.artifacts.get(nowhere)).rejects.toMatchObject({ code: 'not_found' });
    });

    test('the same id is the same run; other content under it is refused', async () => {
      const id = newId('run');
      const [a, b] = await Promise.all([
        client.runs.create({ id, ref: 'greet', inputs: { name: 'Ada' } }),
        client.runs.create({ id, ref: 'greet', inputs: { name: 'Ada' } }),
      ]);
      expect(a.id).toBe(b.id);
      await expect(client.runs.create({ id, ref: 'greet', inputs: { name: 'Eve' } })).rejects.toMatchObject({
        code: 'idempotency_mismatch',
        exitCode: 12,
      });
    });

    test('errors are the same IceError: code, words, hint and details', async () => {
      const caught = async (act: () => Promise<unknown>): Promise<IceError> => {
        try {
          await act();
        } catch (error) {
          return error as IceError;
        }
        throw new Error('it did not fail');
      };
      const missing = await caught(() => client.runs.get('run_00000000000000000000000000'));
      expect(missing.toBody()).toEqual({
        code: 'not_found',
        message: 'There is no run run_00000000000000000000000000 here',
        hint: 'See the runs: ice runs list',
        docs: 'https://iceos.dev/errors/not_found',
      });
      const invalid = await caught(() => client.runs.create({ ref: 'greet', inputs: { name: 1 } }));
      expect(invalid).toMatchObject({
        name: 'IceError',
        code: 'input_invalid',
        details: { errors: expect.any(Array), schema: expect.any(Object) },
      });
      const nobody = await caught(() => clientOf('ice_wrong').whoami());
      expect(nobody).toMatchObject({ code: 'unauthenticated', exitCode: 4 });
    });

    test("a token of another project sees nothing of this one's", async () => {
      const made = await client.tokens.create({ name: 'other', role: 'admin', project: 'other' });
      const run = await client.runs.create({ ref: 'greet', inputs: { name: 'Ada' } });
      const stranger = clientOf(made.secret, target.host.project);
      for (const act of [
        () => stranger.runs.get(run.id),
        () => stranger.runs.cancel(run.id),
        () => stranger.runs.list(),
        () => collect(stranger.runs.follow(run.id)),
        () => stranger.components.get('workflow', 'greet'),
        () => stranger.artifacts.get(slow.artifacts[0]![0]),
        () => stranger.pushes.create({ items: [], dryRun: true }),
      ])
        await expect(act()).rejects.toMatchObject({ code: 'not_found' });
      expect((await clientOf(made.secret).runs.list()).items).toEqual([]);
      await client.tokens.revoke(made.id);
      await expect(stranger.whoami()).rejects.toMatchObject({ code: 'unauthenticated' });
    });

    test('two runs at once never see each other', async () => {
      const names = Array.from({ length: 60 }, (_, i) => `name-${i}`);
      const done = await Promise.all(
        names.map((each) => client.runs.create({ ref: 'greet', inputs: { name: each } }, { wait: 60 })),
      );
      expect(done.map((run) => (run.outputs as { text: string }).text)).toEqual(
        names.map((each) => `Hello ${each}`),
      );
    });

    test('health, identity and the documents', async () => {
      expect((await client.livez()).ok).toBe(true);
      expect((await client.call('readyz')).checks['store']).toEqual({ ok: true });
      expect(await client.whoami()).toMatchObject({
        operator: true,
        project: target.host.project,
        role: 'admin',
      });
      expect((await client.call('openapi'))['openapi']).toBe('3.1.0');
      expect(await client.call('docs')).toContain('<!doctype html>');
      await client.runs.create({ ref: 'tool/slow', inputs: { steps: 1, ms: 1 } }, { wait: 30 });
      expect(await client.call('metrics')).toMatch(/ice_runs\{state="succeeded"\} [1-9]/);
    });
  });
}

/** A fetch that holds every JSON answer against the route table. */
function checked(fetch: Fetch, broken: string[]): Fetch {
  const routes = (Object.entries(ROUTES) as [RouteName, Route][]).map(([name, route]) => ({
    name,
    route,
    pattern: new RegExp(`^${route.path.replace(/\./g, '\\.').replace(/\{\w+\}/g, '[^/]+')}$`),
  }));
  return async (url, init) => {
    const response = await fetch(url, init);
    const { pathname } = new URL(url);
    const found = routes.find(({ route, pattern }) => route.method === init.method && pattern.test(pathname));
    if (!found || !response.ok || response.headers.get('content-type') !== 'application/json')
      return response;
    const text = await response.text();
    const parsed = (ANSWERS as Partial<Record<RouteName, z.ZodType>>)[found.name]!.safeParse(
      JSON.parse(text),
    );
    if (!parsed.success) broken.push(`${found.name}: ${z.prettifyError(parsed.error)}`);
    return new Response(text, {
      status: response.status,
      headers: { 'content-type': 'application/json' },
    });
  };
}
