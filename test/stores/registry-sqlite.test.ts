import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createArtifactStore } from '../../src/stores/sqlite/artifacts.ts';
import { openSqlite } from '../../src/stores/sqlite/connection.ts';
import { createIdempotencyStore } from '../../src/stores/sqlite/idempotency.ts';
import { createRegistryStore } from '../../src/stores/sqlite/registry.ts';
import { createTokenStore } from '../../src/stores/sqlite/tokens.ts';
import { registryStoreSuite, versionRow } from '../suites/registry-store.ts';

async function openDatabase() {
  const folder = mkdtempSync(join(tmpdir(), 'ice registry '));
  const connection = await openSqlite(join(folder, 'ice.db'));
  const close = (): void => {
    connection.close();
    rmSync(folder, { recursive: true });
  };
  return { connection, close };
}

registryStoreSuite('registry on SQLite', async () => {
  const { connection, close } = await openDatabase();
  return {
    registry: createRegistryStore(connection),
    artifacts: createArtifactStore(connection),
    tokens: createTokenStore(connection),
    idempotency: createIdempotencyStore(connection),
    close: async () => close(),
  };
});

test('the database itself refuses to rewrite a version or content', async () => {
  const { connection, close } = await openDatabase();
  const { db } = connection;
  const registry = createRegistryStore(connection);
  await registry.apply({
    project: 'shop',
    base: await registry.revision('shop'),
    versions: [versionRow()],
    tags: [],
    archive: [],
  });
  expect(() => db.exec("update component_versions set digest = 'sha256:other'")).toThrow('version_immutable');
  db.exec('update component_versions set archived_at = 1');
  db.exec("insert into artifacts values ('shop', 'sha256:x', x'00', 1, 'me')");
  expect(() => db.exec("update artifacts set bytes = x'01'")).toThrow('artifact_mismatch');
  close();
});
