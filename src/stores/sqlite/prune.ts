import type { SqliteConnection } from './connection.ts';
import { SEQS } from './run-row.ts';

export interface PruneRequest {
  /** Epoch ms. */
  now: number;
  /** Content younger than this stays: an upload comes before the run or the push that uses it. */
  graceMs: number;
  /** Runs that ended before this go, with their journals; absent: none do. Epoch ms. */
  runsEndedBefore?: number;
}

/** What a prune takes away, or would. */
export interface Pruned {
  artifacts: { count: number; bytes: number };
  runs: { count: number; events: number };
  plans: number;
  cached: number;
  /** What stays, for the sense of it. */
  kept: { artifacts: number; bytes: number; runs: number };
}

interface Found extends Pruned {
  digests: { project: string; digest: string }[];
  runKeys: number[];
}

/** A manifest is small; content above this is no manifest, and is not looked into for its entry. */
const MOST_MANIFEST = 1024 * 1024;
const DIGEST = /sha256:[0-9a-f]{64}/g;
/** So much is deleted in one transaction: others wait for its end. */
const AT_ONCE = 200;

/** What is used by nobody: looks, and changes nothing. */
export function planPrune(connection: SqliteConnection, request: PruneRequest): Pruned {
  const { digests: _digests, runKeys: _keys, ...pruned } = find(connection, request);
  return pruned;
}

/**
 * Takes it away, in transactions of bounded size, and gives the space back to the disk. What came into use meanwhile
 * is young, so it is not among what was found. `vacuumed` is false when another process reads the file.
 */
export async function prune(
  connection: SqliteConnection,
  request: PruneRequest,
): Promise<Pruned & { vacuumed: boolean }> {
  const runs = find(connection, request);
  for (let at = 0; at < runs.runKeys.length; at += AT_ONCE)
    await connection.write(() => deleteRuns(connection, runs.runKeys.slice(at, at + AT_ONCE)));
  // Without those runs more content is unused: it is looked for anew.
  const { digests, runKeys: _keys, ...pruned } = find(connection, { ...request, runsEndedBefore: 0 });
  const deleteArtifact = connection.prepare('delete from artifacts where project = ? and digest = ?');
  for (let at = 0; at < digests.length; at += AT_ONCE)
    await connection.write(() => {
      for (const { project, digest } of digests.slice(at, at + AT_ONCE)) deleteArtifact.run(project, digest);
    });
  await connection.write(() => {
    connection.prepare(`delete from plans where ${UNUSED_PLAN}`).run();
    connection.prepare('delete from cache where expires_at <= ?').run(request.now);
  });
  return { ...pruned, runs: runs.runs, plans: runs.plans, cached: runs.cached, vacuumed: vacuum(connection) };
}

const UNUSED_PLAN = 'not exists (select 1 from runs where runs.plan_digest = plans.digest)';

function find({ db }: SqliteConnection, request: PruneRequest): Found {
  const count = (text: string, ...values: (string | number)[]): number =>
    Number(Object.values(db.prepare(text).get(...values)!)[0]);
  const before = request.runsEndedBefore ?? 0;
  // Paused and waiting runs have not ended, however old they are.
  const going = `ended_at is not null and ended_at < ${Math.trunc(before)}`;
  const runKeys = db
    .prepare(`select key from runs where ${going}`)
    .all()
    .map((row) => Number(row['key']));
  let events = 0;
  const eventsOf = db.prepare('select count(*) as n from events where key > ? and key < ?');
  for (const key of runKeys) events += Number(eventsOf.get(key * SEQS, (key + 1) * SEQS)!['n']);

  const used = usedDigests(db, `not (${going})`);
  const artifacts = db
    .prepare('select project, digest, length(bytes) as size, created_at as createdAt from artifacts')
    .all() as unknown as { project: string; digest: string; size: number; createdAt: number }[];
  const gone = artifacts.filter(
    (row) => row.createdAt < request.now - request.graceMs && !used.has(row.digest),
  );
  const bytes = (rows: typeof artifacts): number => rows.reduce((sum, row) => sum + row.size, 0);
  return {
    digests: gone,
    runKeys,
    artifacts: { count: gone.length, bytes: bytes(gone) },
    runs: { count: runKeys.length, events },
    plans: count(
      `select count(*) from plans where not exists
        (select 1 from runs where runs.plan_digest = plans.digest and not (${going}))`,
    ),
    cached: count('select count(*) from cache where expires_at <= ?', request.now),
    kept: {
      artifacts: artifacts.length - gone.length,
      bytes: bytes(artifacts) - bytes(gone),
      runs: count('select count(*) from runs') - runKeys.length,
    },
  };
}

/**
 * Every digest that something refers to: registered versions (archived ones too, which exact versions still reach),
 * what the plans of staying runs may execute, documents of drafts, and what a manifest among those says is its entry.
 * Plans and drafts are searched as text: what only looks like a digest keeps more, never less.
 */
function usedDigests(db: SqliteConnection['db'], staying: string): Set<string> {
  const used = new Set<string>();
  const collect = (text: unknown): void => {
    for (const [digest] of String(text).matchAll(DIGEST)) used.add(digest);
  };
  for (const row of db.prepare('select digest, manifest from component_versions').iterate()) {
    collect(row['digest']);
    collect(row['manifest']);
  }
  for (const row of db
    .prepare(
      `select digest, plan from plans where exists
        (select 1 from runs where runs.plan_digest = plans.digest and ${staying})`,
    )
    .iterate())
    collect(row['plan']);
  for (const row of db.prepare(`select distinct digest from runs where ${staying}`).iterate())
    collect(row['digest']);
  for (const row of db.prepare('select document from drafts').iterate()) collect(row['document']);
  const content = db.prepare('select bytes from artifacts where digest = ? and length(bytes) <= ? limit 1');
  for (const digest of [...used]) {
    const found = content.get(digest, MOST_MANIFEST);
    if (found) collect(entryOf(found['bytes'] as Uint8Array));
  }
  return used;
}

/** The entry that a manifest names; other content names none. */
function entryOf(bytes: Uint8Array): string {
  try {
    const { entry } = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as {
      entry?: unknown;
    };
    return typeof entry === 'string' ? entry : '';
  } catch {
    return '';
  }
}

function deleteRuns(connection: SqliteConnection, keys: readonly number[]): void {
  const events = connection.prepare('delete from events where key > ? and key < ?');
  const run = connection.prepare('delete from runs where key = ?');
  for (const key of keys) {
    events.run(key * SEQS, (key + 1) * SEQS);
    run.run(key);
  }
}

/** Rewriting the file needs it alone; where somebody else has it open, its free pages are used again instead. */
function vacuum({ db }: SqliteConnection): boolean {
  try {
    db.exec('vacuum');
    db.exec('pragma wal_checkpoint(truncate)');
    return true;
  } catch {
    return false;
  }
}
