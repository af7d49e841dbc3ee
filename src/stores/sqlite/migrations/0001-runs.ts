import { type Kysely, sql } from 'kysely';

/**
 * Runs and their journals.
 *
 * A run has a small number as its key, and an event's key is `run << 22 | seq`: the journal is one B-tree in the
 * order in which it is read, without a second index, and an event that is there twice is impossible.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('plans')
    .addColumn('digest', 'text', (column) => column.primaryKey())
    .addColumn('plan', 'text', (column) => column.notNull())
    .execute();

  await db.schema
    .createTable('runs')
    .addColumn('key', 'integer', (column) => column.primaryKey())
    .addColumn('project', 'text', (column) => column.notNull())
    .addColumn('id', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('version', 'text', (column) => column.notNull())
    .addColumn('digest', 'text', (column) => column.notNull())
    .addColumn('plan_digest', 'text', (column) => column.notNull().references('plans.digest'))
    .addColumn('content_hash', 'text', (column) => column.notNull())
    .addColumn('created_at', 'integer', (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addColumn('started_at', 'integer')
    .addColumn('ended_at', 'integer')
    .addColumn('input_tokens', 'integer', (column) => column.notNull())
    .addColumn('output_tokens', 'integer', (column) => column.notNull())
    .addColumn('cost', 'real', (column) => column.notNull())
    .addColumn('max_cost', 'real')
    .addColumn('deadline_at', 'integer')
    .addColumn('cancel_requested', 'integer', (column) => column.notNull())
    .addColumn('lease_owner', 'text')
    .addColumn('lease_epoch', 'integer', (column) => column.notNull())
    .addColumn('lease_until', 'integer')
    .addColumn('wake_at', 'integer')
    // From when on a worker may take the run; null = never (it ended, or is paused).
    .addColumn('due_at', 'integer')
    .addColumn('error', 'text')
    .addUniqueConstraint('runs_id', ['project', 'id'])
    .execute();

  // Ids order runs of the same millisecond; they are sorted when they are read, and not kept a second time.
  await db.schema.createIndex('runs_list').on('runs').columns(['project', 'created_at']).execute();
  await sql`create index runs_due on runs (due_at) where due_at is not null`.execute(db);

  await db.schema
    .createTable('events')
    .addColumn('key', 'integer', (column) => column.primaryKey())
    .addColumn('ts', 'integer', (column) => column.notNull())
    .addColumn('type', 'integer', (column) => column.notNull())
    .addColumn('path', 'text')
    .addColumn('attempt', 'integer')
    .addColumn('data', 'text')
    .execute();

  await db.schema
    .createTable('cache')
    .addColumn('key', 'text', (column) => column.primaryKey())
    .addColumn('result', 'text', (column) => column.notNull())
    .addColumn('run_id', 'text', (column) => column.notNull())
    .addColumn('expires_at', 'integer')
    .execute();
}
