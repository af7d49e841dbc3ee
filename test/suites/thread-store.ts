import { beforeEach, describe, expect, test } from 'vitest';
import type { ThreadStore } from '../../src/engine/ports.ts';

const turn = (text: string) => [
  { role: 'user', content: text },
  { role: 'assistant', content: `${text}!` },
];

/** What every store of conversations keeps; `open` gives an empty one. */
export function threadStoreSuite(
  name: string,
  open: () => Promise<{ store: ThreadStore; close(): Promise<void> }>,
): void {
  describe(name, () => {
    let store: ThreadStore;
    beforeEach(async () => {
      const opened = await open();
      store = opened.store;
      return () => opened.close();
    });

    test('keeps turns in order, apart by project and thread', async () => {
      await store.append('shop', 'a', 't1', turn('one'));
      await store.append('shop', 'a', 't2', turn('two'));
      await store.append('shop', 'b', 't1', turn('three'));
      await store.append('other', 'a', 't1', turn('four'));
      expect(await store.read('shop', 'a', '')).toEqual([...turn('one'), ...turn('two')]);
      expect(await store.read('shop', 'b', '')).toEqual(turn('three'));
      expect(await store.read('shop', 'none', '')).toEqual([]);
    });

    test('a turn that comes again takes its own place, and can be left out', async () => {
      await store.append('shop', 'a', 't1', turn('one'));
      await store.append('shop', 'a', 't2', turn('two'));
      await store.append('shop', 'a', 't1', turn('one, again'));
      expect(await store.read('shop', 'a', '')).toEqual([...turn('one, again'), ...turn('two')]);
      expect(await store.read('shop', 'a', 't1')).toEqual(turn('two'));
    });

    test('remembers the last hundred turns, and not more text than a model takes in', async () => {
      for (let i = 0; i < 105; i++) await store.append('shop', 'a', `t${i}`, turn(String(i)));
      const all = await store.read('shop', 'a', '');
      expect(all).toHaveLength(200);
      expect(all[0]).toEqual(turn('5')[0]);
      await store.append('shop', 'a', 'long', turn('x'.repeat(100_000)));
      const some = await store.read('shop', 'a', '');
      expect(some.length).toBeGreaterThan(2);
      expect(JSON.stringify(some).length).toBeLessThan(260_000);
      await store.append('shop', 'a', 'too long', turn('x'.repeat(300_000)));
      expect(await store.read('shop', 'a', '')).toEqual([]);
    });
  });
}
