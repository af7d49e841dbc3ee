import { type Client, createClient } from '../../src/client/client.ts';
import { IceError } from '../../src/contracts/errors.ts';
import { type AnyRunEvent, ENDED } from '../../src/contracts/events.ts';
import { newId } from '../../src/contracts/ids.ts';
import type { Plan } from '../../src/contracts/plan.ts';
import type { RunPatch, RunRow, RunStore } from '../../src/engine/ports.ts';
import { inProcessFetch } from '../../src/host/in-process-fetch.ts';
import type { Role, TokenRow } from '../../src/registry/ports.ts';
import { type App, createApp } from '../../src/server/app.ts';
import type { Followed, LogEntry, RunControl, Services } from '../../src/server/services.ts';
import { hashToken, newTokenSecret } from '../../src/server/token.ts';
import { createMemoryRuns } from '../../src/stores/memory.ts';
import { createMemoryArtifactStore } from '../../src/stores/memory-artifacts.ts';
import { createMemoryIdempotencyStore } from '../../src/stores/memory-idempotency.ts';
import { createMemoryRegistryStore } from '../../src/stores/memory-registry.ts';
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
    engine: handDriven(runs, clock),
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

/** Runs that are made and then stand still: only the journal moves, and only when a test moves it. */
function handDriven(runs: RunStore, clock: { now(): number }): RunControl {
  const change = async (project: string, id: string, patch: RunPatch): Promise<RunRow | undefined> => {
    const row = await runs.get(project, id);
    if (!row) return undefined;
    if (ENDED.has(row.state)) throw new IceError('run_ended', `The run ${id} has already ended`);
    await runs.commit({ project, runId: id, expectedSeq: row.seq, events: [], patch });
    return runs.get(project, id);
  };
  return {
    create: async (order) => {
      const now = clock.now();
      return runs.create({ row: rowOf(order, now), plan: order.plan, events: [created(order, now)] });
    },
    cancel: (project, id) => change(project, id, { cancelRequested: true }),
    pause: (project, id) => change(project, id, { state: 'paused' }),
    resume: (project, id) => change(project, id, { state: 'queued' }),
    async *follow(project, id, { after, signal }): AsyncGenerator<Followed> {
      let last = after;
      let wake = (): void => {};
      const off = runs.onChange((_, changed) => {
        if (changed === id) wake();
      });
      signal.addEventListener('abort', () => wake());
      try {
        while (!signal.aborted) {
          const changed = new Promise<void>((resolve) => {
            wake = resolve;
          });
          const events = await runs.events(project, id, last, 100);
          for (const event of events) {
            last = event.seq;
            yield { kind: 'event', event };
          }
          if (events.length > 0) continue;
          if (ENDED.has((await runs.get(project, id))!.state)) return yield { kind: 'end' };
          await changed;
        }
      } finally {
        off();
      }
    },
  };
}

type Order = Parameters<RunControl['create']>[0];
const planDigest = (plan: Plan): string => plan.digest;

const rowOf = (order: Order, now: number): RunRow => ({
  project: order.project,
  id: order.id,
  state: 'queued',
  name: order.plan.name,
  version: order.plan.version,
  digest: order.plan.digest,
  planDigest: planDigest(order.plan),
  contentHash: order.contentHash,
  createdAt: now,
  startedAt: null,
  endedAt: null,
  createdBy: order.by,
  usage: { inputTokens: 0, outputTokens: 0 },
  cost: 0,
  maxCost: order.maxCost ?? null,
  deadlineAt: null,
  cancelRequested: false,
  seq: 1,
  leaseOwner: null,
  leaseEpoch: 0,
  leaseUntil: null,
  wakeAt: null,
  error: null,
});

const created = ({ id, plan, inputs, by }: Order, now: number): AnyRunEvent => ({
  v: 1,
  seq: 1,
  ts: now,
  runId: id,
  type: 'run.created',
  data: { name: plan.name, version: plan.version, plan: planDigest(plan), inputs, by },
});
