import { hash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createArtifactStore } from '../../src/stores/sqlite/artifacts.ts';
import { backupDatabase, restoreDatabase } from '../../src/stores/sqlite/backup.ts';
import { openSqlite, type SqliteConnection } from '../../src/stores/sqlite/connection.ts';
import { planPrune, prune } from '../../src/stores/sqlite/prune.ts';
import { createRegistryStore } from '../../src/stores/sqlite/registry.ts';
import { createSqliteRuns } from '../../src/stores/sqlite/runs.ts';
import { sqliteStatus } from '../../src/stores/sqlite/status.ts';
import { versionRow } from '../suites/registry-store.ts';
import { emptyPlan, newRun } from '../suites/run-store.ts';

let folder: string;
let file: string;
const open: SqliteConnection[] = [];
const opened = async () => {
  const connection = await openSqlite(file);
  open.push(connection);
  return connection;
};
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ice prune '));
  file = join(folder, 'ice.db');
});
afterEach(async () => {
  for (const connection of open.splice(0)) connection.close();
  await rm(folder, { recursive: true });
});

const HOUR = 3_600_000;
const NOW = 100 * HOUR;
const digestOf = (text: string) => `sha256:${hash('sha256', text, 'hex')}`;
const put = (connection: SqliteConnection, text: string, at = 1) =>
  createArtifactStore(connection, () => at).put('demo', digestOf(text), Buffer.from(text), 'test');
const has = async (connection: SqliteConnection, ...texts: string[]) => {
  const found = await createArtifactStore(connection).has('demo', texts.map(digestOf));
  return texts.filter((text) => found.has(digestOf(text)));
};

describe('prune', () => {
  test('what a version, an archived one, or a staying run refers to stays; the rest goes when it is old', async () => {
    const connection = await opened();
    const manifest = (entry: string) => ({ ...versionRow().manifest, entry: digestOf(entry) });
    const text = (entry: string) => JSON.stringify(manifest(entry));
    for (const entry of ['registered', 'archived', 'run']) {
      await put(connection, entry);
      await put(connection, text(entry));
    }
    await put(connection, 'unused');
    await put(connection, 'young', NOW - 1);
    const registry = createRegistryStore(connection);
    await registry.apply({
      project: 'demo',
      base: await registry.revision('demo'),
      versions: (['registered', 'archived'] as const).map((entry, i) =>
        versionRow({
          version: `1.${i}.0`,
          digest: digestOf(text(entry)),
          manifest: manifest(entry),
          archivedAt: entry === 'archived' ? 5 : null,
        }),
      ),
      tags: [],
      archive: [],
    });
    // A plan names the manifest only: that its entry stays is found through it.
    const plan = { ...emptyPlan(), components: { [digestOf(text('run'))]: { ref: 'x@1.0.0' } } };
    await createSqliteRuns(connection).create(newRun({}, plan as never));

    const request = { now: NOW, graceMs: HOUR };
    expect(planPrune(connection, request)).toMatchObject({
      artifacts: { count: 1, bytes: 'unused'.length },
      runs: { count: 0 },
    });
    expect(await has(connection, 'unused')).toEqual(['unused']);
    expect(await prune(connection, request)).toMatchObject({ artifacts: { count: 1 }, vacuumed: true });
    const all = ['registered', 'archived', 'run'].flatMap((entry) => [entry, text(entry)]);
    expect(await has(connection, ...all, 'unused', 'young')).toEqual([...all, 'young']);
    expect(planPrune(connection, request).artifacts.count).toBe(0);
  });

  test('old runs that ended go with their journals and plans, and then what only they used', async () => {
    const connection = await opened();
    const runs = createSqliteRuns(connection);
    await put(connection, 'old code');
    const oldPlan = { ...emptyPlan('old'), digest: digestOf('old code') };
    for (let i = 0; i < 450; i++)
      await runs.create(newRun({ state: 'succeeded', endedAt: NOW - 50 * HOUR }, oldPlan));
    const recent = await runs.create(newRun({ state: 'failed', endedAt: NOW - HOUR }));
    const waiting = await runs.create(newRun({ state: 'waiting', createdAt: 1 }, emptyPlan('waits')));
    const request = { now: NOW, graceMs: 0, runsEndedBefore: NOW - 10 * HOUR };
    expect(planPrune(connection, request)).toMatchObject({
      runs: { count: 450, events: 450 },
      plans: 1,
      artifacts: { count: 1 },
      kept: { runs: 2 },
    });
    expect(await prune(connection, request)).toMatchObject({ runs: { count: 450 }, artifacts: { count: 1 } });
    const left = await runs.list({ project: 'demo', limit: 10 });
    expect(left.map((row) => row.id).sort()).toEqual([recent.row.id, waiting.row.id].sort());
    expect(await runs.events('demo', recent.row.id)).toHaveLength(1);
    expect(sqliteStatus(connection)).toMatchObject({ damage: [], events: 2 });
  });

  test('a process that knows a plan makes a run of it after another process pruned it', async () => {
    const [server, pruner] = [await opened(), await opened()];
    const runs = createSqliteRuns(server);
    await runs.create(newRun({ state: 'succeeded', endedAt: 1 }));
    await prune(pruner, { now: NOW, graceMs: 0, runsEndedBefore: NOW });
    expect(pruner.db.prepare('select count(*) as n from plans').get()).toEqual({ n: 0 });
    const made = await runs.create(newRun());
    expect(await createSqliteRuns(pruner).plan(made.row.planDigest)).toMatchObject({ name: 'flow' });
  });
});

describe('backup and restore', () => {
  test('a whole copy while others write; restored, the database before stays beside it', async () => {
    const connection = await opened();
    const runs = createSqliteRuns(connection);
    const first = await runs.create(newRun());
    const copy = join(folder, 'copy.db');
    const [copied] = await Promise.all([
      backupDatabase(file, copy, false),
      ...Array.from({ length: 50 }, () => runs.create(newRun())),
    ]);
    expect(copied.bytes).toBe((await stat(copy)).size);
    expect((await stat(copy)).mode & 0o777).toBe(0o600);
    expect(existsSync(`${copy}-wal`)).toBe(false);
    await expect(backupDatabase(file, copy, false)).rejects.toMatchObject({ code: 'conflict' });
    await backupDatabase(file, copy, true);

    await expect(restoreDatabase(copy, file, new Date())).rejects.toMatchObject({ code: 'database_busy' });
    for (const one of open.splice(0)) one.close();
    const { before } = await restoreDatabase(copy, file, new Date('2026-11-24T12:00:00Z'));
    expect(before).toBe(`${file}.before-2026-11-24T12-00-00-000Z`);
    expect(existsSync(before!)).toBe(true);
    expect(await createSqliteRuns(await opened()).get('demo', first.row.id)).toBeDefined();
    expect(existsSync(`${file}.restoring`)).toBe(false);
  });

  test('over a database that is damaged; and what is no backup is refused, with the database as it was', async () => {
    const runs = createSqliteRuns(await opened());
    const { row } = await runs.create(newRun());
    const copy = join(folder, 'copy.db');
    await backupDatabase(file, copy, false);
    for (const one of open.splice(0)) one.close();
    await writeFile(join(folder, 'text.db'), 'no database');
    for (const bad of ['text.db', 'nowhere.db'])
      await expect(restoreDatabase(join(folder, bad), file, new Date())).rejects.toMatchObject({
        code: expect.stringMatching(/database_corrupt|not_found/),
      });
    await writeFile(file, 'damaged');
    await restoreDatabase(copy, file, new Date());
    expect(await createSqliteRuns(await opened()).get('demo', row.id)).toBeDefined();
  });
});
