import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { createArtifactStore } from '../../src/stores/sqlite/artifacts.ts';
import { createIdempotencyStore } from '../../src/stores/sqlite/idempotency.ts';
import { createRegistryStore } from '../../src/stores/sqlite/registry.ts';
import { REGISTRY_TABLES } from '../../src/stores/sqlite/registry-migration.ts';
import { createTokenStore } from '../../src/stores/sqlite/tokens.ts';
import { registryStoreSuite, versionRow } from '../suites/registry-store.ts';

function openDatabase() {
  const folder = mkdtempSync(join(tmpdir(), 'ice-registry-'));
  const db = new DatabaseSync(join(folder, 'ice.db'));
  db.exec('pragma journal_mode = wal; pragma foreign_keys = on');
  for (const statement of REGISTRY_TABLES) db.exec(statement);
  const close = (): void => {
    db.close();
    rmSync(folder, { recursive: true });
  };
  return { db, close };
}

registryStoreSuite('registry on SQLite', async () => {
  const { db, close } = openDatabase();
  return {
    registry: createRegistryStore(db),
    artifacts: createArtifactStore(db),
    tokens: createTokenStore(db),
    idempotency: createIdempotencyStore(db),
    close: async () => close(),
  };
});

test('the database itself refuses to rewrite a version or content', async () => {
  const { db, close } = openDatabase();
  const registry = createRegistryStore(db);
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
