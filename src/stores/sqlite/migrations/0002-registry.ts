import { type Kysely, sql } from 'kysely';

/**
 * The registry: versions, tags, content, tokens, and answers by Idempotency-Key.
 *
 * The triggers are the last guard of "versions are immutable": whatever the code above does, a row that says what a
 * version is can't be rewritten; only whether it is archived can change.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('component_versions')
    // Counts up, so that versions made in the same millisecond still have an order.
    .addColumn('number', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('project', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('version', 'text', (column) => column.notNull())
    .addColumn('digest', 'text', (column) => column.notNull())
    .addColumn('manifest', 'text', (column) => column.notNull())
    .addColumn('info', 'text', (column) => column.notNull())
    .addColumn('created_at', 'integer', (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addColumn('archived_at', 'integer')
    .addUniqueConstraint('component_versions_name', ['project', 'kind', 'name', 'version'])
    .execute();
  await sql`
    create trigger component_versions_immutable
      before update of project, kind, name, version, digest, manifest, info, created_at, created_by
      on component_versions
      begin select raise(abort, 'version_immutable'); end`.execute(db);

  await db.schema
    .createTable('component_tags')
    .addColumn('project', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('tag', 'text', (column) => column.notNull())
    .addColumn('version', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('component_tags_tag', ['project', 'kind', 'name', 'tag'])
    .addForeignKeyConstraint(
      'component_tags_version',
      ['project', 'kind', 'name', 'version'],
      'component_versions',
      ['project', 'kind', 'name', 'version'],
    )
    .execute();

  await db.schema
    .createTable('artifacts')
    .addColumn('project', 'text', (column) => column.notNull())
    .addColumn('digest', 'text', (column) => column.notNull())
    .addColumn('bytes', 'blob', (column) => column.notNull())
    .addColumn('created_at', 'integer', (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('artifacts_digest', ['project', 'digest'])
    .execute();
  await sql`
    create trigger artifacts_immutable before update on artifacts
      begin select raise(abort, 'artifact_mismatch'); end`.execute(db);

  await db.schema
    .createTable('tokens')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('hash', 'text', (column) => column.notNull().unique())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('org', 'text', (column) => column.notNull())
    .addColumn('project', 'text')
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('operator', 'integer', (column) => column.notNull())
    .addColumn('created_at', 'integer', (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addColumn('expires_at', 'integer')
    .addColumn('last_used_at', 'integer')
    .addColumn('revoked_at', 'integer')
    .execute();
  await db.schema.createIndex('tokens_org').on('tokens').columns(['org', 'created_at']).execute();

  await db.schema
    .createTable('idempotency_keys')
    .addColumn('scope', 'text', (column) => column.notNull())
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('request_hash', 'text', (column) => column.notNull())
    // Null while the first request is under way.
    .addColumn('status', 'integer')
    .addColumn('body', 'text')
    .addColumn('created_at', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('idempotency_keys_key', ['scope', 'key'])
    .execute();
  await db.schema
    .createIndex('idempotency_keys_age')
    .on('idempotency_keys')
    .columns(['created_at'])
    .execute();
}
