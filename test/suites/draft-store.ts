import { beforeEach, describe, expect, test } from 'vitest';
import type { DraftRow, DraftStore } from '../../src/registry/ports.ts';

const row = (id: string, over: Partial<DraftRow> = {}): DraftRow => ({
  project: 'shop',
  id,
  name: null,
  document: { nodes: [] },
  revision: 1,
  createdAt: 1,
  createdBy: 'tok_1',
  updatedAt: 1,
  updatedBy: 'tok_1',
  ...over,
});

/** What every store of drafts keeps; `open` gives an empty one. */
export function draftStoreSuite(
  name: string,
  open: () => Promise<{ store: DraftStore; close(): Promise<void> }>,
): void {
  describe(name, () => {
    let store: DraftStore;
    beforeEach(async () => {
      const opened = await open();
      store = opened.store;
      return () => opened.close();
    });

    test('keeps drafts apart by project, newest first, page by page', async () => {
      for (const id of ['dft_1', 'dft_3', 'dft_2']) await store.create(row(id));
      await store.create(row('dft_1', { project: 'other' }));
      const ids = async (query: Parameters<DraftStore['list']>[1]) =>
        (await store.list('shop', query)).map((one) => one.id);
      expect(await ids({ limit: 10 })).toEqual(['dft_3', 'dft_2', 'dft_1']);
      expect(await ids({ limit: 1, before: 'dft_3' })).toEqual(['dft_2']);
      expect(await store.get('nowhere', 'dft_1')).toBeUndefined();
    });

    test('changes only what is at the revision before', async () => {
      await store.create(row('dft_1'));
      const next = row('dft_1', { name: 'report', document: { name: 'report' }, revision: 2, updatedAt: 5 });
      expect(await store.update(next)).toBe(true);
      expect(await store.update(next)).toBe(false);
      expect(await store.update({ ...next, id: 'dft_9' })).toBe(false);
      expect(await store.get('shop', 'dft_1')).toEqual({ ...next, createdAt: 1 });
      expect(await store.remove('shop', 'dft_1', 1)).toBe(false);
      expect(await store.remove('shop', 'dft_1', 2)).toBe(true);
      expect(await store.remove('shop', 'dft_1', 2)).toBe(false);
    });

    test('shares no row with its callers, and keeps as many as a project may have', async () => {
      const mine = row('dft_0000');
      await store.create(mine);
      mine.document['nodes'] = 'changed';
      expect((await store.get('shop', 'dft_0000'))?.document).toEqual({ nodes: [] });
      for (let i = 1; i < 1000; i++) await store.create(row(`dft_${String(i).padStart(4, '0')}`));
      await expect(store.create(row('dft_more'))).rejects.toMatchObject({ code: 'conflict' });
      await store.create(row('dft_more', { project: 'other' }));
    });
  });
}
