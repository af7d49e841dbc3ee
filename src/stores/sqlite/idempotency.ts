import type { IdempotencyStore } from '../../registry/ports.ts';
import {
  IDEMPOTENCY_KEPT_MS,
  IDEMPOTENCY_RESERVED_MS,
  IDEMPOTENCY_SWEEP,
  idempotencyMismatch,
} from '../idempotency-rules.ts';
import type { SqliteConnection } from './connection.ts';

interface StoredKey {
  request_hash: string;
  status: number | null;
  body: string | null;
  created_at: number;
}

/** Answers by Idempotency-Key in the SQLite database behind `connection`. */
export function createIdempotencyStore(connection: SqliteConnection): IdempotencyStore {
  const select = connection.prepare(
    'select request_hash, status, body, created_at from idempotency_keys where scope = ? and key = ?',
  );
  const reserve = connection.prepare(`
    insert into idempotency_keys (scope, key, request_hash, status, body, created_at) values (?, ?, ?, null, null, ?)
    on conflict (scope, key) do update set
      request_hash = excluded.request_hash, status = null, body = null, created_at = excluded.created_at`);
  const sweep = connection.prepare(`
    delete from idempotency_keys where rowid in
      (select rowid from idempotency_keys where created_at < ? order by created_at limit ${IDEMPOTENCY_SWEEP})`);
  const finish = connection.prepare(
    'update idempotency_keys set status = ?, body = ? where scope = ? and key = ? and status is null',
  );
  const abandon = connection.prepare(
    'delete from idempotency_keys where scope = ? and key = ? and status is null',
  );
  return {
    begin: async (scope, key, requestHash, now) =>
      connection.write(() => {
        const stored = select.get(scope, key) as StoredKey | undefined;
        const age = stored ? now - stored.created_at : 0;
        if (stored && age <= IDEMPOTENCY_KEPT_MS) {
          if (stored.request_hash !== requestHash) throw idempotencyMismatch(key);
          if (stored.status !== null) return { status: stored.status, body: stored.body ?? '' };
          if (age <= IDEMPOTENCY_RESERVED_MS) return 'in-progress';
        }
        sweep.run(now - IDEMPOTENCY_KEPT_MS);
        reserve.run(scope, key, requestHash, now);
        return 'new';
      }),
    finish: async (scope, key, answer) => {
      await connection.write(() => finish.run(answer.status, answer.body, scope, key));
    },
    abandon: async (scope, key) => {
      await connection.write(() => abandon.run(scope, key));
    },
  };
}
