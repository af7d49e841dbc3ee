import type { DatabaseSync } from 'node:sqlite';

/**
 * Runs `work` in one write transaction and returns what it returns; when it throws, nothing of it is kept.
 * It is synchronous from `begin` to `commit`, so nothing else on the connection can fall between.
 */
export function inTransaction<T>(db: DatabaseSync, work: () => T): T {
  // `immediate`, so that waiting for another process happens here and not in the middle of the reads.
  db.exec('begin immediate');
  try {
    const result = work();
    db.exec('commit');
    return result;
  } catch (error) {
    // SQLite has rolled back by itself after some errors (a full disk), and a second rollback would hide them.
    if (db.isTransaction) db.exec('rollback');
    throw error;
  }
}
