import { expect, test } from 'vitest';
import type { Client } from '../../src/client/index.ts';
import { type Built, builtTool, builtWorkflow, greet } from '../suites/client-components.ts';
import { memoryWorld } from './memory-world.ts';

async function started(config = {}) {
  const world = await memoryWorld(config);
  const operator = world.client(await world.token('admin', { operator: true, project: null }));
  const developer = world.client(await world.token('developer'));
  return { world, operator, developer };
}
const upload = async (client: Client, ...all: Built[]) => {
  for (const { artifacts } of all)
    for (const [digest, bytes] of artifacts) await client.artifacts.put(digest, bytes);
};
const push = (client: Client, all: Built[], more: object = {}) =>
  client.pushes.create({ items: all.map((built) => built.item), dryRun: false, ...more });

const price = (
  version = '1.0.0',
  body = 'return { price: input.cost * 1.25 };',
  output: object | boolean = {
    type: 'object',
    properties: { price: { type: 'number' } },
    required: ['price'],
  },
) =>
  builtTool('price', body, {
    version,
    input: {
      type: 'object',
      properties: { cost: { type: 'number' } },
      required: ['cost'],
      additionalProperties: false,
    },
    output: output as never,
  });
const quote = (version = '1.0.0', range = '^1') =>
  builtWorkflow({
    name: 'quote',
    version,
    inputs: { cost: { type: 'number' } },
    nodes: [{ id: 'p', type: 'tool', tool: `price@${range}`, args: { cost: '{{ inputs.cost }}' } }],
    outputs: { price: '{{ p.price }}' },
  });

test('plan, apply, apply again: versions come once, and a second push has nothing to do', async () => {
  const { operator } = await started();
  const all = [price(), quote()];
  await upload(operator, ...all);
  const dry = await push(operator, all, { dryRun: true });
  expect(dry).toMatchObject({ applied: false, plan: { changes: 2, refused: false } });
  expect((await operator.components.list()).items).toEqual([]);
  expect(await push(operator, all, { base: dry.plan.base })).toMatchObject({
    applied: true,
    plan: { changes: 2 },
  });
  expect(
    (await operator.components.list()).items.map((row) => `${row.kind}/${row.name}@${row.latest}`),
  ).toEqual(['tool/price@1.0.0', 'workflow/quote@1.0.0']);
  expect(await push(operator, all)).toMatchObject({ applied: true, plan: { changes: 0 } });
  const version = await operator.components.get('tool', 'price');
  expect(version).toMatchObject({
    version: '1.0.0',
    origin: 'pushed',
    createdBy: 'operator',
    tags: ['latest'],
  });
});

test('changed content under an old version is refused, and nothing of the push is kept', async () => {
  const { operator } = await started();
  await upload(operator, price());
  await push(operator, [price()]);
  const changed = [price('1.0.0', 'return { price: 0 };'), greet()];
  await upload(operator, ...changed);
  await expect(push(operator, changed)).rejects.toMatchObject({
    code: 'version_immutable',
    exitCode: 8,
    details: { plan: { refused: true } },
  });
  expect((await operator.components.list()).items.length).toBe(1);
  expect((await push(operator, changed, { dryRun: true })).plan.refused).toBe(true);
});

test('what was not uploaded is named', async () => {
  const { operator } = await started();
  const tool = price();
  await expect(push(operator, [tool])).rejects.toMatchObject({
    code: 'not_found',
    details: { digest: tool.item.digest },
  });
  await operator.artifacts.put(...tool.artifacts[1]!);
  await expect(push(operator, [tool])).rejects.toMatchObject({
    code: 'not_found',
    details: { digest: tool.manifest.entry },
  });
});

test('a workflow has to compile against the registry as it will be', async () => {
  const { operator } = await started();
  const alone = [quote()];
  await upload(operator, ...alone);
  await expect(push(operator, alone)).rejects.toMatchObject({
    code: 'validation_failed',
    message: expect.stringContaining('workflow/quote does not compile'),
    details: {
      components: [expect.objectContaining({ component: 'workflow/quote', diagnostics: expect.any(Array) })],
    },
  });
  await upload(operator, price());
  expect(await push(operator, [quote(), price()])).toMatchObject({ applied: true });
  const future = quote('2.0.0', '^2');
  await upload(operator, future);
  await expect(push(operator, [future])).rejects.toMatchObject({ code: 'validation_failed' });
});

test('a manifest that is not in canonical form is no second digest of the same thing', async () => {
  const { operator } = await started();
  const tool = price();
  const pretty = new TextEncoder().encode(JSON.stringify(tool.manifest, null, 2));
  const { digestOf } = await import('../suites/client-components.ts');
  const digest = digestOf(pretty);
  await operator.artifacts.put(tool.manifest.entry, tool.artifacts[0]![1]);
  await operator.artifacts.put(digest, pretty);
  await expect(
    operator.pushes.create({ items: [{ ...tool.item, digest }], dryRun: false }),
  ).rejects.toMatchObject({ code: 'artifact_mismatch' });
  const text = new TextEncoder().encode('not a manifest');
  await operator.artifacts.put(digestOf(text), text);
  await expect(
    operator.pushes.create({ items: [{ ...tool.item, digest: digestOf(text) }], dryRun: false }),
  ).rejects.toMatchObject({ code: 'artifact_mismatch' });
});

test('content under a digest that is not its own is refused', async () => {
  const { operator } = await started();
  await expect(operator.artifacts.put(`sha256:${'0'.repeat(64)}`, new Uint8Array([1]))).rejects.toMatchObject(
    { code: 'artifact_mismatch' },
  );
});

test('a plan made before another push is refused, and a push without a plan is planned again', async () => {
  const { operator } = await started();
  await upload(operator, price(), greet());
  const { plan } = await push(operator, [price()], { dryRun: true });
  await push(operator, [greet()]);
  await expect(push(operator, [price()], { base: plan.base })).rejects.toMatchObject({
    code: 'target_moved',
    exitCode: 8,
  });
  await Promise.all([push(operator, [price(), greet()]), push(operator, [price(), greet()])]);
  expect((await operator.components.list()).items.length).toBe(2);
});

test('two pushes of other content under one version at once: one wins, the other is refused', async () => {
  const { operator } = await started();
  const [a, b] = [price('1.0.0', 'return { price: 1 };'), price('1.0.0', 'return { price: 2 };')];
  await upload(operator, a, b);
  const done = await Promise.allSettled([push(operator, [a]), push(operator, [b])]);
  expect(done.map((each) => each.status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(done.find((each) => each.status === 'rejected')!.reason).toMatchObject({
    code: 'version_immutable',
  });
});

test('a later version that breaks its callers, or asks for more, needs consent', async () => {
  const { operator } = await started();
  await upload(operator, price());
  await push(operator, [price()]);
  const breaking = price('1.1.0', 'return {};', { type: 'object', properties: {} });
  await upload(operator, breaking);
  await expect(push(operator, [breaking])).rejects.toMatchObject({ code: 'breaking_change', exitCode: 8 });
  const asking = builtTool('price', 'return { price: 1 };', {
    version: '1.2.0',
    input: price().manifest.input,
    output: price().manifest.output,
    permissions: { net: ['api.example.com'] },
  });
  await upload(operator, asking);
  await expect(push(operator, [asking])).rejects.toMatchObject({ code: 'permissions_widened' });
  expect(await push(operator, [asking], { allowPermissions: true })).toMatchObject({ applied: true });
});

test('versions are paged newest first, and a range picks one', async () => {
  const { world, operator } = await started();
  for (const version of ['1.0.0', '1.1.0', '1.2.0']) {
    await upload(operator, greet(version, `Hello ${version}`));
    await push(operator, [greet(version, `Hello ${version}`)]);
    world.clock.time += 1000;
  }
  const first = await operator.components.versions('workflow', 'greet', { limit: 2 });
  expect(first.items.map((row) => row.version)).toEqual(['1.2.0', '1.1.0']);
  const second = await operator.components.versions('workflow', 'greet', { limit: 2, cursor: first.next! });
  expect(second).toMatchObject({ items: [{ version: '1.0.0' }], next: null });
  expect((await operator.components.get('workflow', 'greet', '~1.1')).version).toBe('1.1.0');
  await expect(operator.components.get('workflow', 'greet', '^2')).rejects.toMatchObject({
    code: 'not_found',
    hint: expect.stringContaining('1.2.0'),
  });
  expect(
    await operator.components.resolve(['workflow/greet@^1', 'greet', 'nothing', 'Not A Ref']),
  ).toMatchObject({
    found: { 'workflow/greet@^1': { version: '1.2.0' }, greet: { version: '1.2.0' } },
    missing: ['nothing', 'Not A Ref'],
  });
});

test("code from a token that is not the operator's: refused, or for the sandbox only, or trusted", async () => {
  const refuses = await started();
  await expect(upload(refuses.developer, price())).rejects.toMatchObject({
    code: 'untrusted_code',
    exitCode: 8,
    hint: expect.stringContaining('--trust-pushed-code'),
  });

  const node = builtTool('power', 'return 1;', { runtime: 'node' });
  const boxed = await started({ untrustedRuntime: true });
  await upload(boxed.developer, price(), node);
  expect(await push(boxed.developer, [price()])).toMatchObject({ applied: true });
  await expect(push(boxed.developer, [node])).rejects.toMatchObject({
    code: 'untrusted_code',
    message: expect.stringContaining('runtime node'),
  });
  await expect(boxed.developer.runs.create({ digest: node.item.digest })).rejects.toMatchObject({
    code: 'untrusted_code',
  });
  // The operator vouches for what it pushes and pins, whoever uploaded the bytes.
  expect(await push(boxed.operator, [node], { dryRun: false })).toMatchObject({ applied: true });
  expect(await boxed.operator.runs.create({ digest: node.item.digest })).toMatchObject({ state: 'queued' });

  const trusting = await started({ trustPushedCode: true });
  await upload(trusting.developer, node);
  expect(await push(trusting.developer, [node])).toMatchObject({ applied: true });
});

test('a run of uploaded content: pins go before the registry, and what they miss is found there', async () => {
  const { operator } = await started();
  await upload(operator, price(), quote(), price('1.0.1', 'return { price: 2 };'));
  await push(operator, [price()]);
  const other = price('1.0.1', 'return { price: 2 };');
  const pinned = await operator.runs.create({
    digest: quote().item.digest,
    pins: { 'tool/price@^1': other.item.digest },
    inputs: { cost: 1 },
  });
  const found = await operator.runs.create({ digest: quote().item.digest, inputs: { cost: 1 } });
  expect(pinned.id).not.toBe(found.id);
  await expect(
    operator.runs.create({
      digest: quote().item.digest,
      pins: { 'tool/price@^1': quote().item.digest },
      inputs: { cost: 1 },
    }),
  ).rejects.toMatchObject({ code: 'bad_request', message: expect.stringContaining('workflow/quote') });
});

test('a plan is compiled again when what it came from moved', async () => {
  const { world, operator } = await started();
  await upload(operator, price(), quote());
  await push(operator, [price(), quote()]);
  const componentsOf = async (id: string) =>
    Object.values(
      (await world.services.runs.plan((await world.services.runs.get('home', id))!.planDigest))!.components,
    ).map((each) => each.ref);
  const one = await operator.runs.create({ ref: 'quote', inputs: { cost: 1 } });
  expect(await componentsOf(one.id)).toContain('price@1.0.0');
  const next = price('1.1.0', 'return { price: 3 };');
  await upload(operator, next);
  await push(operator, [next]);
  const captured: string[] = [];
  const { create } = world.services.engine;
  world.services.engine.create = (order) => {
    captured.push(...Object.values(order.plan.components).map((each) => each.ref));
    return create(order);
  };
  await operator.runs.create({ ref: 'quote', inputs: { cost: 1 } });
  expect(captured).toContain('price@1.1.0');
});

test('validation gives every finding, with its place', async () => {
  const { operator } = await started();
  const { ok, diagnostics } = await operator.blueprints.validate({
    text: 'blueprint: 2\nname: x\nnodes:\n  - { id: a, type: tool, tool: nothing, args: {} }\n  - { id: b, type: tool, tool: absent@^2, args: {} }\n',
    file: 'x.yaml',
  });
  expect(ok).toBe(false);
  expect(diagnostics.filter((each) => each.severity === 'error').length).toBeGreaterThanOrEqual(2);
  expect(diagnostics.every((each) => each.file === 'x.yaml' && each.code.startsWith('ICE'))).toBe(true);
  expect(diagnostics.map((each) => each.range?.start.line)).toEqual(expect.arrayContaining([4, 5]));
});
