import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { IceError } from '../../contracts/errors.ts';
import { migrate } from './migrate.ts';
import { loadSqlite } from './node-sqlite.ts';
import { isBusy, sqliteError } from './sqlite-error.ts';

/** `full`: a commit is on disk (fsync) before it counts. `normal`: it survives a crash of the process, not of the machine. */
export type Durability = 'full' | 'normal';

export interface SqliteOptions {
  /** Default `full`. */
  durability?: Durability;
  /** How long a write waits for another process's, in milliseconds; default 5,000. */
  busyMs?: number;
}

/** The one allowed poll: how often a process that follows looks whether another process wrote. */
const WATCH_MS = 50;
const SYNCHRONOUS = { normal: 1, full: 2 } as const;
/** Rows of about 1 KB fill pages of 8 KiB to 90 %, of 4 KiB only to 75 %. */
const PAGE_BYTES = 8192;

interface Job {
  work: () => unknown;
  committed: ((value: never) => void) | undefined;
  value: unknown;
  error: unknown;
  failed: boolean;
  resolve: (value: never) => void;
  reject: (error: unknown) => void;
}

/**
 * Opens (or makes) the database, sets its pragmas and reads them back, and runs what migrations are missing.
 * Errors: `database_newer`, `database_corrupt`, `database_busy`, `disk_full`, `read_only`, `machine`.
 */
export async function openSqlite(file: string, options: SqliteOptions = {}): Promise<SqliteConnection> {
  const path = resolve(file);
  const durability = options.durability ?? 'full';
  const busyMs = options.busyMs ?? 5_000;
  const { DatabaseSync } = await loadSqlite();
  let db: DatabaseSync | undefined;
  try {
    mkdirSync(dirname(path), { recursive: true });
    // Runs hold their users' data: the file is the owner's. SQLite gives its -wal and -shm the same mode.
    closeSync(openSync(path, 'a', 0o600));
    db = new DatabaseSync(path, { enableForeignKeyConstraints: true });
    await configure(db, durability, busyMs);
    await patiently(busyMs, () => migrate(db!, file));
    return new SqliteConnection(db, path, durability);
  } catch (error) {
    if (db?.isOpen) db.close();
    throw sqliteError(error, file);
  }
}

async function configure(db: DatabaseSync, durability: Durability, busyMs: number): Promise<void> {
  db.exec(`pragma busy_timeout = ${busyMs}; pragma page_size = ${PAGE_BYTES};`);
  // The switch to WAL needs the file for itself, and SQLite does not wait for that: two starters meet here.
  await patiently(busyMs, () => db.exec('pragma journal_mode = wal'));
  db.exec(`
    pragma synchronous = ${durability};
    pragma foreign_keys = on;
    pragma trusted_schema = off;
    pragma cell_size_check = on;
    pragma temp_store = memory;
    pragma cache_size = -16000;
    pragma wal_autocheckpoint = 2000;
  `);
  const expected: Record<string, unknown> = {
    journal_mode: 'wal',
    synchronous: SYNCHRONOUS[durability],
    foreign_keys: 1,
    trusted_schema: 0,
  };
  for (const [name, value] of Object.entries(expected)) {
    const found = Object.values(db.prepare(`pragma ${name}`).get()!)[0];
    if (found !== value) {
      throw new IceError('machine', `SQLite did not take pragma ${name} = ${value}: it says ${found}`, {
        hint: 'Put the database on a local disk: WAL does not work on network shares.',
      });
    }
  }
}

/** Tries again while another process holds what is needed. */
async function patiently(busyMs: number, attempt: () => void): Promise<void> {
  const end = Date.now() + busyMs;
  for (let wait = 2; ; wait = Math.min(wait * 2, 50)) {
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error) || Date.now() > end) throw error;
      await sleep(wait);
    }
  }
}

/**
 * One connection to the file, shared by all stores of a process. Reads are synchronous, through `prepare`; writes are
 * grouped: all that was asked in one turn of the event loop is one transaction, so one fsync.
 */
export class SqliteConnection {
  readonly db: DatabaseSync;
  readonly file: string;
  readonly durability: Durability;
  private readonly statements = new Map<string, StatementSync>();
  private readonly listeners = new Set<() => void>();
  private readonly begin: StatementSync;
  private readonly end: StatementSync;
  private readonly version: StatementSync;
  /**
   * Grows whenever what was read before may not hold any more: another connection wrote, or work was undone. What a
   * store remembers within one generation, read or written inside of `write`, is what the file says.
   */
  generation = 0;
  private lastVersion: unknown;
  private looked: NodeJS.Immediate | undefined;
  private queue: Job[] = [];
  private scheduled: NodeJS.Immediate | undefined;
  private poll: NodeJS.Timeout | undefined;
  private seen: unknown;

  constructor(db: DatabaseSync, file: string, durability: Durability) {
    this.db = db;
    this.file = file;
    this.durability = durability;
    this.begin = db.prepare('begin immediate');
    this.end = db.prepare('commit');
    this.version = db.prepare('pragma data_version');
  }

  /** The compiled statement of a text; each text is compiled once, so never put values into it. */
  prepare(text: string): StatementSync {
    let statement = this.statements.get(text);
    if (!statement) {
      statement = this.db.prepare(text);
      this.statements.set(text, statement);
    }
    return statement;
  }

  /**
   * Runs `work` in the transaction of this turn, and resolves when that is committed. When it throws, only what this
   * `work` wrote is undone. It must be synchronous and may be run twice (the first run undone), so it must have no
   * effect but on the database; `committed` is called once, in order, right after the commit.
   */
  write<T>(work: () => T, committed?: (value: T) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.queue.push({
        work,
        committed: committed as Job['committed'],
        value: undefined,
        error: undefined,
        failed: false,
        resolve: resolve as Job['resolve'],
        reject,
      });
      this.scheduled ??= setImmediate(this.flush);
    });
  }

  private readonly flush = (): void => {
    this.scheduled = undefined;
    const jobs = this.queue;
    if (jobs.length === 0) return;
    this.queue = [];
    try {
      if (!this.together(jobs)) this.apart(jobs);
    } catch (error) {
      const explained = sqliteError(error, this.file);
      for (const job of jobs) job.reject(explained);
      return;
    }
    for (const job of jobs) {
      if (job.failed) continue;
      try {
        job.committed?.(job.value as never);
      } catch (error) {
        job.failed = true;
        job.error = error;
      }
    }
    for (const job of jobs) {
      if (job.failed) job.reject(sqliteError(job.error, this.file));
      else job.resolve(job.value as never);
    }
  };

  /** The usual way: all in one transaction. False when one of them threw; then nothing was written. */
  private together(jobs: Job[]): boolean {
    this.beginWriting();
    try {
      for (const job of jobs) job.value = job.work();
    } catch (error) {
      this.generation += 1;
      if (this.db.isTransaction) this.db.exec('rollback');
      if (jobs.length > 1) return false;
      jobs[0]!.failed = true;
      jobs[0]!.error = error;
      return true;
    }
    this.commit();
    return true;
  }

  /** After one of a group threw: each in a savepoint of its own. */
  private apart(jobs: Job[]): void {
    this.beginWriting();
    for (const job of jobs) {
      this.db.exec('savepoint job');
      try {
        job.value = job.work();
      } catch (error) {
        // A full disk or a damaged page ends the whole transaction, not only the statement.
        if (!this.db.isTransaction) throw error;
        job.failed = true;
        job.error = error;
        this.generation += 1;
        this.db.exec('rollback to job');
      }
      this.db.exec('release job');
    }
    this.commit();
  }

  private beginWriting(): void {
    this.begin.run();
    this.look();
  }

  private look(): void {
    this.looked ??= setImmediate(() => {
      this.looked = undefined;
    });
    const version = this.dataVersion();
    if (version === this.lastVersion) return;
    this.lastVersion = version;
    this.generation += 1;
  }

  /** The generation as it was in this turn of the event loop: the file is asked once a turn, at most. */
  current(): number {
    if (this.looked === undefined) this.look();
    return this.generation;
  }

  private commit(): void {
    try {
      this.end.run();
    } catch (error) {
      this.generation += 1;
      if (this.db.isTransaction) this.db.exec('rollback');
      throw error;
    }
  }

  /** Calls back when another connection (another process) has written, while anyone watches. */
  watch(listener: () => void): () => void {
    this.listeners.add(listener);
    if (!this.poll) {
      this.seen = this.dataVersion();
      this.poll = setInterval(() => {
        const now = this.versionNow();
        if (now === this.seen) return;
        this.seen = now;
        for (const each of this.listeners) each();
      }, WATCH_MS);
    }
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size > 0) return;
      clearInterval(this.poll);
      this.poll = undefined;
    };
  }

  private dataVersion(): unknown {
    return (this.version.get() as { data_version: number }).data_version;
  }

  /** -1 where it cannot be read: nobody waits for a timer, and whoever is told of a change reads, and hears why. */
  private versionNow(): unknown {
    try {
      return this.dataVersion();
    } catch {
      return -1;
    }
  }

  /** Commits what is queued, then closes the file. */
  close(): void {
    clearInterval(this.poll);
    this.listeners.clear();
    if (!this.db.isOpen) return;
    if (this.scheduled) clearImmediate(this.scheduled);
    if (this.looked) clearImmediate(this.looked);
    this.flush();
    this.db.close();
  }
}
