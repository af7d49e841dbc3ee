import type { DatabaseSync } from 'node:sqlite';
import { Kysely, SqliteDialect } from 'kysely';

/**
 * Kysely over a node:sqlite connection: for migrations and for queries off the hot path. It shares the connection,
 * so never open a transaction through it (its `begin` is neither immediate nor synchronous); writes go through
 * `SqliteConnection.write`.
 */
export function kyselyOf<Tables>(database: DatabaseSync): Kysely<Tables> {
  return new Kysely<Tables>({
    dialect: new SqliteDialect({
      database: {
        // The connection belongs to whoever opened it.
        close: () => {},
        prepare: (sql) => {
          const statement = database.prepare(sql);
          const bind = (parameters: ReadonlyArray<unknown>) => parameters as never[];
          return {
            reader: statement.columns().length > 0,
            all: (parameters) => statement.all(...bind(parameters)),
            run: (parameters) => statement.run(...bind(parameters)),
            iterate: (parameters) => statement.iterate(...bind(parameters)) as IterableIterator<unknown>,
          };
        },
      },
    }),
  });
}
