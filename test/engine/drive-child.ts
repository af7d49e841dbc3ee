/**
 * A process that drives one run of a chain of tools on a SQLite file, for tests that kill or stop it:
 * `node drive-child.ts FILE RUN_ID LEASE_MS CALLS_FILE`. Each call of the tool is a line `path#attempt pid` in
 * CALLS_FILE, written before it works. Prints how the drive ended.
 */
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isWorkerAlive, newWorkerId } from '../../src/host/worker-id.ts';
import { openSqlite } from '../../src/stores/sqlite/connection.ts';
import { createSqliteRuns } from '../../src/stores/sqlite/runs.ts';
import { planOf } from './plan-of.ts';
import { engineOf, request } from './play.ts';

const [file, runId, leaseMs, calls] = process.argv.slice(2) as [string, string, string, string];
export const CHAIN = 60;
const plan = planOf({
  nodes: Array.from({ length: CHAIN }, (_, i) => ({
    id: `n${i}`,
    type: 'tool' as const,
    args: { n: i === 0 ? 0 : `{{ n${i - 1} + 1 }}` },
  })),
  outputs: { n: `{{ n${CHAIN - 1} }}` },
});

const connection = await openSqlite(file);
const engine = engineOf(
  createSqliteRuns(connection),
  async (attempt) => {
    appendFileSync(calls, `${attempt.path}#${attempt.attempt} ${process.pid}\n`);
    await sleep(5);
    return { result: (attempt.args as { n: number }).n };
  },
  { workerId: newWorkerId(), isWorkerAlive, leaseMs: Number(leaseMs) },
);
await engine.create({ ...request(plan, {}, runId), drive: false });
console.log(await engine.driveWhenFree('demo', runId));
connection.close();
