import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqlite, type SqliteConnection } from '../../src/stores/sqlite/connection.ts';
import { APPLICATION_ID, migrate } from '../../src/stores/sqlite/migrate.ts';
import { MIGRATIONS, SCHEMA_VERSION } from '../../src/stores/sqlite/migrations/index.ts';
import { TYPE_NUMBERS } from '../../src/stores/sqlite/run-row.ts';
import { createSqliteRuns } from '../../src/stores/sqlite/runs.ts';
import { sqliteStatus } from '../../src/stores/sqlite/status.ts';
import { createTokenStore } from '../../src/stores/sqlite/tokens.ts';
import { newRun } from '../suites/run-store.ts';

let folder: string;
let file: string;
const open: SqliteConnection[] = [];
const opened = async (...args: Parameters<typeof openSqlite>) => {
  const connection = await openSqlite(...args);
  open.push(connection);
  return connection;
};
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ice sqlite '));
  file = join(folder, 'deep', 'er', 'ice.db');
});
afterEach(async () => {
  for (const connection of open.splice(0)) connection.close();
  await rm(folder, { recursive: true });
});

describe('watching for what other processes write', () => {
  it('tells once that the file cannot be read any more, and throws at nobody', async () => {
    const connection = await opened(file);
    let told = 0;
    connection.watch(() => {
      told += 1;
    });
    connection.db.close();
    await expect.poll(() => told).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(told).toBe(1);
  });
});

describe('opening a database', () => {
  it('makes the folder and a file of the owner only, and sets the pragmas', async () => {
    const connection = await opened(file);
    const pragma = (name: string) => Object.values(connection.db.prepare(`pragma ${name}`).get()!)[0];
    expect(pragma('journal_mode')).toBe('wal');
    expect(pragma('synchronous')).toBe(2);
    expect(pragma('foreign_keys')).toBe(1);
    expect(pragma('busy_timeout')).toBe(5_000);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const normal = await opened(file, { durability: 'normal' });
    expect(Object.values(normal.db.prepare('pragma synchronous').get()!)[0]).toBe(1);
  });

  it('runs the migrations once, however many start at once, in as many processes', async () => {
    const script = `
      const { openSqlite } = await import(${JSON.stringify(new URL('../../src/stores/sqlite/connection.ts', import.meta.url).href)});
      const connection = await openSqlite(process.argv[1]);
      console.log(connection.db.prepare('pragma user_version').get().user_version);
      connection.close();`;
    const run = promisify(execFile);
    const start = () => run(process.execPath, ['--input-type=module', '-e', script, file]);
    const results = await Promise.all([start(), start(), start(), start()]);
    const all = SCHEMA_VERSION;
    // To make a table twice is an error, which one of them would have ended with.
    expect(results.map((result) => result.stderr).join('')).toBe('');
    expect(results.map((result) => Number(result.stdout))).toEqual([all, all, all, all]);
    (await opened(file)).close();
    expect(sqliteStatus(await opened(file))).toMatchObject({ damage: [], schema: all });
  });

  it('sees no file of somebody else in one that another process is making, wherever it is in that', async () => {
    for (let reads = 0; reads <= 2; reads++) {
      const path = join(folder, `${reads}.db`);
      const [here, there] = [new DatabaseSync(path), new DatabaseSync(path)];
      here.exec('pragma journal_mode = wal');
      let left = reads;
      const watched = new Proxy(here, {
        get(db, name) {
          if (name === 'prepare' && left-- === 0) migrate(there, path);
          const value: unknown = Reflect.get(db, name);
          return typeof value === 'function' ? value.bind(db) : value;
        },
      });
      migrate(watched, path);
      expect(here.prepare('pragma user_version').get()).toEqual({ user_version: SCHEMA_VERSION });
      here.close();
      there.close();
    }
  });

  it('runs what an older file lacks, and keeps what is in it', async () => {
    const old = join(folder, 'old.db');
    const before = new DatabaseSync(old);
    before.exec(MIGRATIONS.slice(0, -1).join('\n'));
    before.exec(`pragma application_id = ${APPLICATION_ID}; pragma user_version = ${SCHEMA_VERSION - 1}`);
    before.exec("insert into plans (digest, plan) values ('sha256:1', '{}')");
    before.close();
    const { db } = await opened(old);
    expect(db.prepare('pragma user_version').get()).toEqual({ user_version: SCHEMA_VERSION });
    expect(db.prepare('select digest from plans').all()).toEqual([{ digest: 'sha256:1' }]);
    expect(db.prepare('select count(*) as n from drafts').get()).toEqual({ n: 0 });
  });

  it('refuses a database of a newer ice, and says what to do', async () => {
    (await opened(file)).db.exec('pragma user_version = 99');
    await expect(openSqlite(file)).rejects.toMatchObject({
      code: 'database_newer',
      exitCode: 14,
      hint: expect.stringContaining('npm i iceos@latest'),
    });
  });

  it('refuses what is no database, is damaged, or is another program’s', async () => {
    await mkdir(join(folder, 'deep', 'er'), { recursive: true });
    await writeFile(file, 'this is no database at all '.repeat(100));
    await expect(openSqlite(file)).rejects.toMatchObject({ code: 'database_corrupt' });
    expect(await readFile(file, 'utf8')).toContain('no database at all');

    const other = join(folder, 'other.db');
    const theirs = new DatabaseSync(other);
    theirs.exec('create table notes (text)');
    theirs.close();
    await expect(openSqlite(other)).rejects.toMatchObject({ code: 'database_corrupt' });

    const damaged = join(folder, 'damaged.db');
    const sound = await openSqlite(damaged);
    sound.close();
    const bytes = await readFile(damaged);
    bytes.fill(0x5a, 100, 9_000);
    await writeFile(damaged, bytes);
    await expect(openSqlite(damaged)).rejects.toMatchObject({ code: 'database_corrupt' });
  });

  it('names what is in the way: a file where its folder should be, a folder where it should be', async () => {
    const inTheWay = join(folder, 'deep');
    await writeFile(inTheWay, 'a file');
    await expect(openSqlite(file)).rejects.toMatchObject({
      code: 'machine',
      exitCode: 14,
      message: expect.stringContaining(inTheWay),
    });
    await expect(openSqlite(folder)).rejects.toMatchObject({ code: 'machine', exitCode: 14 });
  });
});

describe('writing', () => {
  it('undoes only the work that threw, of all in one transaction', async () => {
    const connection = await opened(file);
    connection.db.exec('create table t (x)');
    const insert = (x: number) => connection.prepare('insert into t values (?)').run(x);
    const committed: number[] = [];
    const results = await Promise.allSettled([
      connection.write(
        () => insert(1),
        () => committed.push(1),
      ),
      connection.write(
        () => {
          insert(2);
          throw new Error('no');
        },
        () => committed.push(2),
      ),
      connection.write(
        () => insert(3),
        () => committed.push(3),
      ),
    ]);
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(
      connection.db
        .prepare('select x from t')
        .all()
        .map((row) => row['x']),
    ).toEqual([1, 3]);
    expect(committed).toEqual([1, 3]);
    await expect(
      connection.write(() => {
        throw new Error('alone');
      }),
    ).rejects.toThrow('alone');
    await expect(connection.write(() => insert(4))).resolves.toBeDefined();
  });

  it('says that the disk is full, and goes on when it is not any more', async () => {
    const connection = await opened(file);
    const store = createSqliteRuns(connection);
    const run = newRun();
    await store.create(run);
    const pages = Object.values(connection.db.prepare('pragma page_count').get()!)[0];
    connection.db.exec(`pragma max_page_count = ${pages}`);
    const event = { ...run.events[0]!, seq: 2, data: { inputs: { x: 'x'.repeat(100_000) } } } as never;
    const change = { project: 'demo', runId: run.row.id, expectedSeq: 1, events: [event], patch: {} };
    await expect(store.commit(change)).rejects.toMatchObject({ code: 'disk_full', exitCode: 14 });
    expect((await store.get('demo', run.row.id))?.seq).toBe(1);
    connection.db.exec('pragma max_page_count = 1000000');
    await store.commit(change);
    expect(sqliteStatus(connection)).toMatchObject({ damage: [], journals: [] });
  });

  it('says that another process holds the database', async () => {
    const connection = await opened(file, { busyMs: 20 });
    const other = await opened(file);
    other.db.exec('begin immediate');
    await expect(connection.write(() => 1)).rejects.toMatchObject({ code: 'database_busy' });
    other.db.exec('rollback');
    await expect(connection.write(() => 1)).resolves.toBe(1);
  });

  it('tells of what another connection wrote, only while somebody listens', async () => {
    const mine = createSqliteRuns(await opened(file));
    const theirs = createSqliteRuns(await opened(file));
    const heard = new Promise<string>((resolve) => {
      const leave = mine.onChange((project, runId) => {
        leave();
        resolve(`${project}/${runId}`);
      });
    });
    await theirs.create(newRun());
    expect(await heard).toBe('/');
  });
});

describe('the status of a database', () => {
  it('counts, and names journals with a gap or a wrong end', async () => {
    const connection = await opened(file);
    const store = createSqliteRuns(connection);
    const [whole, gap, noEnd] = [newRun(), newRun(), newRun({ state: 'succeeded' })];
    for (const run of [whole, gap, noEnd]) await store.create(run);
    for (const seq of [2, 3]) {
      const event = { ...gap.events[0]!, seq, type: 'node.log' } as never;
      await store.commit({
        project: 'demo',
        runId: gap.row.id,
        expectedSeq: seq - 1,
        events: [event],
        patch: {},
      });
    }
    connection.db.exec('delete from events where key % 4194304 = 2');
    expect(sqliteStatus(connection)).toMatchObject({
      synchronous: 'full',
      journalMode: 'wal',
      damage: [],
      events: 4,
      runs: { queued: 2, succeeded: 1 },
      journals: [
        { runId: gap.row.id, problem: 'its journal has 2 events, numbered 1 to 3' },
        { runId: noEnd.row.id, problem: 'it is succeeded, and its journal has no end' },
      ],
    });
  });

  it('has a number of its own for each type of event', () => {
    const numbers = Object.values(TYPE_NUMBERS);
    expect(new Set(numbers).size).toBe(numbers.length);
  });
});

describe('what is remembered of a table', () => {
  const token = {
    id: 'tok_1',
    hash: 'h',
    name: 'one',
    org: 'local',
    project: null,
    role: 'admin' as const,
    operator: false,
    createdAt: 1,
    createdBy: 'me',
    expiresAt: null,
    lastUsedAt: null,
    revokedAt: null,
  };
  const turn = () => new Promise((resolve) => setImmediate(resolve));

  it('is read again after a write of this connection, and in the turn after one of another', async () => {
    const [here, there] = [createTokenStore(await opened(file)), createTokenStore(await opened(file))];
    expect(await here.byHash('h')).toBeUndefined();
    await here.put(token);
    expect(await here.byHash('h')).toMatchObject({ name: 'one', revokedAt: null });
    await here.put({ ...token, name: 'two' });
    const row = await here.byHash('h');
    expect(row).toMatchObject({ name: 'two' });
    row!.name = 'changed by a caller';
    expect(await here.byHash('h')).toMatchObject({ name: 'two' });
    await there.revoke('tok_1', 7);
    await turn();
    expect(await here.byHash('h')).toMatchObject({ revokedAt: 7 });
  });

  it('does not keep what is not there', async () => {
    const [here, there] = [createTokenStore(await opened(file)), createTokenStore(await opened(file))];
    expect(await here.byHash('h')).toBeUndefined();
    await there.put(token);
    expect(await here.byHash('h')).toMatchObject({ name: 'one' });
  });
});
