import type { SqliteConnection } from './connection.ts';

/** Most values kept; beyond it all are read again. */
const MOST = 1_000;

/**
 * What was read from a table, kept while it holds: until `forget`, which every write of this process to the table calls
 * inside its transaction, or until another connection has written anything.
 */
export class Remembered<Value> {
  private readonly connection: SqliteConnection;
  private readonly values = new Map<string, Value>();
  private generation = -1;

  constructor(connection: SqliteConnection) {
    this.connection = connection;
  }

  get(key: string, read: () => Value): Value {
    const generation = this.connection.current();
    if (generation !== this.generation || this.values.size >= MOST) this.values.clear();
    this.generation = generation;
    const there = this.values.get(key);
    if (there !== undefined) return there;
    const value = read();
    // What is not there may be anything, asked for by anybody.
    if (value !== undefined) this.values.set(key, value);
    return value;
  }

  forget(): void {
    this.values.clear();
  }
}
