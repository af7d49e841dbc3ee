import type { Copied } from '../stores/sqlite/backup.ts';
import type { Pruned, PruneRequest } from '../stores/sqlite/prune.ts';

/** Care of a database file, without the rest of ice: nothing is executed meanwhile. */

/** What a prune would take away; with `apply` it does. */
export async function pruneDatabase(
  file: string,
  request: PruneRequest,
  apply: boolean,
): Promise<Pruned & { vacuumed?: boolean }> {
  const [{ openSqlite }, { planPrune, prune }] = await Promise.all([
    import('../stores/sqlite/connection.ts'),
    import('../stores/sqlite/prune.ts'),
  ]);
  const connection = await openSqlite(file);
  try {
    return apply ? await prune(connection, request) : planPrune(connection, request);
  } finally {
    connection.close();
  }
}

export async function backupDatabase(from: string, to: string, overwrite: boolean): Promise<Copied> {
  return (await import('../stores/sqlite/backup.ts')).backupDatabase(from, to, overwrite);
}

export async function restoreDatabase(from: string, to: string): Promise<Copied & { before: string | null }> {
  return (await import('../stores/sqlite/backup.ts')).restoreDatabase(from, to, new Date());
}
