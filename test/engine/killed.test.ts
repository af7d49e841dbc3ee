import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../../src/contracts/ids.ts';
import { openSqlite } from '../../src/stores/sqlite/connection.ts';
import { createSqliteRuns } from '../../src/stores/sqlite/runs.ts';
import { sqliteStatus } from '../../src/stores/sqlite/status.ts';
import { playedOf } from './play.ts';

const CHAIN = 60;
const SQLITE_BUSY = 5;
const script = fileURLToPath(new URL('./drive-child.ts', import.meta.url));
let folder: string;
let file: string;
let calls: string;
const children: ChildProcess[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ice-killed-'));
  [file, calls] = [join(folder, 'ice.db'), join(folder, 'calls')];
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(folder, { recursive: true });
});

function drive(runId: string, leaseMs: number): { child: ChildProcess; done: Promise<string> } {
  const child = spawn(process.execPath, [script, file, runId, String(leaseMs), calls], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  let said = '';
  child.stdout!.on('data', (chunk) => {
    said += chunk;
  });
  return { child, done: new Promise((resolve) => child.on('exit', () => resolve(said.trim()))) };
}

const made = async (): Promise<string[]> =>
  (await readFile(calls, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');

async function untilCalls(n: number): Promise<void> {
  while ((await made()).length < n) await sleep(5);
}

/**
 * SIGSTOP, but not in the middle of a commit: a process that is stopped while it holds the write lock of SQLite keeps
 * every other one out for as long, which is not what is looked at here.
 */
async function stopBetweenCommits(child: ChildProcess): Promise<void> {
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    for (let tries = 0; tries < 200; tries++) {
      child.kill('SIGSTOP');
      // The signal is taken at the next turn of the scheduler; until then the lock may come and go.
      await sleep(10);
      try {
        database.exec('BEGIN IMMEDIATE; ROLLBACK');
        return;
      } catch (error) {
        if ((error as { errcode?: number }).errcode !== SQLITE_BUSY) throw error;
        child.kill('SIGCONT');
        await sleep(1 + (tries % 7));
      }
    }
    throw new Error('The write lock was held at each of 200 stops');
  } finally {
    database.close();
  }
}

async function checked(runId: string) {
  const connection = await openSqlite(file);
  const played = await playedOf(createSqliteRuns(connection), runId);
  const status = sqliteStatus(connection);
  connection.close();
  return { played, status };
}

describe('a worker that is killed with -9', () => {
  it('leaves a run that another process ends: every call made, only the one in flight made twice', async () => {
    const runId = newId('run');
    // The lease is long: the second process knows that the first is dead.
    const first = drive(runId, 60_000);
    await untilCalls(20);
    first.child.kill('SIGKILL');
    await first.done;
    const before = await made();
    const second = drive(runId, 60_000);
    expect(await second.done).toBe('ended');
    const { played, status } = await checked(runId);
    expect(played).toMatchObject({ state: 'succeeded', outputs: { n: CHAIN - 1 } });
    expect(status).toMatchObject({ damage: [], journals: [] });

    const byPath = new Map<string, number>();
    for (const line of await made()) {
      const [path] = line.split('#');
      byPath.set(path!, (byPath.get(path!) ?? 0) + 1);
    }
    expect(byPath.size).toBe(CHAIN);
    const twice = [...byPath].filter(([, n]) => n > 1);
    expect(twice.length).toBeLessThanOrEqual(1);
    if (twice[0]) expect(twice[0]).toEqual([before.at(-1)!.split('#')[0], 2]);
    expect(played.story.filter((line) => line === 'run.started').length).toBe(2);
  });
});

describe('a worker that is stopped for longer than its lease', () => {
  it('loses its run to another one, writes nothing more, and ends by itself', async () => {
    const runId = newId('run');
    const first = drive(runId, 300);
    await untilCalls(10);
    await stopBetweenCommits(first.child);
    const second = drive(runId, 60_000);
    // The second takes over when the lease runs out; the first goes on in the middle of that.
    while (!(await made()).some((line) => line.endsWith(` ${second.child.pid}`))) await sleep(5);
    first.child.kill('SIGCONT');
    expect(await second.done).toBe('ended');
    expect(await first.done).toMatch(/lost|ended/);
    const { played, status } = await checked(runId);
    expect(played).toMatchObject({ state: 'succeeded', outputs: { n: CHAIN - 1 } });
    expect(status).toMatchObject({ damage: [], journals: [] });
    // What the first one did after it was woken was no more than its call in flight.
    const lines = await made();
    const taken = lines.findIndex((line) => line.endsWith(` ${second.child.pid}`));
    expect(
      lines.slice(taken).filter((line) => line.endsWith(` ${first.child.pid}`)).length,
    ).toBeLessThanOrEqual(1);
  });
});
