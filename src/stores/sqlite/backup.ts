import { chmodSync, existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { IceError } from '../../contracts/errors.ts';
import { openSqlite } from './connection.ts';
import { APPLICATION_ID } from './migrate.ts';
import { SCHEMA_VERSION } from './migrations/index.ts';
import { loadSqlite } from './node-sqlite.ts';
import { isBusy, sqliteError } from './sqlite-error.ts';

/** Copies of the database, whole, while others write to it: https://sqlite.org/backup.html */

export interface Copied {
  file: string;
  bytes: number;
  schema: number;
}

/**
 * Writes a copy of the database to `to`, checked, for its owner alone. Nobody waits for it. Errors: `conflict` when
 * the file is there and `overwrite` is not said; those of the database.
 */
export async function backupDatabase(from: string, to: string, overwrite: boolean): Promise<Copied> {
  const target = resolve(to);
  if (existsSync(target) && !overwrite)
    throw new IceError('conflict', `${to} is there already.`, {
      hint: 'Choose another name, or say --force',
    });
  if (!existsSync(from))
    throw new IceError('not_found', `There is no database ${from}.`, {
      hint: 'ice db status shows where it is',
    });
  if (statSync(from).isDirectory()) throw sqliteError(undefined, from);
  return copy(from, target, to);
}

/**
 * Puts a backup in the place of the database; the old one stays beside it, under the name in `before`. Errors:
 * `database_corrupt` and `database_newer` for what cannot be restored, `database_busy` while somebody uses the database.
 */
export async function restoreDatabase(
  from: string,
  to: string,
  now: Date,
): Promise<Copied & { before: string | null }> {
  const source = resolve(from);
  if (!existsSync(source))
    throw new IceError('not_found', `There is no file ${from}.`, { hint: 'Check its path' });
  const target = resolve(to);
  const part = `${target}.restoring`;
  const copied = await copy(source, part, from);
  let before: string | null = null;
  try {
    if (existsSync(target)) {
      await assertUnused(target, to);
      before = `${target}.before-${now.toISOString().replace(/[:.]/g, '-')}`;
      renameSync(target, before);
      // Its log was written into it when the last connection closed; what is left of one belongs to nobody.
      for (const rest of ['-wal', '-shm']) rmSync(`${target}${rest}`, { force: true });
    }
    renameSync(part, target);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
  // Opening brings an older schema up to date.
  const connection = await openSqlite(target);
  connection.close();
  return { ...copied, file: target, before };
}

async function copy(from: string, to: string, shown: string): Promise<Copied> {
  const { DatabaseSync, backup } = await loadSqlite();
  const part = `${to}.part`;
  rmSync(part, { force: true });
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(from, { readOnly: true });
    assertOurs(db, shown);
    // In one step: with several, whoever writes in between makes it begin again.
    await backup(db, part, { rate: 2 ** 31 - 1 });
    db.close();
    chmodSync(part, 0o600);
    db = new DatabaseSync(part);
    const schema = assertOurs(db, shown);
    const [check] = db.prepare('pragma integrity_check(1)').all();
    if (check?.['integrity_check'] !== 'ok')
      throw new IceError('database_corrupt', `${shown} is damaged: ${String(check?.['integrity_check'])}`, {
        hint: 'Use an older backup; ice db status says what is wrong with a database',
      });
    // One file, without a log beside it.
    db.exec('pragma journal_mode = delete');
    db.close();
    db = undefined;
    renameSync(part, to);
    return { file: to, bytes: statSync(to).size, schema };
  } catch (error) {
    if (db?.isOpen) db.close();
    rmSync(part, { force: true });
    throw sqliteError(error, shown);
  }
}

function assertOurs(db: DatabaseSync, shown: string): number {
  const value = (name: string): number => Number(Object.values(db.prepare(`pragma ${name}`).get()!)[0]);
  if (value('application_id') !== APPLICATION_ID)
    throw new IceError('database_corrupt', `${shown} is no database of ice.`, {
      hint: 'Name a file that ice db backup wrote',
    });
  const schema = value('user_version');
  if (schema > SCHEMA_VERSION)
    throw new IceError('database_newer', `${shown} has schema ${schema}; this ice knows ${SCHEMA_VERSION}.`, {
      hint: 'Install the newer ice that wrote it: npm i iceos@latest',
      details: { found: schema, known: SCHEMA_VERSION },
    });
  return schema;
}

/** Nobody may have a file open whose place another one takes. */
async function assertUnused(file: string, shown: string): Promise<void> {
  const { DatabaseSync } = await loadSqlite();
  const db = new DatabaseSync(file);
  try {
    db.exec('pragma busy_timeout = 200; pragma locking_mode = exclusive; begin exclusive; commit;');
    db.exec('pragma wal_checkpoint(truncate)');
  } catch (error) {
    if (!isBusy(error)) {
      // A damaged database is what one restores over.
      return;
    }
    throw new IceError('database_busy', `${shown} is in use.`, {
      hint: 'End what uses it (ice dev, ice serve, a run), then restore again',
    });
  } finally {
    db.close();
  }
}
