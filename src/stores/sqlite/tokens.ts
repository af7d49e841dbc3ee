import type { Role, TokenRow, TokenStore } from '../../registry/ports.ts';
import type { SqliteConnection } from './connection.ts';
import { Remembered } from './remembered.ts';

interface StoredToken {
  id: string;
  hash: string;
  name: string;
  org: string;
  project: string | null;
  role: Role;
  operator: number;
  created_at: number;
  created_by: string;
  expires_at: number | null;
  last_used_at: number | null;
  revoked_at: number | null;
}

const tokenRow = (row: StoredToken): TokenRow => ({
  id: row.id,
  hash: row.hash,
  name: row.name,
  org: row.org,
  project: row.project,
  role: row.role,
  operator: row.operator === 1,
  createdAt: row.created_at,
  createdBy: row.created_by,
  expiresAt: row.expires_at,
  lastUsedAt: row.last_used_at,
  revokedAt: row.revoked_at,
});

/** Bearer tokens, by hash, in the SQLite database behind `connection`. */
export function createTokenStore(connection: SqliteConnection): TokenStore {
  const byHash = connection.prepare('select * from tokens where hash = ?');
  const byOrg = connection.prepare('select * from tokens where org = ? order by created_at, id');
  const put = connection.prepare(`
    insert into tokens
      (id, hash, name, org, project, role, operator, created_at, created_by, expires_at, last_used_at, revoked_at)
    values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    on conflict (id) do update set
      hash = excluded.hash, name = excluded.name, org = excluded.org, project = excluded.project,
      role = excluded.role, operator = excluded.operator, expires_at = excluded.expires_at,
      last_used_at = excluded.last_used_at, revoked_at = excluded.revoked_at`);
  const touch = connection.prepare(
    'update tokens set last_used_at = max(coalesce(last_used_at, 0), ?) where id = ?',
  );
  const revoke = connection.prepare('update tokens set revoked_at = ? where id = ? and revoked_at is null');
  // Asked for by every request.
  const known = new Remembered<TokenRow | undefined>(connection);
  const changing = <T>(work: () => T): Promise<T> =>
    connection.write(() => {
      known.forget();
      return work();
    });
  return {
    byHash: async (hash) => {
      const row = known.get(hash, () => {
        const stored = byHash.get(hash) as StoredToken | undefined;
        return stored && tokenRow(stored);
      });
      return row && { ...row };
    },
    list: async (org) => (byOrg.all(org) as unknown as StoredToken[]).map(tokenRow),
    put: async (row) => {
      await changing(() =>
        put.run(
          row.id,
          row.hash,
          row.name,
          row.org,
          row.project,
          row.role,
          row.operator ? 1 : 0,
          row.createdAt,
          row.createdBy,
          row.expiresAt,
          row.lastUsedAt,
          row.revokedAt,
        ),
      );
    },
    touch: async (id, at) => {
      await changing(() => touch.run(at, id));
    },
    revoke: (id, at) => changing(() => revoke.run(at, id).changes === 1),
  };
}
