import { beforeEach, describe, expect, test } from 'vitest';
import type { Client } from '../../src/client/index.ts';
import type { Draft } from '../../src/contracts/drafts.ts';
import { parseBlueprint } from '../../src/language/index.ts';
import { builtTool, greet } from '../suites/client-components.ts';
import { type MemoryWorld, memoryWorld } from './memory-world.ts';

let world: MemoryWorld;
let secret: string;
let client: Client;
beforeEach(async () => {
  world = await memoryWorld();
  secret = await world.token('developer');
  client = world.client(secret);
  await world.register('home', greet());
  await world.register(
    'home',
    builtTool('price', 'return { price: input.cost * 2 };', {
      input: {
        type: 'object',
        properties: { cost: { type: 'number' } },
        required: ['cost'],
        additionalProperties: false,
      },
      output: { type: 'object', properties: { price: { type: 'number' } }, required: ['price'] },
    }),
  );
});
const ids = (list: unknown): unknown[] => (list as { id: string }[]).map((one) => one.id);
const nodesOf = (draft: Draft) => draft.document['nodes'] as { id: string; [key: string]: unknown }[];

test('a mistake of shape does not make what a draft or a text refers to a thing that is not there', async () => {
  const document = {
    blueprint: 2,
    name: 'quote',
    version: '0.1.0',
    nodes: [{ id: 'p', type: 'tool', tool: 'price', args: { cost: 1 }, tiemout: '5s' }],
    outputs: { price: '{{ p.price }}' },
  };
  const draft = await client.drafts.create();
  await client.drafts.update(draft.id, draft.revision, { document });
  const codes = (found: { diagnostics: { code: string; severity: string }[] }) =>
    found.diagnostics.filter((each) => each.severity === 'error').map((each) => each.code);
  expect(codes(await client.drafts.validate(draft.id))).toEqual(['ICE1103']);
  const found = await client.call('blueprintsValidate', { body: { text: JSON.stringify(document) } });
  expect(codes(found)).toEqual(['ICE1103']);
});

describe('a draft, from nothing to a version', () => {
  test('edited node by node, validated on the way, finalized as a document and then as a version', async () => {
    let draft = await client.drafts.create();
    expect(draft).toMatchObject({ name: null, revision: 1, nodes: 0, document: { blueprint: 2, nodes: [] } });
    const early = await client.drafts.validate(draft.id);
    expect(early.ok).toBe(false);
    expect(early.diagnostics[0]).toMatchObject({ file: 'draft.yaml', severity: 'error' });

    draft = await client.drafts.update(draft.id, draft.revision, {
      document: {
        blueprint: 2,
        name: 'quote',
        version: '0.1.0',
        inputs: { costs: { type: 'array', items: { type: 'number' } } },
        nodes: [],
        outputs: { prices: '{{ all }}' },
      },
    });
    draft = await client.drafts.setNode(draft.id, draft.revision, 'all', {
      type: 'loop',
      items: '{{ inputs.costs }}',
      as: 'cost',
      result: '{{ p.prise }}',
    });
    draft = await client.drafts.setNode(draft.id, draft.revision, 'all.p', {
      type: 'tool',
      tool: 'price',
      args: { cost: '{{ cost }}' },
    });
    expect(draft).toMatchObject({ name: 'quote', revision: 4, nodes: 2 });

    const found = await client.drafts.validate(draft.id);
    expect(found.ok).toBe(false);
    const [first] = found.diagnostics;
    expect(found.text.split('\n')[first!.range!.start.line - 1]).toContain('p.prise');
    const refused = client.drafts.finalize(draft.id, draft.revision, { push: true });
    await expect(refused).rejects.toMatchObject({
      code: 'validation_failed',
      details: { diagnostics: [{ code: first!.code }] },
    });

    draft = await client.drafts.setNode(draft.id, draft.revision, 'all', {
      ...nodesOf(draft)[0]!,
      result: '{{ p.price }}',
    } as never);
    expect((await client.drafts.validate(draft.id)).ok).toBe(true);

    const document = await client.drafts.finalize(draft.id, draft.revision);
    expect(document).toMatchObject({ plan: null, version: null });
    expect(parseBlueprint({ text: document.text, file: 'x.yaml' }).blueprint).toMatchObject({
      name: 'quote',
      version: '0.1.0',
    });

    const done = await client.drafts.finalize(draft.id, draft.revision, { push: true, version: '1.0.0' });
    expect(done.plan).toMatchObject({ changes: 1, entries: [{ action: 'create', name: 'quote' }] });
    expect(done.version).toMatchObject({
      name: 'quote',
      version: '1.0.0',
      tags: ['latest'],
      manifest: {
        output: { type: 'object', properties: { prices: { type: 'array', items: { type: 'number' } } } },
      },
    });
    await expect(client.drafts.get(draft.id)).rejects.toMatchObject({ code: 'not_found' });
    const run = await client.runs.create({ ref: 'quote', inputs: { costs: [1, 2] } });
    expect(run).toMatchObject({ name: 'quote', version: '1.0.0' });
  });

  test('from a registered workflow, and back: unchanged it is the same component', async () => {
    const draft = await client.drafts.create({ from: 'greet@1.0.0' });
    expect(draft).toMatchObject({ name: 'greet', document: { version: '1.0.0', description: 'The greet' } });
    const document = draft.document as { nodes: { values: object }[] };
    const next = await client.drafts.setNode(draft.id, 1, 'say', {
      ...document.nodes[0],
      values: { ...document.nodes[0]!.values, loud: true },
    } as never);
    const clash = client.drafts.finalize(next.id, next.revision, { push: true });
    await expect(clash).rejects.toMatchObject({ code: 'version_immutable' });
    // A refused push leaves the draft as it was.
    expect((await client.drafts.get(next.id)).revision).toBe(2);
    const done = await client.drafts.finalize(next.id, 2, { push: true, version: '1.1.0' });
    expect(done.version?.version).toBe('1.1.0');
    await expect(client.drafts.create({ from: 'nothing' })).rejects.toMatchObject({ code: 'not_found' });
    await expect(client.drafts.create({ from: 'tool/price' })).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('editing', () => {
  const send = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    world.send(secret, method, `/v1/projects/_/drafts/${path}`, {
      ...(body === undefined ? {} : { body }),
      headers,
    });

  test('428 without If-Match, 412 with an old one, and the answer says the ETag of the next edit', async () => {
    const { id } = await client.drafts.create();
    const blind = await send('PUT', `${id}/nodes/a`, { type: 'set' });
    expect([blind.status, ((await blind.json()) as { code: string }).code]).toEqual([
      428,
      'precondition_required',
    ]);
    const done = await send('PUT', `${id}/nodes/a`, { type: 'set' }, { 'if-match': '"1"' });
    expect([done.status, done.headers.get('etag')]).toEqual([200, '"2"']);
    for (const [method, path, body] of [
      ['PUT', `${id}/nodes/b`, {}],
      ['DELETE', `${id}/nodes/a`, undefined],
      ['PUT', id, { document: {} }],
      ['DELETE', id, undefined],
      ['POST', `${id}/finalize`, {}],
    ] as const) {
      const late = await send(method, path, body, { 'if-match': '"1"' });
      expect([method, late.status]).toEqual([method, 412]);
      expect((await send(method, path, body)).status).toBe(428);
    }
    const got = await send('GET', id, undefined, { 'if-none-match': '"2"' });
    expect(got.status).toBe(304);
  });

  test('a repeated edit under one Idempotency-Key is made once', async () => {
    const { id } = await client.drafts.create();
    const headers = { 'if-match': '"1"', 'idempotency-key': 'once' };
    for (let i = 0; i < 2; i++) {
      const done = await send('PUT', `${id}/nodes/a`, { type: 'set' }, headers);
      expect([done.status, ((await done.json()) as Draft).revision]).toEqual([200, 2]);
    }
  });

  test('two who edit at once: one does', async () => {
    const { id } = await client.drafts.create();
    const both = await Promise.all(
      ['a', 'b'].map((node) => send('PUT', `${id}/nodes/${node}`, {}, { 'if-match': '"1"' })),
    );
    expect(both.map((each) => each.status).sort()).toEqual([200, 412]);
  });

  test('places: in, before, instead of, out of, in lists of containers', async () => {
    let draft = await client.drafts.create();
    const set = async (path: string, node: object, before?: string) => {
      draft = await client.drafts.setNode(draft.id, draft.revision, path, node as never, {
        ...(before === undefined ? {} : { before }),
      });
    };
    await set('a', { type: 'set' });
    await set('c', { type: 'condition', expression: true });
    await set('b', { type: 'parallel' }, 'c');
    expect(ids(draft.document['nodes'])).toEqual(['a', 'b', 'c']);
    await set('a', { type: 'set', values: { x: 1 } });
    await set('a', { type: 'set', values: { x: 2 } }, 'c');
    expect(ids(draft.document['nodes'])).toEqual(['b', 'a', 'c']);
    await set('c.then.yes', { type: 'set' });
    await set('c.else.no', { type: 'loop' });
    await set('c.else.no.each', { type: 'set' });
    await set('b.left.l', { type: 'set' });
    expect(draft.nodes).toBe(7);
    expect(nodesOf(draft)[2]).toMatchObject({
      then: [{ id: 'yes' }],
      else: [{ id: 'no', body: [{ id: 'each', type: 'set' }] }],
    });
    expect(nodesOf(draft)[0]).toMatchObject({ branches: { left: [{ id: 'l' }] } });
    draft = await client.drafts.removeNode(draft.id, draft.revision, 'c.else.no');
    expect(draft.nodes).toBe(5);
  });

  test.each([
    ['a node in one that is not there', 'x.y', {}, 'not_found'],
    ['a node in one that holds none', 'a.b', {}, 'bad_request'],
    ['a list that a condition has not', 'c.maybe.b', {}, 'bad_request'],
    ['an id that is not that of the path', 'b', { id: 'other' }, 'bad_request'],
    ['a path that is none', 'a..b', {}, 'not_found'],
    ['a path with a prototype', '__proto__.x', {}, 'not_found'],
  ])('%s', async (_, path, node, code) => {
    const { id } = await client.drafts.create({
      document: {
        nodes: [
          { id: 'a', type: 'set' },
          { id: 'c', type: 'condition' },
        ],
      },
    });
    await expect(client.drafts.setNode(id, 1, path, node as never)).rejects.toMatchObject({
      code,
      hint: expect.any(String),
    });
    expect((await client.drafts.get(id)).revision).toBe(1);
  });

  test('bounds: depth, size, and nodes that are no list', async () => {
    let deep: object = { id: 'x', type: 'set' };
    for (let i = 0; i < 40; i++) deep = { id: `l${i}`, type: 'loop', body: [deep] };
    await expect(client.drafts.create({ document: { nodes: [deep] } as never })).rejects.toMatchObject({
      code: 'too_large',
    });
    const text = 'x'.repeat(3 * 1024 * 1024);
    await expect(client.drafts.create({ document: { description: text } })).rejects.toMatchObject({
      code: 'too_large',
    });
    await expect(client.drafts.create({ document: { nodes: {} } as never })).rejects.toMatchObject({
      code: 'bad_request',
    });
  });
});

test('lists, page by page, without the documents', async () => {
  for (let i = 0; i < 5; i++) {
    world.clock.time += 1;
    await client.drafts.create({ document: { name: `d${i}` } });
  }
  const first = await client.drafts.list({ limit: 2 });
  expect(first.items.map((one) => one.name)).toEqual(['d4', 'd3']);
  expect(first.items[0]).not.toHaveProperty('document');
  const rest = await client.drafts.list({ limit: 10, cursor: first.next! });
  expect(rest).toMatchObject({ next: null });
  expect(rest.items.map((one) => one.name)).toEqual(['d2', 'd1', 'd0']);
});
