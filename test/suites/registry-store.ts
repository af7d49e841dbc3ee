import { hash } from 'node:crypto';
import { afterAll, describe, expect, test } from 'vitest';
import type {
  ArtifactStore,
  IdempotencyStore,
  RegistryStore,
  TokenRow,
  TokenStore,
  VersionRow,
} from '../../src/registry/ports.ts';

export interface RegistryStores {
  registry: RegistryStore;
  artifacts: ArtifactStore;
  tokens: TokenStore;
  idempotency: IdempotencyStore;
  close(): Promise<void>;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const digestOf = (text: string): string => `sha256:${hash('sha256', text, 'hex')}`;

export function versionRow(over: Partial<VersionRow> = {}): VersionRow {
  const name = over.name ?? 'price';
  return {
    project: 'shop',
    kind: 'tool',
    name,
    version: '1.0.0',
    digest: digestOf('one'),
    manifest: {
      kind: over.kind ?? 'tool',
      name,
      input: { type: 'object' },
      output: true,
      permissions: { net: [], secrets: [], limits: {} },
      runtime: 'sandbox',
      entry: digestOf('entry'),
    },
    info: { description: 'Prices an item', examples: [{ input: { cost: 10 }, output: { price: 12.5 } }] },
    createdAt: 1_000,
    createdBy: 'tok_1',
    archivedAt: null,
    ...over,
  };
}

const change = (base: string, over: object = {}) => ({
  project: 'shop',
  base,
  versions: [],
  tags: [],
  archive: [],
  ...over,
});

/** What every store of registry, content, tokens and answers keeps; `open` gives an empty one. */
export function registryStoreSuite(name: string, open: () => Promise<RegistryStores>): void {
  describe(name, () => {
    const opened: RegistryStores[] = [];
    const fresh = async (): Promise<RegistryStores> => {
      const stores = await open();
      opened.push(stores);
      return stores;
    };
    afterAll(async () => {
      for (const stores of opened) await stores.close();
    });

    test('a version reads back as it was written, newest first', async () => {
      const { registry } = await fresh();
      const first = versionRow();
      const second = versionRow({ version: '1.1.0', digest: digestOf('two'), createdAt: 2_000 });
      // Made in the same millisecond as the first: the later one of a push is still the newer one.
      const third = versionRow({ kind: 'workflow', name: 'listings', createdAt: 1_000 });
      await registry.apply(change(await registry.revision('shop'), { versions: [first, third] }));
      await registry.apply(change(await registry.revision('shop'), { versions: [second] }));
      expect(await registry.versions('shop')).toEqual([second, third, first]);
      expect(await registry.versions('shop', { kind: 'workflow' })).toEqual([third]);
      expect(await registry.versions('shop', { name: 'price' })).toEqual([second, first]);
      expect(await registry.versions('shop', { kind: 'agent', name: 'price' })).toEqual([]);
    });

    test('projects do not see each other', async () => {
      const { registry, artifacts } = await fresh();
      const before = await registry.revision('other');
      await registry.apply(
        change(await registry.revision('shop'), {
          versions: [versionRow()],
          tags: [{ kind: 'tool', name: 'price', tag: 'latest', version: '1.0.0' }],
        }),
      );
      expect(await registry.versions('other')).toEqual([]);
      expect(await registry.tags('other')).toEqual([]);
      expect(await registry.revision('other')).toBe(before);
      await artifacts.put('shop', digestOf('code'), bytes('code'), 'tok_1');
      expect(await artifacts.get('other', digestOf('code'))).toBeUndefined();
      expect(await artifacts.has('other', [digestOf('code')])).toEqual(new Set());
    });

    test('a change planned against another registry is refused whole', async () => {
      const { registry } = await fresh();
      const base = await registry.revision('shop');
      await registry.apply(change(base, { versions: [versionRow()] }));
      const late = change(base, { versions: [versionRow({ name: 'late' })] });
      await expect(registry.apply(late)).rejects.toMatchObject({ code: 'target_moved' });
      expect((await registry.versions('shop')).map((row) => row.name)).toEqual(['price']);
    });

    test('of two pushes at once one wins', async () => {
      const { registry } = await fresh();
      const base = await registry.revision('shop');
      const results = await Promise.allSettled(
        ['a', 'b', 'c'].map((name) => registry.apply(change(base, { versions: [versionRow({ name })] }))),
      );
      expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
      expect(await registry.versions('shop')).toHaveLength(1);
    });

    test('a version never changes, and what came with the attempt is not kept', async () => {
      const { registry } = await fresh();
      await registry.apply(change(await registry.revision('shop'), { versions: [versionRow()] }));
      const rewrite = change(await registry.revision('shop'), {
        versions: [versionRow({ name: 'new' }), versionRow({ digest: digestOf('other') })],
      });
      await expect(registry.apply(rewrite)).rejects.toMatchObject({ code: 'version_immutable' });
      expect(await registry.versions('shop')).toEqual([versionRow()]);
    });

    test('a tag needs its version, and a tag that moves is one tag', async () => {
      const { registry } = await fresh();
      const latest = { kind: 'tool' as const, name: 'price', tag: 'latest' };
      const missing = change(await registry.revision('shop'), { tags: [{ ...latest, version: '9.9.9' }] });
      await expect(registry.apply(missing)).rejects.toMatchObject({ code: 'not_found' });
      await registry.apply(
        change(await registry.revision('shop'), {
          versions: [versionRow(), versionRow({ version: '1.1.0' })],
          tags: [
            { ...latest, version: '1.0.0' },
            { ...latest, tag: 'dev', version: '1.1.0' },
          ],
        }),
      );
      await registry.apply(
        change(await registry.revision('shop'), { tags: [{ ...latest, version: '1.1.0' }] }),
      );
      expect(await registry.tags('shop')).toEqual([
        { ...latest, tag: 'dev', version: '1.1.0' },
        { ...latest, version: '1.1.0' },
      ]);
    });

    test('archiving changes the revision, restoring brings it back', async () => {
      const { registry } = await fresh();
      await registry.apply(change(await registry.revision('shop'), { versions: [versionRow()] }));
      const base = await registry.revision('shop');
      const entry = { kind: 'tool' as const, name: 'price', version: '1.0.0' };
      await registry.apply(change(base, { archive: [{ ...entry, at: 5_000 }] }));
      expect((await registry.versions('shop'))[0]?.archivedAt).toBe(5_000);
      expect(await registry.revision('shop')).not.toBe(base);
      await registry.apply(change(await registry.revision('shop'), { archive: [{ ...entry, at: null }] }));
      expect(await registry.revision('shop')).toBe(base);
      const unknown = change(base, { archive: [{ ...entry, version: '2.0.0', at: 1 }] });
      await expect(registry.apply(unknown)).rejects.toMatchObject({ code: 'not_found' });
    });

    test('content is what its digest says', async () => {
      const { artifacts } = await fresh();
      await expect(artifacts.put('shop', digestOf('code'), bytes('other'), 'tok_1')).rejects.toMatchObject({
        code: 'artifact_mismatch',
      });
      expect(await artifacts.put('shop', digestOf('code'), bytes('code'), 'tok_1')).toEqual({
        created: true,
      });
      expect(await artifacts.put('shop', digestOf('code'), bytes('code'), 'tok_2')).toEqual({
        created: false,
      });
      const stored = await artifacts.get('shop', digestOf('code'));
      expect(stored?.by).toBe('tok_1');
      expect(Buffer.from(stored!.bytes).toString()).toBe('code');
      expect(await artifacts.has('shop', [digestOf('code'), digestOf('absent')])).toEqual(
        new Set([digestOf('code')]),
      );
      expect(await artifacts.has('shop', [])).toEqual(new Set());
      expect(await artifacts.put('shop', digestOf(''), bytes(''), 'tok_1')).toEqual({ created: true });
      expect((await artifacts.get('shop', digestOf('')))?.bytes).toHaveLength(0);
    });

    test('tokens: found by hash, listed by org, revoked once', async () => {
      const { tokens } = await fresh();
      const row: TokenRow = {
        id: 'tok_a',
        hash: 'h1',
        name: 'ci',
        org: 'local',
        project: 'shop',
        role: 'runner',
        operator: false,
        createdAt: 1,
        createdBy: 'tok_0',
        expiresAt: 100,
        lastUsedAt: null,
        revokedAt: null,
      };
      await tokens.put(row);
      await tokens.put({ ...row, id: 'tok_b', hash: 'h2', project: null, operator: true, createdAt: 0 });
      await tokens.put({ ...row, id: 'tok_c', hash: 'h3', org: 'elsewhere' });
      expect(await tokens.byHash('h1')).toEqual(row);
      expect(await tokens.byHash('H1')).toBeUndefined();
      expect((await tokens.list('local')).map(({ id }) => id)).toEqual(['tok_b', 'tok_a']);
      await tokens.touch('tok_a', 50);
      await tokens.touch('tok_a', 40);
      expect((await tokens.byHash('h1'))?.lastUsedAt).toBe(50);
      expect(await tokens.revoke('tok_a', 60)).toBe(true);
      expect(await tokens.revoke('tok_a', 70)).toBe(false);
      expect(await tokens.revoke('nobody', 70)).toBe(false);
      expect((await tokens.byHash('h1'))?.revokedAt).toBe(60);
      await tokens.put({ ...row, hash: 'h9' });
      expect(await tokens.byHash('h1')).toBeUndefined();
      expect((await tokens.byHash('h9'))?.id).toBe('tok_a');
    });

    test('an Idempotency-Key is answered once, by the same request only', async () => {
      const { idempotency } = await fresh();
      expect(await idempotency.begin('shop', 'k', 'r1', 0)).toBe('new');
      expect(await idempotency.begin('shop', 'k', 'r1', 1)).toBe('in-progress');
      await expect(idempotency.begin('shop', 'k', 'r2', 1)).rejects.toMatchObject({
        code: 'idempotency_mismatch',
      });
      expect(await idempotency.begin('other', 'k', 'r2', 1)).toBe('new');
      await idempotency.finish('shop', 'k', { status: 201, body: '{"id":1}' });
      await idempotency.finish('shop', 'k', { status: 500, body: 'late' });
      expect(await idempotency.begin('shop', 'k', 'r1', 2)).toEqual({ status: 201, body: '{"id":1}' });
      await idempotency.abandon('shop', 'k');
      expect(await idempotency.begin('shop', 'k', 'r1', 2)).toEqual({ status: 201, body: '{"id":1}' });
      await idempotency.abandon('other', 'k');
      expect(await idempotency.begin('other', 'k', 'r3', 3)).toBe('new');
    });

    test('a reservation whose process died is taken over, and old keys go', async () => {
      const { idempotency } = await fresh();
      const minute = 60_000;
      expect(await idempotency.begin('shop', 'k', 'r1', 0)).toBe('new');
      expect(await idempotency.begin('shop', 'k', 'r1', 4 * minute)).toBe('in-progress');
      expect(await idempotency.begin('shop', 'k', 'r1', 6 * minute)).toBe('new');
      await idempotency.finish('shop', 'k', { status: 200, body: '' });
      const tomorrow = 25 * 60 * minute;
      expect(await idempotency.begin('shop', 'k', 'another', tomorrow)).toBe('new');
    });
  });
}
