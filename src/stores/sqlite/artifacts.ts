import type { ArtifactStore } from '../../registry/ports.ts';
import { assertContent } from '../content-digest.ts';
import type { SqliteConnection } from './connection.ts';

/** Content by digest in the SQLite database behind `connection`. */
export function createArtifactStore(
  connection: SqliteConnection,
  now: () => number = Date.now,
): ArtifactStore {
  const insert = connection.prepare(`
    insert into artifacts (project, digest, bytes, created_at, created_by) values (?, ?, ?, ?, ?)
    on conflict (project, digest) do nothing`);
  const select = connection.prepare(
    'select bytes, created_by from artifacts where project = ? and digest = ?',
  );
  const selectMany = connection.prepare(
    'select digest from artifacts where project = ? and digest in (select value from json_each(?))',
  );
  return {
    put: async (project, digest, bytes, by) => {
      assertContent(digest, bytes);
      const at = now();
      const changes = await connection.write(() => insert.run(project, digest, bytes, at, by).changes);
      return { created: changes === 1 };
    },
    get: async (project, digest) => {
      const row = select.get(project, digest) as { bytes: Uint8Array; created_by: string } | undefined;
      return row && { bytes: row.bytes, by: row.created_by };
    },
    has: async (project, digests) => {
      const rows = selectMany.all(project, JSON.stringify(digests)) as { digest: string }[];
      return new Set(rows.map((row) => row.digest));
    },
  };
}
