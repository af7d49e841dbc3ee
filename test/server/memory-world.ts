import { type Client, createClient } from '../../src/client/client.ts';
import type { AnyRunEvent } from '../../src/contracts/events.ts';
import { newId } from '../../src/contracts/ids.ts';
import { createEngine } from '../../src/engine/engine.ts';
import type { Clock, RunPatch } from '../../src/engine/ports.ts';
import { inProcessFetch } from '../../src/host/in-process-fetch.ts';
import { checkSchema } from '../../src/language/schema/index.ts';
import type { Role, TokenRow } from '../../src/registry/ports.ts';
import { openKeySource } from '../../src/secrets/key-source.ts';
import { createVault } from '../../src/secrets/vault.ts';
import { type App, createApp } from '../../src/server/app.ts';
import type { LogEntry, Services } from '../../src/server/services.ts';
import { hashToken, newTokenSecret, sha256Hex } from '../../src/server/token.ts';
import { createMemoryRuns } from '../../src/stores/memory.ts';
import { createMemoryArtifactStore } from '../../src/stores/memory-artifacts.ts';
import { createMemoryDraftStore } from '../../src/stores/memory-drafts.ts';
import { createMemoryIdempotencyStore } from '../../src/stores/memory-idempotency.ts';
import { createMemoryRegistryStore } from '../../src/stores/memory-registry.ts';
import { createMemorySecretStore } from '../../src/stores/memory-secrets.ts';
import { createMemoryTokenStore } from '../../src/stores/memory-tokens.ts';
import type { Built } from '../suites/client-components.ts';

/** The server over memory stores, with runs that a test drives by hand: it says what happens, and when. */
export interface MemoryWorld {
  services: Services;
  app: App;
  logged: LogEntry[];
  clock: { time: number };
  /** Makes a token and gives its secret. */
  token(role: Role, more?: Partial<TokenRow>): Promise<string>;
  client(secret: string, project?: string): Client;
  /** A request as it would come over a socket. */
  send(
    secret: string | undefined,
    method: string,
    path: string,
    init?: { body?: unknown; headers?: Record<string, string> },
  ): Promise<Response>;
  /** Puts a component's bytes there and registers its version. */
  register(project: string, built: Built, by?: string): Promise<void>;
  /** Appends entries to a run's journal. */
  append(
    project: string,
    id: string,
    events: Pick<AnyRunEvent, 'type' | 'data'>[],
    patch?: RunPatch,
  ): Promise<void>;
}

export const ORIGIN = 'http://127.0.0.1:4747';

export async function memoryWorld(config: Partial<Services['config']> = {}): Promise<MemoryWorld> {
  const runs = createMemoryRuns();
  const clock = { time: Date.parse('2026-11-24T12:00:00Z'), now: () => clock.time };
  const logged: LogEntry[] = [];
  const services: Services = {
    runs,
    registry: createMemoryRegistryStore(),
    artifacts: createMemoryArtifactStore(),
    tokens: createMemoryTokenStore(),
    idempotency: createMemoryIdempotencyStore(),
    drafts: createMemoryDraftStore(),
    secrets: createVault({
      store: createMemorySecretStore(),
      keys: openKeySource({ text: Buffer.alloc(32, 7).toString('base64') }),
      now: () => clock.time,
    }),
    // Its worker is never started: runs are made and then stand still, until a test writes to their journals.
    engine: createEngine({
      store: runs,
      effects: {},
      checkSchema,
      workerId: 'test',
      clock: engineClock(clock),
    }),
    std: { versions: async () => [], byDigest: async () => undefined },
    clock,
    config: {
      version: '0.0.0-test',
      pid: 1,
      startedAt: clock.time,
      org: 'local',
      defaultProject: 'home',
      trustPushedCode: false,
      untrustedRuntime: false,
      heartbeatMs: 50,
      ...config,
    },
    checks: {},
    metrics: { request: () => {}, render: () => '' },
    openapi: async () =>
      (await import('../../src/server/openapi.generated.json', { with: { type: 'json' } })).default,
    sha256: sha256Hex,
    log: (entry) => logged.push(entry),
  };
  const app = createApp(services);
  const world: MemoryWorld = {
    services,
    app,
    logged,
    clock,
    async token(role, more = {}) {
      const secret = newTokenSecret();
      await services.tokens.put({
        id: newId('tok'),
        hash: await hashToken(secret),
        name: role,
        org: 'local',
        project: 'home',
        role,
        operator: false,
        createdAt: clock.time,
        createdBy: 'test',
        expiresAt: null,
        lastUsedAt: null,
        revokedAt: null,
        ...more,
      });
      return secret;
    },
    client: (secret, project) =>
      createClient({
        baseUrl: ORIGIN,
        token: secret,
        fetch: inProcessFetch(app),
        ...(project ? { project } : {}),
      }),
    send: (secret, method, path, { body, headers = {} } = {}) =>
      app.fetch(
        new Request(ORIGIN + path, {
          method,
          headers: {
            ...(secret === undefined ? {} : { authorization: `Bearer ${secret}` }),
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
            ...headers,
          },
          ...(body === undefined
            ? {}
            : {
                body:
                  typeof body === 'string' || body instanceof Uint8Array
                    ? (body as string)
                    : JSON.stringify(body),
              }),
        }),
      ),
    async register(project, { item, manifest, artifacts }, by = 'operator') {
      for (const [digest, bytes] of artifacts) await services.artifacts.put(project, digest, bytes, by);
      const { file: _, ...row } = item;
      await services.registry.apply({
        project,
        base: await services.registry.revision(project),
        versions: [{ ...row, project, manifest, createdAt: clock.time++, createdBy: by, archivedAt: null }],
        tags: [{ kind: item.kind, name: item.name, tag: 'latest', version: item.version }],
        archive: [],
      });
    },
    async append(project, id, events, patch = {}) {
      const row = (await runs.get(project, id))!;
      await runs.commit({
        project,
        runId: id,
        expectedSeq: row.seq,
        events: events.map(
          (event, i) => ({ v: 1, seq: row.seq + 1 + i, ts: clock.time, runId: id, ...event }) as AnyRunEvent,
        ),
        patch,
      });
    },
  };
  return world;
}

/** The time of the test; timers are real, so that waits end. */
const engineClock = (clock: { now(): number }): Clock => ({
  now: clock.now,
  at(at, wake) {
    const timer = setTimeout(wake, Math.max(0, at - clock.now()));
    return () => clearTimeout(timer);
  },
  random: Math.random,
});
