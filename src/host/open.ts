import { hash } from 'node:crypto';
import { resolve } from 'node:path';
import type { Fetch } from '../client/request.ts';
import { SETTINGS, type SettingName } from '../contracts/config.ts';
import { IceError } from '../contracts/errors.ts';
import type { PermissionPolicy } from '../contracts/permission-policy.ts';
import type { Plan } from '../contracts/plan.ts';
import type { Engine } from '../engine/engine.ts';
import type { Tape } from '../models/cassettes.ts';
import type { Models } from '../models/port.ts';
import type { ToolEffects } from '../nodes/tool.ts';
import type { Settings } from '../project/config.ts';
import type { KeyringOptions } from '../project/keyring.ts';
import { iceVersion } from '../project/toolchain.ts';
import type { HostFetch } from '../sandbox/port.ts';
import type { KeySource } from '../secrets/key-source.ts';
import type { Secrets } from '../secrets/port.ts';
import { type App, createApp } from '../server/app.ts';
import type { LogEntry, Services } from '../server/services.ts';
import { inProcessFetch } from './in-process-fetch.ts';
import { lazyEngine } from './lazy-engine.ts';
import { logToStderr } from './log.ts';
import { openMasterKeys } from './master-key.ts';
import { openMcpServers } from './mcp-servers.ts';
import { createMetrics } from './metrics.ts';
import { operatorToken, registerOperator } from './operator-token.ts';
import { readPrices } from './price-file.ts';
import { openRuntimes, type Runtimes } from './runtimes.ts';
import { sealRuns } from './sealed-runs.ts';
import { tokenFileOf } from './server-file.ts';
import { openStd, type StdTools } from './std-catalog.ts';
import { IN_MEMORY, openStores, type Stores } from './stores.ts';
import { openToolNetwork } from './tool-network.ts';
import { isWorkerAlive } from './worker-id.ts';

export interface HostOptions {
  /** The folder that `.ice` and a relative database lie in; the working folder unless said. */
  cwd?: string;
  /** The project of `_`, and of runs that are driven here; `default`. */
  project?: string;
  /** Resolved settings, as the command line has them; what is below goes before them. */
  settings?: Settings;
  /** A path, or `:memory:`; `.ice/ice.db`. */
  database?: string;
  /** `full`: a commit is on disk before it counts (the default); `normal`: it survives a crash of the process. */
  durability?: 'full' | 'normal';
  /** The operator's token; made into `.ice/token` on first use when absent. */
  operatorToken?: string;
  /** Code from tokens that are not the operator's is run as the operator's is. */
  trustPushedCode?: boolean;
  /**
   * This is the user's own machine: tools may have secrets from `env`. A server never gives its environment away; it
   * reads from it only the addresses of model providers.
   */
  local?: boolean;
  /** Tools may reach addresses of this machine and its network that they name; on a `local` host they may. */
  allowPrivateNetwork?: boolean;
  /** The most that tools may touch here, whatever they declare: that of the folder's `ice.yaml`. */
  policy?: PermissionPolicy | undefined;
  /** Where code of tools runs, if that is open already; the host closes it. */
  runtimes?: Runtimes;
  /** The environment; the process's unless said. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Tests: who answers the models and the network of a project's runs, in their place. */
  tapeOf?(project: string): Tape | undefined;
  /** Tests: how the keyring of the system is reached. */
  keyring?: Omit<KeyringOptions, 'enabled'>;
  /** Tests: the secrets of all projects; those of the vault unless said. */
  secrets?: Secrets;
  /** Receives what went wrong inside; stderr from the level of the setting on unless said. */
  log?(entry: LogEntry): void;
}

/** ice in this process: the API, the engine, and everything behind them. */
export interface Host {
  /** The API without a socket: for `createClient({ baseUrl: 'http://ice.local', fetch, token })`. */
  fetch: Fetch;
  /** The operator's. Never print it unasked. */
  token: string;
  project: string;
  version: string;
  startedAt: number;
  app: App;
  services: Services;
  engine: Engine;
  stores: Stores;
  runtimes: Runtimes;
  std: StdTools;
  secrets: Secrets;
  /** The models as runs have them. */
  models(): Promise<Models>;
  /** Drives one run, and nothing else, until it ends, pauses or waits; waits while another process has it. */
  drive(runId: string, options?: { project?: string; signal?: AbortSignal }): Promise<void>;
  /** Stops the run's attempts and pauses it; `ice runs resume` goes on with it. */
  suspend(runId: string, project?: string): Promise<void>;
  /** Takes every run of the store that nobody drives. */
  startWorker(): void;
  status(): HostStatus;
  /** Ends streams, gives runs back (they are not paused: any worker goes on with them), closes everything. */
  close(): Promise<void>;
}

export interface HostStatus {
  version: string;
  project: string;
  database: string;
  durability: string;
  pid: number;
  startedAt: number;
}

const ORG = 'local';

/**
 * Opens ice in this process. Errors: `database_newer`, `database_corrupt`, `database_busy`, `read_only`, `disk_full`,
 * `machine`, `usage` (a setting that is none).
 */
export async function openHost(options: HostOptions = {}): Promise<Host> {
  const cwd = resolve(options.cwd ?? '.');
  const env = options.env ?? process.env;
  const setting = (name: SettingName): string | undefined =>
    options.settings ? options.settings[name].value : (SETTINGS[name] as { default?: string }).default;
  const database = options.database ?? setting('database')!;
  const durability = options.durability ?? (setting('durability') as 'full' | 'normal');
  const project = options.project ?? setting('project') ?? 'default';
  const local = options.local ?? false;
  const log = options.log ?? logToStderr(setting('logLevel'));
  const startedAt = Date.now();
  const version = iceVersion();

  const inMemory = database === IN_MEMORY;
  const stores = await openStores(inMemory ? database : resolve(cwd, database), durability);
  try {
    const token = operatorToken(
      inMemory ? undefined : tokenFileOf(cwd),
      options.operatorToken ?? (options.settings ? setting('operatorToken') : undefined),
    );
    await registerOperator(stores.tokens, token, ORG, startedAt);
    return assemble({ cwd, env, setting, project, local, log, startedAt, version, stores, token, options });
  } catch (error) {
    stores.close();
    throw error;
  }
}

interface Parts {
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
  setting(name: SettingName): string | undefined;
  project: string;
  local: boolean;
  log(entry: LogEntry): void;
  startedAt: number;
  version: string;
  stores: Stores;
  token: string;
  options: HostOptions;
}

function assemble(parts: Parts): Host {
  const { stores, project, log, version, startedAt } = parts;
  const runtimes = parts.options.runtimes ?? openRuntimes();
  const network = openToolNetwork({ allowPrivate: parts.options.allowPrivateNetwork ?? parts.local });
  const servers = openMcpServers({ cwd: parts.cwd, env: parts.env, version }, parts.options.tapeOf);
  const std = openStd(runtimes);
  const masterKeys = openMasterKeys({
    cwd: parts.cwd,
    local: parts.local,
    text: parts.setting('masterKey'),
    file: parts.setting('masterKeyFile'),
    // Only the command line's settings say that the user's keyring may be asked.
    keyring: parts.options.settings ? parts.setting('keyring') : '0',
    reach: parts.options.keyring,
  });
  const secrets = parts.options.secrets ?? openSecrets(parts, masterKeys);
  const models = once(() => openModelsOf(parts, secrets));
  const startChecks = once(() => import('./start-checks.ts'));
  const runs = sealRuns(stores.runs, async (id) => {
    const keys = await masterKeys.keys(id);
    if (keys) return keys;
    throw new IceError('machine', 'This target has no master key, so it can keep no secret inputs', {
      hint: 'Set ICE_MASTER_KEY (32 bytes in base64) or ICE_MASTER_KEY_FILE, and start it again.',
    });
  });
  const tools = async (): Promise<ToolEffects> => ({
    // Full Node: the operator's tools, wherever; others' only where the operator trusts them. The server saw to it
    // when the run was made.
    runtimes: { sandbox: await runtimes.sandbox(), node: await runtimes.node(), mcp: servers.of },
    artifacts: stores.artifacts,
    shipped: (digest) => std.bundle(digest),
    secrets: (of, names) => secrets.values(of, names),
    policy: () => parts.options.policy,
    hostFetch: (allowed, of) => {
      const tape = allowed.taped === false ? undefined : parts.options.tapeOf?.(of);
      return network.hostFetch(tape ? { ...allowed, through: recordedFetch(tape) } : allowed);
    },
  });
  const onError = (error: unknown): void => log({ level: 'error', message: 'the worker failed', error });
  const engine = lazyEngine(async () => {
    const { openEngine } = await import('./engine.ts');
    return openEngine({ store: runs.plain, threads: stores.threads, tools, models, onError });
  }, onError);
  const services: Services = {
    runs: runs.shown,
    registry: stores.registry,
    artifacts: stores.artifacts,
    tokens: stores.tokens,
    idempotency: stores.idempotency,
    drafts: stores.drafts,
    secrets,
    // Recorded answers need no keys.
    ...(parts.options.tapeOf || parts.options.secrets
      ? {}
      : {
          assertStartable: async (of: string, plan: Plan, maxCost: number | undefined) => {
            const { assertModels, assertSecrets } = await startChecks();
            await assertModels(models, plan, maxCost);
            await assertSecrets(secrets, of, plan);
          },
        }),
    engine: { ...engine, follow: runs.shownFollow(engine.follow) },
    std,
    clock: { now: Date.now },
    sha256: (content) => hash('sha256', content, 'hex'),
    config: {
      version,
      pid: process.pid,
      startedAt,
      org: ORG,
      defaultProject: project,
      trustPushedCode: parts.options.trustPushedCode ?? false,
      untrustedRuntime: runtimes.untrusted,
    },
    checks: { store: () => stores.check() },
    metrics: createMetrics(stores),
    openapi: async () =>
      (await import('../server/openapi.generated.json', { with: { type: 'json' } }))
        .default as unknown as Record<string, unknown>,
    log,
  };
  const app = createApp(services);

  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    app.endStreams();
    try {
      await engine.stop();
    } finally {
      await Promise.allSettled([runtimes.close(), network.close(), servers.close()]);
      stores.close();
    }
  };
  return {
    fetch: inProcessFetch(app),
    token: parts.token,
    project,
    version,
    startedAt,
    app,
    services,
    engine,
    stores,
    runtimes,
    std,
    secrets,
    models,
    drive: async (runId, { project: of = project, signal } = {}) => {
      await engine.driveWhenFree(of, runId, signal);
    },
    suspend: (runId, of = project) => engine.suspend(of, runId),
    startWorker: () => {
      engine.start();
      releaseDead(stores).catch((error: unknown) =>
        log({ level: 'error', message: 'the runs of a dead worker could not be taken over', error }),
      );
    },
    status: () => ({
      version,
      project,
      database: stores.file,
      durability: stores.durability,
      pid: process.pid,
      startedAt,
    }),
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

/** Gives back what processes of this machine held when they died, so that it need not wait for their leases. */
async function releaseDead({ leases, runs }: Stores): Promise<void> {
  const alive = new Map<string, boolean>();
  for (const { project, runId, worker, epoch } of await leases()) {
    if (!alive.has(worker)) alive.set(worker, isWorkerAlive(worker) !== false);
    if (!alive.get(worker)) await runs.release(project, runId, epoch);
  }
}

/** Secrets of tools and keys of models. Loaded when the first one is asked for. */
function openSecrets(parts: Parts, keys: KeySource): Secrets {
  const { env, local, stores } = parts;
  let vault: Promise<Secrets> | undefined;
  const open = (): Promise<Secrets> => {
    vault ??= import('../secrets/vault.ts').then(({ createVault }) =>
      createVault({
        store: stores.secrets,
        keys,
        ...(local ? { environment: env } : {}),
      }),
    );
    return vault;
  };
  return {
    values: async (...args) => (await open()).values(...args),
    find: async (...args) => (await open()).find(...args),
    list: async (...args) => (await open()).list(...args),
    set: async (...args) => (await open()).set(...args),
    remove: async (...args) => (await open()).remove(...args),
    rotate: async (...args) => (await open()).rotate(...args),
    keyPlace: () => keys.place(),
  };
}

async function openModelsOf(
  { cwd, env, setting, project, options: { tapeOf } }: Parts,
  secrets: Secrets,
): Promise<Models> {
  const [{ openModels }, { checkSchema }] = await Promise.all([
    import('../models/open-models.ts'),
    import('../language/schema/index.ts'),
  ]);
  const pricesFile = setting('modelPrices');
  const models = openModels({
    settings: {
      ...(pricesFile === undefined ? {} : { prices: readPrices(resolve(cwd, pricesFile)) }),
      limits: setting('modelLimits'),
      endpoints: setting('modelEndpoints'),
      timeout: setting('modelTimeout'),
    },
    env,
    keyOf: async (name, of) => secrets.find(of ?? project, name),
    checkSchema,
  });
  return tapeOf ? (await import('./taped.ts')).tapedModels(models, tapeOf) : models;
}

const recordedFetch =
  (tape: Tape) =>
  (network: HostFetch): HostFetch =>
  async (request, signal) =>
    (await import('../models/recorded.ts')).wrapFetch(network, tape)(request, signal);

/** Made when it is first asked for; a failure is the asker's, and the next one tries again. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}
