import type { SealedValue, SecretRow, SecretStore } from '../../secrets/port.ts';
import type { SqliteConnection } from './connection.ts';

interface StoredSecret {
  project: string;
  name: string;
  sealed: string;
  version: number;
  created_at: number;
  updated_at: number;
  updated_by: string;
}

const secretRow = (row: StoredSecret): SecretRow => ({
  project: row.project,
  name: row.name,
  sealed: JSON.parse(row.sealed) as SealedValue,
  version: row.version,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  updatedBy: row.updated_by,
});

/** Sealed secrets in the SQLite database behind `connection`. */
export function createSecretStore(connection: SqliteConnection): SecretStore {
  const get = connection.prepare('select * from secrets where project = ? and name = ?');
  const list = connection.prepare('select * from secrets where project = ? order by name');
  const notUnder = connection.prepare(
    'select * from secrets where key_id <> ? order by project, name limit ?',
  );
  const put = connection.prepare(`
    insert into secrets (project, name, key_id, sealed, version, created_at, updated_at, updated_by)
    values (?, ?, ?, ?, 1, ?, ?, ?)
    on conflict (project, name) do update set
      key_id = excluded.key_id, sealed = excluded.sealed, version = secrets.version + 1,
      updated_at = excluded.updated_at, updated_by = excluded.updated_by
    returning *`);
  const remove = connection.prepare('delete from secrets where project = ? and name = ?');
  const reseal = connection.prepare(
    'update secrets set key_id = ?, sealed = ? where project = ? and name = ? and version = ?',
  );
  return {
    get: async (project, name) => {
      const row = get.get(project, name) as StoredSecret | undefined;
      return row && secretRow(row);
    },
    list: async (project) => (list.all(project) as unknown as StoredSecret[]).map(secretRow),
    put: ({ project, name, sealed, updatedAt, updatedBy }) =>
      connection.write(() =>
        secretRow(
          put.get(
            project,
            name,
            sealed.key,
            JSON.stringify(sealed),
            updatedAt,
            updatedAt,
            updatedBy,
          ) as unknown as StoredSecret,
        ),
      ),
    remove: (project, name) => connection.write(() => remove.run(project, name).changes === 1),
    notUnder: async (key, limit) => (notUnder.all(key, limit) as unknown as StoredSecret[]).map(secretRow),
    reseal: ({ project, name, version, sealed }) =>
      connection.write(
        () => reseal.run(sealed.key, JSON.stringify(sealed), project, name, version).changes === 1,
      ),
  };
}
