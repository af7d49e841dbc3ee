import type { Json } from '../../contracts/json.ts';
import type { ThreadStore } from '../../engine/ports.ts';
import { lastMessages, MOST_TURNS } from '../thread-rules.ts';
import type { SqliteConnection } from './connection.ts';

/** Conversations of agents in the SQLite database behind `connection`. */
export function createThreadStore(connection: SqliteConnection): ThreadStore {
  // The unique constraint is also the index of a thread; the newest turns are picked by number, then put in order.
  const read = connection.prepare(`
    select messages from
      (select number, messages from thread_turns
       where project = ? and thread = ? and turn <> ? order by number desc limit ${MOST_TURNS})
    order by number`);
  const append = connection.prepare(`
    insert into thread_turns (project, thread, turn, messages) values (?, ?, ?, ?)
    on conflict (project, thread, turn) do update set messages = excluded.messages`);
  return {
    read: async (project, thread, except) =>
      lastMessages(
        (read.all(project, thread, except) as { messages: string }[]).map(
          (row) => JSON.parse(row.messages) as Json[],
        ),
      ),
    append: async (project, thread, turn, messages) => {
      await connection.write(() => append.run(project, thread, turn, JSON.stringify(messages)));
    },
  };
}
