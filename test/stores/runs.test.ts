import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMemoryRuns } from '../../src/stores/memory.ts';
import { openSqlite } from '../../src/stores/sqlite/connection.ts';
import { createSqliteRuns } from '../../src/stores/sqlite/runs.ts';
import { runStoreSuite } from '../suites/run-store.ts';

runStoreSuite('memory', async () => ({ store: createMemoryRuns(), close: async () => {} }));

runStoreSuite('sqlite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ice-runs-'));
  const connection = await openSqlite(join(folder, 'ice.db'));
  return {
    store: createSqliteRuns(connection),
    async close() {
      connection.close();
      await rm(folder, { recursive: true });
    },
  };
});
