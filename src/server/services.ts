import type { ComponentVersion } from '../contracts/components.ts';
import type { Plan } from '../contracts/plan.ts';
import type { Engine } from '../engine/engine.ts';
import type { RunStore } from '../engine/ports.ts';
import type {
  ArtifactStore,
  DraftStore,
  IdempotencyStore,
  RegistryStore,
  TokenRow,
  TokenStore,
} from '../registry/ports.ts';
import type { Secrets } from '../secrets/port.ts';

/**
 * Everything that the server needs of the world, as values: `createApp(services)` opens nothing by itself. The host
 * puts one together; a test hands in memory stores.
 */
export interface Services {
  runs: RunStore;
  registry: RegistryStore;
  artifacts: ArtifactStore;
  tokens: TokenStore;
  idempotency: IdempotencyStore;
  drafts: DraftStore;
  /** Absent: this target keeps no secrets. */
  secrets?: Secrets;
  /**
   * Fails when a run of the plan lacks what it needs: a secret or a key, a model's provider, under a budget a model's
   * price. Absent: it shows when it is needed.
   */
  assertStartable?(project: string, plan: Plan, maxCost: number | undefined): Promise<void>;
  engine: RunControl;
  std: StdCatalog;
  clock: { now(): number };
  config: ServerConfig;
  /** name -> throws when the dependency is down; `/readyz` names it. */
  checks: Record<string, () => Promise<void> | void>;
  metrics: Metrics;
  /** The generated OpenAPI document; loaded when it is first asked for. */
  openapi(): Promise<Record<string, unknown>>;
  /** Absent: no limits, as in one's own process. */
  limits?: Limits;
  /** sha256 as 64 hex digits. */
  sha256: Sha256;
  /** Receives what went wrong inside, once; never a secret. */
  log(entry: LogEntry): void;
}

/** At once, or the platform's (`sha256Hex` of token.ts), which answers from another thread. */
export type Sha256 = (content: string | Uint8Array) => string | Promise<string>;

export interface ServerConfig {
  version: string;
  pid: number;
  /** Epoch milliseconds. */
  startedAt: number;
  /** The org that this server serves; a token of another one is a member of nothing here. */
  org: string;
  /** What `_` means for a token that is for every project. */
  defaultProject: string;
  /** Code from tokens that are not the operator's is run as the operator's is. */
  trustPushedCode: boolean;
  /** An untrusted runtime is there: tools with `runtime: sandbox` may be pushed by anyone with the role. */
  untrustedRuntime: boolean;
  /** How often a quiet stream says that it is alive; 15,000. */
  heartbeatMs?: number;
  /** Streams at once; 1,000. */
  maxStreams?: number;
}

export interface LogEntry {
  level: 'debug' | 'info' | 'warn' | 'error';
  message: string;
  requestId?: string;
  error?: unknown;
}

/** What the server asks of the engine. Who drives the runs is the host's matter. */
export type RunControl = Pick<Engine, 'create' | 'cancel' | 'pause' | 'resume' | 'follow' | 'wait'>;

/** A first-party tool: its version and its code. */
export interface StdEntry {
  version: ComponentVersion;
  /** The bundle under `manifest.entry`. */
  load(): Promise<Uint8Array>;
}

/** The tools that ship with ice. They are the same on every target and are in no registry. */
export interface StdCatalog {
  versions(): Promise<StdEntry[]>;
  byDigest(digest: string): Promise<StdEntry | undefined>;
}

/** Counters, rendered in the Prometheus text format. */
export interface Metrics {
  request(route: string, method: string, status: number, ms: number): void;
  render(): Promise<string> | string;
}

/** Rate limits. Each call takes one point, and answers with the wait in ms when there are none left. */
export interface Limits {
  request(token: TokenRow): Promise<number | undefined>;
  /** Failed authentications of one address: guessing has to be slow. */
  failure(remote: string): Promise<number | undefined>;
}
