import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMemoryDraftStore } from '../../src/stores/memory-drafts.ts';
import { createMemorySecretStore } from '../../src/stores/memory-secrets.ts';
import { createMemoryThreadStore } from '../../src/stores/memory-threads.ts';
import { openSqlite, type SqliteConnection } from '../../src/stores/sqlite/connection.ts';
import { createDraftStore } from '../../src/stores/sqlite/drafts.ts';
import { createSecretStore } from '../../src/stores/sqlite/secrets.ts';
import { createThreadStore } from '../../src/stores/sqlite/threads.ts';
import { draftStoreSuite } from '../suites/draft-store.ts';
import { secretStoreSuite } from '../suites/secret-store.ts';
import { threadStoreSuite } from '../suites/thread-store.ts';

async function onSqlite<T>(make: (connection: SqliteConnection) => T) {
  const folder = mkdtempSync(join(tmpdir(), 'ice secrets '));
  const connection = await openSqlite(join(folder, 'ice.db'), { durability: 'normal' });
  return {
    store: make(connection),
    close: async () => {
      connection.close();
      rmSync(folder, { recursive: true });
    },
  };
}

const close = async () => {};
secretStoreSuite('secrets on SQLite', () => onSqlite(createSecretStore));
secretStoreSuite('secrets in memory', async () => ({ store: createMemorySecretStore(), close }));
threadStoreSuite('threads on SQLite', () => onSqlite(createThreadStore));
threadStoreSuite('threads in memory', async () => ({ store: createMemoryThreadStore(), close }));
draftStoreSuite('drafts on SQLite', () => onSqlite(createDraftStore));
draftStoreSuite('drafts in memory', async () => ({ store: createMemoryDraftStore(), close }));
