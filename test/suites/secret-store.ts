import { beforeEach, describe, expect, test } from 'vitest';
import type { SealedValue, SecretStore } from '../../src/secrets/port.ts';

const part = (text: string) => ({ iv: 'aXY=', tag: 'dGFn', text });
export const sealed = (key: string, text = 'dGV4dA=='): SealedValue => ({
  v: 1,
  key,
  dataKey: part('a2V5'),
  value: part(text),
});
const row = (name: string, key = 'k1', project = 'shop', updatedAt = 1000) => ({
  project,
  name,
  sealed: sealed(key),
  updatedAt,
  updatedBy: 'me',
});

/** What every store of sealed secrets keeps; `open` gives an empty one. */
export function secretStoreSuite(
  name: string,
  open: () => Promise<{ store: SecretStore; close(): Promise<void> }>,
): void {
  describe(name, () => {
    let store: SecretStore;
    beforeEach(async () => {
      const opened = await open();
      store = opened.store;
      return () => opened.close();
    });

    test('a new value counts its version and keeps when it began', async () => {
      expect(await store.put(row('A'))).toEqual({ ...row('A'), version: 1, createdAt: 1000 });
      const again = { ...row('A', 'k2', 'shop', 2000), updatedBy: 'you' };
      expect(await store.put(again)).toEqual({ ...again, version: 2, createdAt: 1000 });
      expect(await store.get('shop', 'A')).toEqual({ ...again, version: 2, createdAt: 1000 });
    });

    test('projects see their own, by name', async () => {
      await store.put(row('B'));
      await store.put(row('A'));
      await store.put(row('C', 'k1', 'other'));
      expect((await store.list('shop')).map((each) => each.name)).toEqual(['A', 'B']);
      expect(await store.get('shop', 'C')).toBeUndefined();
      expect(await store.list('nobody')).toEqual([]);
    });

    test('what is removed is gone, once', async () => {
      await store.put(row('A'));
      expect(await store.remove('other', 'A')).toBe(false);
      expect(await store.remove('shop', 'A')).toBe(true);
      expect(await store.remove('shop', 'A')).toBe(false);
      expect(await store.get('shop', 'A')).toBeUndefined();
    });

    test('a rotation finds rows under other keys, and does not undo a newer value', async () => {
      const a = await store.put(row('A', 'old'));
      await store.put(row('B', 'new'));
      await store.put(row('C', 'old', 'other'));
      expect((await store.notUnder('new', 10)).map((each) => each.name).sort()).toEqual(['A', 'C']);
      expect(await store.notUnder('new', 1)).toHaveLength(1);
      expect(await store.reseal({ ...a, sealed: sealed('new', 'bmV3') })).toBe(true);
      expect(await store.get('shop', 'A')).toEqual({ ...a, sealed: sealed('new', 'bmV3') });
      await store.put(row('A', 'new'));
      expect(await store.reseal({ ...a, sealed: sealed('new', 'bGF0ZQ==') })).toBe(false);
      expect((await store.get('shop', 'A'))?.version).toBe(2);
    });

    test('shares no row with its callers', async () => {
      const made = await store.put(row('A'));
      made.sealed.value.text = 'changed';
      expect((await store.get('shop', 'A'))?.sealed).toEqual(sealed('k1'));
    });
  });
}
