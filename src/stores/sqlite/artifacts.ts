import type { DatabaseSync } from 'node:sqlite';
import type { ArtifactStore } from '../../registry/ports.ts';
import { assertContent } from '../content-digest.ts';

/** Content by digest in the SQLite database that `db` is a connection of. */
export function createArtifactStore(db: DatabaseSync, now: () => number = Date.now): ArtifactStore {
  const insert = db.prepare(`
    insert into artifacts (project, digest, bytes, created_at, created_by) values (?, ?, ?, ?, ?)
    on conflict (project, digest) do nothing`);
  const select = db.prepare('select bytes, created_by from artifacts where project = ? and digest = ?');
  const selectMany = db.prepare(
    'select digest from artifacts where project = ? and digest in (select value from json_each(?))',
  );
  return {
    put: async (project, digest, bytes, by) => {
      assertContent(digest, bytes);
      return { created: insert.run(project, digest, bytes, now(), by).changes === 1 };
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
