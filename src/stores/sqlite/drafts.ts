import type { DraftRow, DraftStore } from '../../registry/ports.ts';
import { MOST_DRAFTS, tooManyDrafts } from '../draft-rules.ts';
import type { SqliteConnection } from './connection.ts';

interface StoredDraft {
  project: string;
  id: string;
  name: string | null;
  document: string;
  revision: number;
  created_at: number;
  created_by: string;
  updated_at: number;
  updated_by: string;
}

const draftRow = (row: StoredDraft): DraftRow => ({
  project: row.project,
  id: row.id,
  name: row.name,
  document: JSON.parse(row.document) as DraftRow['document'],
  revision: row.revision,
  createdAt: row.created_at,
  createdBy: row.created_by,
  updatedAt: row.updated_at,
  updatedBy: row.updated_by,
});

/** Drafts in the SQLite database behind `connection`. */
export function createDraftStore(connection: SqliteConnection): DraftStore {
  const select = connection.prepare('select * from drafts where project = ? and id = ?');
  const list = connection.prepare(
    'select * from drafts where project = ? and id < ? order by id desc limit ?',
  );
  const count = connection.prepare('select count(*) as n from drafts where project = ?');
  const insert = connection.prepare(`
    insert into drafts
      (project, id, name, document, revision, created_at, created_by, updated_at, updated_by)
    values (?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const update = connection.prepare(`
    update drafts set name = ?, document = ?, revision = ?, updated_at = ?, updated_by = ?
    where project = ? and id = ? and revision = ?`);
  const remove = connection.prepare('delete from drafts where project = ? and id = ? and revision = ?');
  return {
    // Ids are ASCII, so nothing sorts above this.
    list: async (project, { before = '\uffff', limit }) =>
      (list.all(project, before, limit) as unknown as StoredDraft[]).map(draftRow),
    get: async (project, id) => {
      const row = select.get(project, id) as StoredDraft | undefined;
      return row && draftRow(row);
    },
    create: (row) =>
      connection.write(() => {
        if (Number(count.get(row.project)!['n']) >= MOST_DRAFTS) throw tooManyDrafts(row.project);
        const { project, id, name, document, revision, createdAt, createdBy, updatedAt, updatedBy } = row;
        insert.run(
          project,
          id,
          name,
          JSON.stringify(document),
          revision,
          createdAt,
          createdBy,
          updatedAt,
          updatedBy,
        );
      }),
    update: ({ project, id, name, document, revision, updatedAt, updatedBy }) =>
      connection.write(
        () =>
          update.run(
            name,
            JSON.stringify(document),
            revision,
            updatedAt,
            updatedBy,
            project,
            id,
            revision - 1,
          ).changes === 1,
      ),
    remove: (project, id, revision) =>
      connection.write(() => remove.run(project, id, revision).changes === 1),
  };
}
