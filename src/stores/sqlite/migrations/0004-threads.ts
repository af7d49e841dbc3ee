import type { Kysely } from 'kysely';

/** Conversations of agents: a row a turn, in order; `number` counts up, so that turns of one millisecond keep theirs. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('thread_turns')
    .addColumn('number', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('project', 'text', (column) => column.notNull())
    .addColumn('thread', 'text', (column) => column.notNull())
    .addColumn('turn', 'text', (column) => column.notNull())
    .addColumn('messages', 'text', (column) => column.notNull())
    .addUniqueConstraint('thread_turns_turn', ['project', 'thread', 'turn'])
    .execute();
}
