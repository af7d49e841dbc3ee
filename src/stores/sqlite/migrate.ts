import type { DatabaseSync } from 'node:sqlite';
import { IceError } from '../../contracts/errors.ts';
import { SCHEMA_VERSION } from './migrations/version.ts';

/** `ICE0`: marks the file as ours (`PRAGMA application_id`). */
export const APPLICATION_ID = 0x49434530;

const pragma = (db: DatabaseSync, name: string): number =>
  (db.prepare(`pragma ${name}`).get() as Record<string, number>)[name]!;

/**
 * Brings the schema to ours. `PRAGMA user_version` says how many migrations ran, so that an up-to-date file costs one
 * read. Two starters at once are safe: who gets the write lock migrates, the other finds it done.
 * Errors: `database_newer`, `database_corrupt` (a database, but of something else).
 */
export async function migrate(db: DatabaseSync, file: string): Promise<void> {
  if (isCurrent(db, file)) return;
  const [{ kyselyOf }, { Migrator }, { MIGRATIONS }] = await Promise.all([
    import('./kysely.ts'),
    import('kysely/migration'),
    import('./migrations/index.ts'),
  ]);
  // One transaction around all of it. Kysely's own is deferred, which lets two starters both begin.
  db.exec('begin immediate');
  try {
    if (!isCurrent(db, file)) {
      const migrator = new Migrator({
        db: kyselyOf<never>(db),
        provider: { getMigrations: async () => MIGRATIONS },
        migrationTableName: 'migrations',
        migrationLockTableName: 'migrations_lock',
        disableTransactions: true,
      });
      const { error } = await migrator.migrateToLatest();
      if (error) throw error;
      db.exec(`pragma application_id = ${APPLICATION_ID}`);
      db.exec(`pragma user_version = ${SCHEMA_VERSION}`);
    }
    db.exec('commit');
  } catch (error) {
    if (db.isTransaction) db.exec('rollback');
    throw error;
  }
}

/** Whether the file has our schema already. */
function isCurrent(db: DatabaseSync, file: string): boolean {
  const id = pragma(db, 'application_id');
  const version = pragma(db, 'user_version');
  const empty =
    version === 0 && (db.prepare('select count(*) as n from sqlite_schema').get() as { n: number }).n === 0;
  if (id !== APPLICATION_ID && !empty) {
    throw new IceError('database_corrupt', `${file} is a database, but not one of ice`, {
      hint: 'Set ICE_DATABASE to another file, or move this one away.',
    });
  }
  if (version > SCHEMA_VERSION) {
    throw new IceError('database_newer', `${file} has schema ${version}; this ice knows ${SCHEMA_VERSION}`, {
      hint: 'Install the newer ice that wrote it: npm i iceos@latest',
      details: { found: version, known: SCHEMA_VERSION },
    });
  }
  return version === SCHEMA_VERSION;
}
