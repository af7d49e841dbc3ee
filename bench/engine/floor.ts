import { DatabaseSync } from 'node:sqlite';

/**
 * The floor: the least hand-written engine. A table of runs, a row a step, group commit in one turn of the event loop;
 * no plans, scheduler, retries, leases, followers or API. Nothing that keeps these promises can be faster by much.
 */
export function openFloor(file: string, durability: 'full' | 'normal') {
  const db = new DatabaseSync(file);
  db.exec(`pragma journal_mode = wal; pragma synchronous = ${durability}; pragma busy_timeout = 5000;
    create table if not exists runs (key integer primary key, state text not null, outputs text);
    create table if not exists steps (run integer, seq integer, data text, primary key (run, seq)) without rowid;`);
  const begin = db.prepare('begin immediate');
  const commit = db.prepare('commit');
  const insertRun = db.prepare("insert into runs (key, state) values (?, 'running')");
  const insertStep = db.prepare('insert into steps (run, seq, data) values (?, ?, ?)');
  const endRun = db.prepare("update runs set state = 'succeeded', outputs = ? where key = ?");
  let queue: { write: () => void; resolve: () => void }[] = [];

  const flush = () => {
    const jobs = queue;
    queue = [];
    begin.run();
    for (const job of jobs) job.write();
    commit.run();
    for (const job of jobs) job.resolve();
  };
  const write = (work: () => void) =>
    new Promise<void>((resolve) => {
      if (queue.push({ write: work, resolve }) === 1) setImmediate(flush);
    });

  let runs = 0;
  const step = (run: number, seq: number, value: unknown, end = false) =>
    write(() => {
      const data = JSON.stringify(value);
      insertStep.run(run, seq, data);
      if (end) endRun.run(data, run);
    });
  return {
    /** A chain of steps, each committed before the next. */
    async chain(steps: number, pad: string): Promise<void> {
      const run = ++runs;
      await write(() => insertRun.run(run));
      let n = 0;
      for (let seq = 1; seq <= steps; seq++) {
        n += 1;
        await step(run, seq, pad === '' ? { n } : { n, pad }, seq === steps);
      }
    },
    /** One step, many at once, and one that joins them. */
    async fan(width: number): Promise<void> {
      const run = ++runs;
      await write(() => insertRun.run(run));
      await step(run, 1, { n: 1 });
      await Promise.all(Array.from({ length: width }, (_, i) => step(run, i + 2, { n: i })));
      await step(run, width + 2, { n: width }, true);
    },
    /** As this very connection has it. */
    synchronous: async () =>
      ['off', 'normal', 'full'][Number(Object.values(db.prepare('pragma synchronous').get()!)[0])]!,
    close: () => db.close(),
  };
}
