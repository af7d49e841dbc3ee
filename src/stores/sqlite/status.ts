import { statSync } from 'node:fs';
import { ENDED, type RunState } from '../../contracts/events.ts';
import type { SqliteConnection } from './connection.ts';
import { SEQS, TYPE_NUMBERS } from './run-row.ts';

export interface DatabaseStatus {
  file: string;
  sizeBytes: number;
  walBytes: number;
  /** As read back from SQLite, not as it was asked for. */
  journalMode: string;
  synchronous: 'off' | 'normal' | 'full' | 'extra';
  schema: number;
  /** What `PRAGMA integrity_check` says; empty = the file is sound. */
  damage: string[];
  runs: Record<string, number>;
  events: number;
  /** Journals that are not as they must be: gaps, or an end that is not the run's. At most 100. */
  journals: { project: string; runId: string; problem: string }[];
}

const SYNCHRONOUS = ['off', 'normal', 'full', 'extra'] as const;
const END_TYPES = ['run.succeeded', 'run.failed', 'run.cancelled'] as const;
const MOST = 100;

/** How the database is: for `ice db status`. Reads the whole file, so it takes a moment on a large one. */
export function sqliteStatus(connection: SqliteConnection): DatabaseStatus {
  const { db, file } = connection;
  const value = (pragma: string) => Object.values(db.prepare(`pragma ${pragma}`).get()!)[0];
  const damage = db
    .prepare(`pragma integrity_check(${MOST})`)
    .all()
    .map((row) => String(row['integrity_check']));
  const runs = db.prepare('select state, count(*) as n from runs group by state').all();
  return {
    file,
    sizeBytes: bytesOf(file),
    walBytes: bytesOf(`${file}-wal`),
    journalMode: String(value('journal_mode')),
    synchronous: SYNCHRONOUS[Number(value('synchronous'))] ?? 'off',
    schema: Number(value('user_version')),
    damage: damage.length === 1 && damage[0] === 'ok' ? [] : damage,
    runs: Object.fromEntries(runs.map((row) => [String(row['state']), Number(row['n'])])),
    events: Number(db.prepare('select count(*) as n from events').get()!['n']),
    journals: journalProblems(connection),
  };
}

function journalProblems({ db }: SqliteConnection): DatabaseStatus['journals'] {
  const rows = db.prepare(`
    select runs.project, runs.id, runs.state, j.n, j.first, j.last, (select type from events where key = j.last) as type
    from runs left join (
      select key / ${SEQS} as run, count(*) as n, min(key) as first, max(key) as last from events group by 1
    ) j on j.run = runs.key
  `);
  const ends = new Set<unknown>(END_TYPES.map((type) => TYPE_NUMBERS[type]));
  const problems: DatabaseStatus['journals'] = [];
  for (const row of rows.iterate()) {
    if (problems.length >= MOST) break;
    const [n, first, last] = [Number(row['n']), Number(row['first']), Number(row['last'])];
    const ended = ENDED.has(row['state'] as RunState);
    const problem =
      n === 0
        ? 'its journal is empty'
        : first % SEQS !== 1 || last - first + 1 !== n
          ? `its journal has ${n} events, numbered ${first % SEQS} to ${last % SEQS}`
          : ended !== ends.has(row['type'])
            ? `it is ${row['state']}, and its journal ${ended ? 'has no end' : 'has ended'}`
            : undefined;
    if (problem) problems.push({ project: String(row['project']), runId: String(row['id']), problem });
  }
  return problems;
}

function bytesOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
