import type { DatabaseSync } from 'node:sqlite';
import { IceError } from '../../contracts/errors.ts';
import { MIGRATIONS, SCHEMA_VERSION } from './migrations/index.ts';

/** `ICE0`: marks the file as ours (`PRAGMA application_id`). */
export const APPLICATION_ID = 0x49434530;

const pragma = (db: DatabaseSync, name: string): number =>
  (db.prepare(`pragma ${name}`).get() as Record<string, number>)[name]!;

/**
 * Brings the schema to ours. `PRAGMA user_version` says how many migrations ran, so that an up-to-date file costs one
 * read. Two starters at once are safe: who gets the write lock migrates, the other finds it done.
 * Errors: `database_newer`, `database_corrupt` (a database, but of something else).
 */
export function migrate(db: DatabaseSync, file: string): void {
  if (versionOf(db, file) === SCHEMA_VERSION) return;
  db.exec('begin immediate');
  try {
    for (const migration of MIGRATIONS.slice(versionOf(db, file))) db.exec(migration);
    db.exec(`pragma application_id = ${APPLICATION_ID}`);
    db.exec(`pragma user_version = ${SCHEMA_VERSION}`);
    db.exec('commit');
  } catch (error) {
    if (db.isTransaction) db.exec('rollback');
    throw error;
  }
}

/** How many of our migrations the file has; 0 where it is empty. */
function versionOf(db: DatabaseSync, file: string): number {
  const version = pragma(db, 'user_version');
  const empty =
    version === 0 && (db.prepare('select count(*) as n from sqlite_schema').get() as { n: number }).n === 0;
  // Read last: another process may be making the schema, and what is read after its commit must not be
  // what says that the file is nobody's.
  const id = pragma(db, 'application_id');
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
  return version;
}
