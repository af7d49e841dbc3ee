import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { IceError } from '../contracts/errors.ts';
import type { RunState } from '../contracts/events.ts';
import type { RunRow, RunStore, ThreadStore } from '../engine/ports.ts';
import type {
  ArtifactStore,
  DraftStore,
  IdempotencyStore,
  RegistryStore,
  TokenStore,
} from '../registry/ports.ts';
import type { SecretStore } from '../secrets/port.ts';
import type { DatabaseStatus } from '../stores/sqlite/status.ts';

/** Everything that is kept, behind its ports. */
export interface Stores {
  runs: RunStore;
  registry: RegistryStore;
  artifacts: ArtifactStore;
  tokens: TokenStore;
  idempotency: IdempotencyStore;
  secrets: SecretStore;
  threads: ThreadStore;
  drafts: DraftStore;
  /** Where it is kept: a path, or `memory`. */
  file: string;
  durability: 'full' | 'normal' | 'memory';
  /** Throws when what is kept can't be reached. */
  check(): void;
  /** Runs of all projects by state, and failed ones by the code of their error. */
  counts(): Promise<RunCounts>;
  /** Every lease that was not given back, also of workers that died. */
  leases(): Promise<Lease[]>;
  /** Looks the whole file over: damage, gaps in journals, the durability as SQLite says it. Undefined in memory. */
  inspect(): Promise<DatabaseStatus | undefined>;
  close(): void;
}

export interface Lease {
  project: string;
  runId: string;
  worker: string;
  epoch: number;
}

export interface RunCounts {
  states: Partial<Record<RunState, number>>;
  failures: Record<string, number>;
}

/** Kept nowhere: gone with the process. */
export const IN_MEMORY = ':memory:';

/** Opens the stores of a database file, or those in memory. Errors: `database_newer`, `database_corrupt`, … */
export async function openStores(file: string, durability: 'full' | 'normal'): Promise<Stores> {
  return file === IN_MEMORY ? memoryStores() : sqliteStores(resolve(file), durability);
}

async function sqliteStores(file: string, durability: 'full' | 'normal'): Promise<Stores> {
  const sqlite = await import('../stores/sqlite/index.ts');
  const connection = await sqlite.openSqlite(file, { durability });
  return {
    runs: sqlite.createSqliteRuns(connection),
    registry: sqlite.createRegistryStore(connection),
    artifacts: sqlite.createArtifactStore(connection),
    tokens: sqlite.createTokenStore(connection),
    idempotency: sqlite.createIdempotencyStore(connection),
    secrets: sqlite.createSecretStore(connection),
    threads: sqlite.createThreadStore(connection),
    drafts: sqlite.createDraftStore(connection),
    file,
    durability,
    check() {
      // An open file goes on to answer after it was removed, so its name is looked at too.
      if (!existsSync(file)) throw new IceError('unavailable', 'the database file is gone');
      connection.prepare('select 1 from tokens limit 1').get();
    },
    async counts() {
      const states: Partial<Record<RunState, number>> = {};
      for (const row of connection.prepare('select state, count(*) as n from runs group by state').all())
        states[row['state'] as RunState] = row['n'] as number;
      const failures: Record<string, number> = {};
      for (const row of connection
        .prepare(
          "select coalesce(json_extract(error, '$.code'), 'unknown') as code, count(*) as n from runs where state = 'failed' group by 1",
        )
        .all())
        failures[row['code'] as string] = row['n'] as number;
      return { states, failures };
    },
    leases: async () =>
      // A leased run is due when its lease runs out, so the index of what is due finds it.
      connection
        .prepare(
          'select project, id as runId, lease_owner as worker, lease_epoch as epoch from runs where due_at is not null and lease_owner is not null',
        )
        .all() as unknown as Lease[],
    inspect: async () => (await import('../stores/sqlite/status.ts')).sqliteStatus(connection),
    close: () => connection.close(),
  };
}

async function memoryStores(): Promise<Stores> {
  const [runs, registry, artifacts, tokens, idempotency, secrets, threads, drafts] = await Promise.all([
    import('../stores/memory.ts'),
    import('../stores/memory-registry.ts'),
    import('../stores/memory-artifacts.ts'),
    import('../stores/memory-tokens.ts'),
    import('../stores/memory-idempotency.ts'),
    import('../stores/memory-secrets.ts'),
    import('../stores/memory-threads.ts'),
    import('../stores/memory-drafts.ts'),
  ]);
  const store = runs.createMemoryRuns();
  const made = new Set<RunRow>();
  return {
    runs: {
      ...store,
      async create(run, lease) {
        const result = await store.create(run, lease);
        if (result.created) made.add(result.row);
        return result;
      },
    },
    registry: registry.createMemoryRegistryStore(),
    artifacts: artifacts.createMemoryArtifactStore(),
    tokens: tokens.createMemoryTokenStore(),
    idempotency: idempotency.createMemoryIdempotencyStore(),
    secrets: secrets.createMemorySecretStore(),
    threads: threads.createMemoryThreadStore(),
    drafts: drafts.createMemoryDraftStore(),
    file: 'memory',
    durability: 'memory',
    check() {},
    inspect: async () => undefined,
    async counts() {
      const counts: RunCounts = { states: {}, failures: {} };
      for (const { project, id } of made) {
        const { state, error } = (await store.get(project, id))!;
        counts.states[state] = (counts.states[state] ?? 0) + 1;
        if (state !== 'failed') continue;
        const code = error?.code ?? 'unknown';
        counts.failures[code] = (counts.failures[code] ?? 0) + 1;
      }
      return counts;
    },
    // Workers in memory die with it.
    leases: async () => [],
    close() {},
  };
}
