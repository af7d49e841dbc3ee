import type { DraftRow, DraftStore } from '../registry/ports.ts';
import { MOST_DRAFTS, tooManyDrafts } from './draft-rules.ts';

/** Drafts in memory. */
export function createMemoryDraftStore(): DraftStore {
  const rows = new Map<string, DraftRow>();
  const keyOf = (project: string, id: string): string => `${project}/${id}`;
  const of = (project: string): DraftRow[] => [...rows.values()].filter((row) => row.project === project);
  return {
    list: async (project, { before, limit }) =>
      of(project)
        .filter((row) => before === undefined || row.id < before)
        .sort((a, b) => (a.id < b.id ? 1 : -1))
        .slice(0, limit)
        .map((row) => structuredClone(row)),
    get: async (project, id) => structuredClone(rows.get(keyOf(project, id))),
    create: async (row) => {
      if (of(row.project).length >= MOST_DRAFTS) throw tooManyDrafts(row.project);
      rows.set(keyOf(row.project, row.id), structuredClone(row));
    },
    update: async (row) => {
      const key = keyOf(row.project, row.id);
      if (rows.get(key)?.revision !== row.revision - 1) return false;
      rows.set(key, structuredClone(row));
      return true;
    },
    remove: async (project, id, revision) =>
      rows.get(keyOf(project, id))?.revision === revision && rows.delete(keyOf(project, id)),
  };
}
