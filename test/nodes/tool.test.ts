import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Manifest } from '../../src/contracts/components.ts';
import type { Json } from '../../src/contracts/json.ts';
import type { EffectNode } from '../../src/contracts/plan.ts';
import { createCodeEffect } from '../../src/nodes/code.ts';
import { grantedHosts } from '../../src/nodes/granted-hosts.ts';
import { createToolEffect, type ToolEffects } from '../../src/nodes/tool.ts';
import { bundle } from '../../src/project/bundle.ts';
import { createNodeRuntime } from '../../src/sandbox/node/index.ts';
import { createRedactor } from '../../src/secrets/redactor.ts';
import { failure } from '../suites/tool-runtime.ts';
import { attemptOf, sha } from './tool-attempt.ts';

const SOURCE = `import { defineTool, RetryableError, TerminalError } from 'iceos';
import { z } from 'zod';
export default defineTool({
  name: 'price', version: '1.0.0',
  input: z.object({ cost: z.number(), margin: z.number().default(0.25), mode: z.string().optional() }),
  output: z.object({ price: z.number() }),
  permissions: { secrets: ['EXAMPLE_KEY'] },
  async run({ cost, margin, mode }, ctx) {
    if (mode === 'terminal') throw new TerminalError('never again');
    if (mode === 'retry') throw new RetryableError('busy', { retryAfterMs: 1500 });
    if (mode === 'leak') { ctx.log('key ' + ctx.secrets.EXAMPLE_KEY, { key: btoa('user:' + ctx.secrets.EXAMPLE_KEY) }); throw new Error('bad key ' + encodeURIComponent(ctx.secrets.EXAMPLE_KEY)); }
    if (mode === 'wrong') return { price: 'dear' } as never;
    if (mode === 'fetch') await ctx.fetch('https://example.com/');
    return { price: cost * (1 + margin) };
  },
});`;
const SECRET = 'hush/hush+täst';

const runtime = createNodeRuntime({ maxChildren: 2 });
afterAll(() => runtime.close());
let manifest: Manifest;
let effects: ToolEffects;

beforeAll(async () => {
  const root = mkdtempSync(join(tmpdir(), 'ice-tool-'));
  writeFileSync(join(root, 'price.ts'), SOURCE);
  const built = await bundle({ root, file: 'price.ts' });
  const tool = await runtime.extract(built);
  manifest = {
    kind: 'tool',
    name: tool.name,
    input: tool.input,
    output: tool.output,
    permissions: tool.permissions,
    runtime: tool.runtime,
    entry: built.digest,
  };
  effects = {
    runtimes: { sandbox: runtime },
    artifacts: {
      get: (project, digest) =>
        Promise.resolve(
          project === 'p' && digest === built.digest
            ? { bytes: new TextEncoder().encode(built.code), by: 'me' }
            : undefined,
        ),
    },
    secrets: (_, names) => Promise.resolve(Object.fromEntries(names.map((name) => [name, SECRET]))),
    hostFetch: () => () => Promise.reject(new Error('no network in this test')),
  };
});

const run = (args: Json, over: Partial<ToolEffects> = {}) =>
  createToolEffect({ ...effects, ...over })(attemptOf(manifest, args));

test('from source to result: bundled, extracted, stored, called, checked', async () => {
  expect(await run({ cost: 10 })).toEqual({ result: { price: 12.5 } });
});

test('wrong args end the node and name what is wrong', async () => {
  expect(await failure(run({ cost: '10' }))).toMatchObject({
    code: 'input_invalid',
    terminal: true,
    message: expect.stringContaining('price@1.0.0'),
  });
  expect(await failure(run({ cost: 1, kost: 2 }))).toMatchObject({ code: 'input_invalid' });
});

test('errors keep their consequence', async () => {
  expect(await failure(run({ cost: 1, mode: 'terminal' }))).toMatchObject({
    code: 'tool_failed',
    message: 'never again',
    terminal: true,
  });
  expect(await failure(run({ cost: 1, mode: 'retry' }))).toMatchObject({
    code: 'tool_failed',
    retryAfterMs: 1500,
  });
  expect(await failure(run({ cost: 1, mode: 'wrong' }))).toMatchObject({
    code: 'output_invalid',
    message: expect.stringContaining('price'),
  });
  expect(await failure(run({ cost: 1, mode: 'fetch' }))).toMatchObject({
    code: 'tool_denied',
    hint: "permissions: { net: ['example.com'] }",
  });
});

test('a secret that a tool prints is masked in logs and errors, in every usual form', async () => {
  const attempt = attemptOf(manifest, { cost: 1, mode: 'leak' });
  const error = await failure(createToolEffect(effects)(attempt));
  const all = JSON.stringify([attempt.logs, error.toBody(), error.message]);
  expect(all).toContain('key ***');
  for (const form of [SECRET, encodeURIComponent(SECRET), btoa(`user:hush/hush`).slice(8, -2)])
    expect(all).not.toContain(form);
});

test('a result that a server did not promise says to pin its tools again', async () => {
  const pinned: Manifest = {
    ...manifest,
    name: 'mcp/shop/find',
    input: {},
    output: { type: 'object', required: ['id'] },
    permissions: { net: [], secrets: [], limits: {} },
    runtime: 'mcp',
  };
  const mcp = () => ({ call: () => Promise.resolve({ late: true }) });
  const found = createToolEffect({ ...effects, runtimes: { ...effects.runtimes, mcp } })(
    attemptOf(pinned, {}),
  );
  expect(await failure(found)).toMatchObject({
    code: 'output_invalid',
    hint: expect.stringContaining('ice import mcp shop'),
  });
});

test('code that the target does not hold, a runtime that it does not run, secrets that it does not keep', async () => {
  const { secrets: _, ...bare } = effects;
  expect(await failure(createToolEffect(bare)(attemptOf(manifest, { cost: 1 })))).toMatchObject({
    code: 'secret_missing',
    hint: 'ice secret set EXAMPLE_KEY',
  });
  expect(
    await failure(createToolEffect(effects)(attemptOf({ ...manifest, entry: sha('other') }, { cost: 1 }))),
  ).toMatchObject({
    code: 'not_found',
    hint: expect.stringContaining('ice push'),
  });
  expect(
    await failure(createToolEffect(effects)(attemptOf({ ...manifest, runtime: 'node' }, { cost: 1 }))),
  ).toMatchObject({
    code: 'untrusted_code',
    terminal: true,
  });
});

test('a policy lowers what a tool may do', async () => {
  const policy = () => ({ secrets: [], limits: { timeoutMs: 1000 } });
  expect(await failure(run({ cost: 1, mode: 'leak' }, { policy }))).toMatchObject({
    code: 'tool_denied',
    message: expect.stringContaining('which the policy of this target does not allow'),
    hint: expect.stringContaining('policy.permissions.secrets in ice.yaml'),
  });
});

test('a code node runs its text as a function of args', async () => {
  const effect = createCodeEffect(effects);
  const codeNode = (code: string): EffectNode => ({
    id: 'c',
    type: 'code',
    after: [],
    reads: [],
    maxCrashes: 3,
    args: {},
    config: { code },
  });
  const attempt = (code: string, args: Json) => ({ ...attemptOf(manifest, args), node: codeNode(code) });
  expect(await effect(attempt('return { sum: args.a + args.b };', { a: 1, b: 2 }))).toEqual({
    result: { sum: 3 },
  });
  expect(await failure(effect(attempt('return }', {})))).toMatchObject({ code: 'tool_failed' });
  expect(await failure(effect(attempt('} }; globalThis.x = 1; ({', {})))).toMatchObject({
    code: 'tool_failed',
  });
  expect(await failure(effect(attempt('return ctx.fetch("https://a.test")', {})))).toMatchObject({
    code: 'tool_denied',
  });
});

test('hosts that a node names literally are granted, hosts that come from data are not', () => {
  const granted = (templates: Json, rendered: Json = {}, direct = false) =>
    grantedHosts(['*'], templates, rendered, direct);
  expect(granted({ url: 'https://api.example.com/v1/{{ inputs.id }}' })).toEqual(['api.example.com:443']);
  expect(granted({ url: 'http://127.0.0.1:8080' })).toEqual(['127.0.0.1:8080']);
  expect(granted({ url: 'https://api.example.com{{ inputs.rest }}' })).toEqual([]);
  expect(granted({ url: 'https://{{ inputs.host }}/x' })).toEqual([]);
  expect(granted({ url: 'https://good.test@evil.test/' })).toEqual(['evil.test:443']);
  expect(granted({ url: '{{ inputs.url }}', hosts: ['a.test', '{{ inputs.host }}', '*'] })).toEqual([
    'a.test',
  ]);
  expect(granted({ url: '{{ inputs.url }}' }, { url: 'https://a.test/' })).toEqual([]);
  expect(granted({ url: '{{ inputs.url }}' }, { url: 'https://a.test/' }, true)).toEqual(['a.test:443']);
  expect(grantedHosts(['a.test'], { url: 'https://b.test/' }, {}, true)).toEqual(['a.test']);
});

test('redaction finds base64 at each offset and leaves short values alone', () => {
  const { text } = createRedactor(['s3cret-value', 'abc']);
  for (const prefix of ['', 'a', 'ab', 'abc']) expect(text(btoa(`${prefix}s3cret-value!`))).toContain('***');
  expect(text('abc')).toBe('abc');
  expect(text('hex 7333637265742d76616c7565')).toBe('hex ***');
});
