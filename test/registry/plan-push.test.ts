import { hash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Manifest, PushPlan } from '../../src/contracts/components.ts';
import type { ComponentKind } from '../../src/contracts/ids.ts';
import type { JsonSchema } from '../../src/contracts/json.ts';
import {
  changeOfPlan,
  type PushOptions,
  planPush,
  type RegistryState,
  refusalOf,
  resolveRange,
  type WantedComponent,
} from '../../src/registry/index.ts';
import type { RegistryStore } from '../../src/registry/ports.ts';
import { createMemoryRegistryStore } from '../../src/stores/memory-registry.ts';

const digestOf = (value: unknown): string => `sha256:${hash('sha256', JSON.stringify(value), 'hex')}`;

interface Draft {
  kind?: ComponentKind;
  name?: string;
  version?: string;
  input?: JsonSchema;
  code?: string;
  dependencies?: string;
  toolchain?: string;
  net?: string[];
}

/** A component as the build makes it: code and dependencies make the entry, the code alone the sources. */
function component(draft: Draft = {}): WantedComponent {
  const { kind = 'tool', name = 'price', version = '1.0.0', code = 'a', dependencies = '' } = draft;
  const manifest: Manifest = {
    kind,
    name,
    input: draft.input ?? { type: 'object', properties: { cost: { type: 'number' } }, required: ['cost'] },
    output: { type: 'object' },
    permissions: { net: draft.net ?? [], secrets: [], limits: {} },
    runtime: 'sandbox',
    entry: digestOf([code, dependencies]),
  };
  return {
    kind,
    name,
    version,
    digest: digestOf(manifest),
    manifest,
    info: {
      description: '',
      examples: [],
      sources: digestOf(code),
      toolchain: draft.toolchain ?? 'esbuild 0.28.2',
    },
    file: `${kind}s/${name}.ts`,
  };
}

async function stateOf(store: RegistryStore): Promise<RegistryState> {
  const revision = await store.revision('shop');
  return {
    project: 'shop',
    revision,
    versions: await store.versions('shop'),
    tags: await store.tags('shop'),
  };
}

let clock = 1_000;
async function push(
  store: RegistryStore,
  wanted: WantedComponent[],
  options: PushOptions = {},
): Promise<PushPlan> {
  const state = await stateOf(store);
  const plan = planPush(state, wanted, options);
  if (!plan.refused)
    await store.apply(changeOfPlan(state, wanted, plan, { ...options, by: 'tok_1', now: clock++ }));
  return plan;
}

const said = (plan: PushPlan): string[] =>
  plan.entries.map((entry) => `${entry.action} ${entry.kind}/${entry.name}@${entry.version}`);

async function shop(...pushes: [WantedComponent[], PushOptions?][]): Promise<RegistryStore> {
  const store = createMemoryRegistryStore();
  for (const [wanted, options] of pushes) expect((await push(store, wanted, options)).refused).toBe(false);
  return store;
}

const wider: JsonSchema = {
  type: 'object',
  properties: { cost: { type: 'number' }, margin: { type: 'number' } },
  required: ['cost'],
};
const narrower: JsonSchema = {
  type: 'object',
  properties: { cost: { type: 'number' }, margin: { type: 'number' } },
  required: ['cost', 'margin'],
};

describe('what a push would do', () => {
  test('new components are created, in a fixed order', async () => {
    const store = await shop();
    const plan = await push(store, [
      component({ kind: 'workflow', name: 'a' }),
      component({ name: 'z' }),
      component({ name: 'b', net: ['api.example.com'] }),
    ]);
    expect(said(plan)).toEqual(['create tool/b@1.0.0', 'create tool/z@1.0.0', 'create workflow/a@1.0.0']);
    expect(plan).toMatchObject({ changes: 3, breaking: false, asksForPermissions: false, refused: false });
    expect(plan.entries[0]?.permissions).toEqual([{ what: 'net', added: ['api.example.com'], removed: [] }]);
    expect(await store.tags('shop')).toContainEqual({
      kind: 'tool',
      name: 'b',
      tag: 'latest',
      version: '1.0.0',
    });
  });

  test('the same again is nothing to push', async () => {
    const store = await shop([[component()]]);
    const plan = await push(store, [component()]);
    expect(said(plan)).toEqual(['unchanged tool/price@1.0.0']);
    expect(plan.changes).toBe(0);
  });

  test('changed content under an old version is refused with the version to set, and where', async () => {
    const store = await shop([[component()]]);
    const changed = await push(store, [component({ code: 'b' })]);
    expect(changed.entries[0]).toMatchObject({
      action: 'refused',
      code: 'version_immutable',
      hint: 'set version: 1.0.1 in tools/price.ts',
    });
    const broken = await push(store, [component({ code: 'b', input: narrower })]);
    expect(broken.entries[0]).toMatchObject({ hint: 'set version: 2.0.0 in tools/price.ts' });
    expect(await store.versions('shop')).toHaveLength(1);
    expect(refusalOf(broken)).toMatchObject({ code: 'version_immutable', exitCode: 8 });
  });

  test('the version to set is free', async () => {
    const store = await shop(
      [[component()]],
      [[component({ version: '1.0.1', code: 'b' })]],
      [[component({ version: '1.0.2', code: 'c' })]],
    );
    const plan = await push(store, [component({ code: 'd' })]);
    expect(plan.entries[0]?.hint).toBe('set version: 1.0.3 in tools/price.ts');
  });

  test('a higher version is an update with its schema diff, and latest moves', async () => {
    const store = await shop([[component()]]);
    const plan = await push(store, [component({ version: '1.1.0', input: wider })]);
    expect(plan.entries).toEqual([
      {
        action: 'update',
        kind: 'tool',
        name: 'price',
        version: '1.1.0',
        previous: '1.0.0',
        digest: component({ version: '1.1.0', input: wider }).digest,
        schema: [{ where: 'input', path: 'margin', change: 'is new and optional', breaking: false }],
        permissions: [],
      },
    ]);
    expect((await store.tags('shop'))[0]?.version).toBe('1.1.0');
  });

  test('an older version beside a newer one leaves latest where it is', async () => {
    const store = await shop([[component()]], [[component({ version: '2.0.0', code: 'b' })]]);
    const plan = await push(store, [component({ version: '1.0.1', code: 'c' })]);
    expect(plan.entries[0]).toMatchObject({ action: 'update', previous: '1.0.0' });
    expect((await store.tags('shop'))[0]?.version).toBe('2.0.0');
  });

  test('a release that was taken back is not taken up again by a fix of the line before it', async () => {
    const store = await shop([[component()]], [[component({ version: '2.0.0', code: 'b' })]]);
    const base = await store.revision('shop');
    await store.apply({
      project: 'shop',
      base,
      versions: [],
      archive: [],
      tags: [{ kind: 'tool', name: 'price', tag: 'latest', version: '1.0.0' }],
    });
    await push(store, [component({ version: '1.0.1', code: 'c' })]);
    expect((await store.tags('shop'))[0]?.version).toBe('1.0.1');
    await push(store, [component({ version: '2.0.1', code: 'd' })]);
    expect((await store.tags('shop'))[0]?.version).toBe('2.0.1');
  });

  test('only a bundled dependency or the toolchain changed: it says which and keeps the version', async () => {
    const store = await shop([[component()]]);
    const dependency = await push(store, [component({ dependencies: 'zod 4.1' })]);
    expect(dependency.entries[0]).toMatchObject({
      action: 'unchanged',
      reason: 'only a bundled dependency changed; 1.0.0 stays as it is',
      digest: component().digest,
    });
    const toolchain = await push(store, [component({ dependencies: 'x', toolchain: 'esbuild 0.29.0' })]);
    expect(toolchain.entries[0]?.reason).toBe(
      'only the toolchain changed (esbuild 0.28.2 -> esbuild 0.29.0); 1.0.0 stays as it is',
    );
    expect(await store.versions('shop')).toHaveLength(1);
  });

  test('--bump registers it under the next patch, once', async () => {
    const store = await shop([[component()]]);
    const rebuilt = component({ dependencies: 'zod 4.1' });
    expect(said(await push(store, [rebuilt], { bump: true }))).toEqual(['update tool/price@1.0.1']);
    for (const bump of [true, false])
      expect((await push(store, [rebuilt], { bump })).entries[0]).toMatchObject({
        action: 'unchanged',
        reason: 'only a bundled dependency changed; it is 1.0.1 there',
      });
  });

  test('what breaks callers needs --allow-breaking, and says whom it breaks', async () => {
    const store = await shop([[component()]]);
    const minor = await push(store, [component({ version: '1.1.0', input: narrower })]);
    expect(minor.entries[0]).toMatchObject({
      code: 'breaking_change',
      reason: 'It breaks callers of 1.0.0 that ask for ^1.0.0: input margin is new and required.',
      hint: 'set version: 2.0.0 in tools/price.ts, and accept it with --allow-breaking',
    });
    const major = component({ version: '2.0.0', input: narrower });
    expect((await push(store, [major])).entries[0]?.reason).toContain('that name no range');
    expect(said(await push(store, [major], { allowBreaking: true }))).toEqual(['update tool/price@2.0.0']);
  });

  test('what asks for more needs --allow-permissions; asking for less does not', async () => {
    const store = await shop([[component({ net: ['*.example.com'] })]]);
    const covered = await push(store, [component({ version: '1.0.1', net: ['api.example.com'] })]);
    expect(covered.entries[0]).toMatchObject({
      action: 'update',
      permissions: [{ what: 'net', added: [], removed: ['*.example.com'] }],
    });
    const more = component({ version: '1.1.0', net: ['api.example.com', 'api.stripe.com'] });
    const refused = await push(store, [more]);
    expect(refused.entries[0]).toMatchObject({
      code: 'permissions_widened',
      reason: 'It newly asks for net: api.stripe.com.',
    });
    expect(refused.asksForPermissions).toBe(true);
    expect((await push(store, [more], { allowPermissions: true })).refused).toBe(false);
  });

  test('what the project no longer has stays, or is archived when asked, and comes back', async () => {
    const store = await shop([[component(), component({ name: 'old' })]]);
    expect(said(await push(store, [component()]))).toEqual([
      'missing tool/old@1.0.0',
      'unchanged tool/price@1.0.0',
    ]);
    expect(said(await push(store, [component()], { archiveMissing: true }))).toEqual([
      'archive tool/old@1.0.0',
      'unchanged tool/price@1.0.0',
    ]);
    const state = await stateOf(store);
    expect(resolveRange(state.versions, state.tags, { name: 'old' })).toMatchObject({ missing: 'archived' });
    expect(said(await push(store, [component()], { archiveMissing: true }))).toEqual([
      'unchanged tool/price@1.0.0',
    ]);
    expect((await push(store, [component(), component({ name: 'old' })])).entries[0]).toMatchObject({
      action: 'update',
      reason: 'was archived, is restored',
    });
    expect((await push(store, [component(), component({ name: 'old' })])).changes).toBe(0);
  });

  test('a tag makes a version of its own for each content, and ranges do not see it', async () => {
    const store = await shop([[component(), component({ name: 'other' })]]);
    const draft = component({ code: 'b', input: narrower });
    const plan = await push(store, [draft], { tag: 'dev' });
    const version = `1.0.0-dev.${draft.digest.slice(7, 19)}`;
    expect(said(plan)).toEqual([`update tool/price@${version}`]);
    expect((await push(store, [draft], { tag: 'dev' })).changes).toBe(0);
    const { versions, tags } = await stateOf(store);
    const found = (range?: string) => resolveRange(versions, tags, { name: 'price', range });
    expect(found('dev')).toMatchObject({ found: { version } });
    expect(found('^1')).toMatchObject({ found: { version: '1.0.0' } });
    expect(found()).toMatchObject({ found: { version: '1.0.0' } });
    // Back to what it was: the tag moves back, nothing new is made.
    await push(store, [component()], { tag: 'dev' });
    expect((await push(store, [draft], { tag: 'dev' })).entries[0]).toMatchObject({
      action: 'update',
      reason: 'the tag dev moves here',
    });
  });

  test('a draft that asks for more is stopped too', async () => {
    const store = await shop([[component()]]);
    const plan = await push(store, [component({ net: ['evil.example'] })], { tag: 'dev' });
    expect(plan.entries[0]?.code).toBe('permissions_widened');
  });

  test.each<[string, Draft[], PushOptions, string]>([
    ['two of one name', [{}, { version: '2.0.0' }], {}, 'is in this push 2 times'],
    ['a std name', [{ name: 'std/price' }], {}, 'ship with ice'],
    ['no version', [{ version: 'one' }], {}, 'not a version'],
    ['a v before it', [{ version: 'v1.0.0' }], {}, 'not a version'],
    ['build data', [{ version: '1.0.0+7' }], {}, 'not a version'],
    ['a tag that reads as a range', [{}], { tag: 'x' }, "can't be a tag"],
    ['a tag that reads as a version', [{}], { tag: '1.0.0' }, "can't be a tag"],
  ])('%s is refused', async (_name, drafts, options, words) => {
    const plan = await push(await shop(), drafts.map(component), options);
    expect(plan.entries[0]).toMatchObject({ action: 'refused', code: 'push_refused' });
    expect(plan.entries[0]?.reason).toContain(words);
  });

  test('one refused component refuses the whole push', async () => {
    const store = await shop([[component()]]);
    const wanted = [component({ code: 'b' }), component({ name: 'fresh' })];
    const state = await stateOf(store);
    const plan = planPush(state, wanted);
    expect(plan.refused).toBe(true);
    expect(() => changeOfPlan(state, wanted, plan, { by: 'me', now: 1 })).toThrow('1.0.0 is on the target');
    expect(await store.versions('shop')).toHaveLength(1);
  });
});

/** mulberry32: small, seeded, good enough to draw cases with. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

test('whatever was pushed: planning again says unchanged, and a version never changes', async () => {
  for (let seed = 1; seed <= 60; seed++) {
    const draw = random(seed);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(draw() * list.length)]!;
    const store = createMemoryRegistryStore();
    const digests = new Map<string, string>();
    for (let step = 0; step < 12; step++) {
      const names = ['a', 'b', 'c'].filter(() => draw() < 0.7);
      const wanted = names.map((name) =>
        component({
          name,
          kind: name === 'c' ? 'workflow' : 'tool',
          version: pick(['0.1.0', '1.0.0', '1.0.1', '1.1.0', '2.0.0', '2.0.0-rc.1']),
          code: pick(['1', '2']),
          dependencies: pick(['x', 'y']),
          input: pick([wider, narrower]),
          net: pick([[], ['api.example.com']]),
        }),
      );
      const options: PushOptions = {
        archiveMissing: draw() < 0.3,
        allowBreaking: draw() < 0.6,
        allowPermissions: draw() < 0.6,
        bump: draw() < 0.3,
        tag: pick([undefined, undefined, 'latest', 'dev']),
      };
      const plan = await push(store, wanted, options);
      expect(
        planPush(await stateOf(store), [...wanted].reverse(), options).entries.map((entry) => entry.name),
      ).toEqual(planPush(await stateOf(store), wanted, options).entries.map((entry) => entry.name));
      if (!plan.refused) {
        const again = await push(store, wanted, options);
        const rest = again.entries.filter(({ action }) => action !== 'unchanged' && action !== 'missing');
        expect({ seed, step, rest }).toEqual({ seed, step, rest: [] });
      }
      for (const row of await store.versions('shop')) {
        const key = `${row.kind}/${row.name}@${row.version}`;
        expect(digests.get(key) ?? row.digest).toBe(row.digest);
        digests.set(key, row.digest);
      }
    }
  }
});
