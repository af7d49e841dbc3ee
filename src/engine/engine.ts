import { IceError } from '../contracts/errors.ts';
import { type AnyRunEvent, ENDED } from '../contracts/events.ts';
import type { JsonObject } from '../contracts/json.ts';
import type { Plan } from '../contracts/plan.ts';
import { systemClock } from './clock.ts';
import { decide, type RunCommand } from './decide.ts';
import type { DriveEnd, Driver } from './driver.ts';
import { evolve } from './evolve.ts';
import { Feed, type RunFrame, type SeenRun } from './feed.ts';
import type { RunFold } from './fold.ts';
import type { CheckSchema, Clock, Effects, RunRow, RunStore } from './ports.ts';
import { Worker } from './worker.ts';

export interface EngineOptions {
  store: RunStore;
  effects: Effects;
  checkSchema: CheckSchema;
  /** Default: this machine's. */
  clock?: Clock;
  /** Names this process among all that use the store. */
  workerId: string;
  /** How long a lease lasts without being renewed, in milliseconds; default 15,000. It is renewed at a third of it. */
  leaseMs?: number;
  /** Runs driven at once; default 1,000. */
  concurrency?: number;
  /** A worker loop gives a run back that waits longer than this, in milliseconds; default 1,000. */
  releaseAfterMs?: number;
  /** How often the worker loop looks for work that nobody told of, in milliseconds; default 1,000. */
  backstopMs?: number;
  /** False when the process of a worker is known to be gone: its runs are taken over before their lease runs out. */
  isWorkerAlive?(workerId: string): boolean | undefined;
  /** Told of what has no caller to tell: a run that could not be taken up, a store that failed under the worker loop. */
  onError?(error: unknown): void;
}

export interface CreateRunRequest {
  project: string;
  id: string;
  plan: Plan;
  planDigest: string;
  /** sha256 of what the run was asked to be; the same id with another one is a conflict. */
  contentHash: string;
  inputs: JsonObject;
  createdBy: string;
  /** US dollars; the lower of this and the plan's counts. */
  maxCost?: number;
  /** Milliseconds from now; the lower of this and the plan's counts. */
  deadlineMs?: number;
  /** Whether this process drives it at once; default: when its worker loop runs and has room. */
  drive?: boolean;
}

/** `busy`: another live worker drives the run. */
export type DriveResult = DriveEnd | 'busy';

export interface Engine {
  /** Makes a run, or returns the one that is there. Errors: `idempotency_mismatch`, those of the store. */
  create(request: CreateRunRequest): Promise<{ row: RunRow; created: boolean }>;
  /** Takes the run and drives it, and nothing else, until it ends, pauses or is lost. Errors: `not_found`, the store's. */
  drive(project: string, runId: string): Promise<DriveResult>;
  /** As `drive`, but waits while another worker has the run, and takes it up when that one dies. */
  driveWhenFree(project: string, runId: string, signal?: AbortSignal): Promise<DriveResult>;
  /** Starts the worker loop: takes any run that is queued, due, or whose worker died. */
  start(): void;
  /** Ends the worker loop, stops attempts, and gives all runs back, for any worker to take up. */
  stop(): Promise<void>;
  /** Attempts are stopped, nothing new starts; with `force` without waiting for them. Errors: `run_ended`, `not_found`. */
  cancel(
    project: string,
    runId: string,
    options?: { by?: string; reason?: string; force?: boolean },
  ): Promise<RunRow>;
  /** Nothing new starts; attempts finish, then the run is given back. Errors: `run_ended`, `not_found`. */
  pause(project: string, runId: string): Promise<RunRow>;
  /** A paused run goes on: it is queued for any worker. Others are left as they are. Errors: `run_ended`, `not_found`. */
  resume(project: string, runId: string, by?: string): Promise<RunRow>;
  /** Stops the attempts of a run driven here and gives it back, paused: `resume` goes on with it. */
  suspend(project: string, runId: string): Promise<void>;
  suspendAll(): Promise<void>;
  /** Whether this process drives the run. */
  drives(project: string, runId: string): boolean;
  /** Events after `afterSeq`, in order and once, until the run has ended or `signal` aborts, with live text between. */
  follow(
    project: string,
    runId: string,
    afterSeq: number,
    signal?: AbortSignal,
  ): AsyncGenerator<RunFrame, void, undefined>;
  /** The run when it has ended, or as it is after `ms` milliseconds. Errors: `not_found`. */
  wait(project: string, runId: string, ms: number, signal?: AbortSignal): Promise<SeenRun>;
}

/** How often a run is taken anew from others who take it at the same time. */
const MOST_TRIES = 10;

const least = (...limits: (number | undefined)[]): number | null => {
  const given = limits.filter((limit) => limit !== undefined);
  return given.length === 0 ? null : Math.min(...given);
};

/** Puts the engine together from its world. It does nothing until it is asked: `create`, `drive` or `start`. */
export function createEngine(options: EngineOptions): Engine {
  const { store } = options;
  const clock = options.clock ?? systemClock;
  const leaseMs = options.leaseMs ?? 15_000;
  let unsubscribe: (() => void) | undefined;
  const feed = new Feed(store, () => subscribe());
  const worker = new Worker({
    store,
    clock,
    effects: options.effects,
    checkSchema: options.checkSchema,
    workerId: options.workerId,
    leaseMs,
    concurrency: options.concurrency ?? 1_000,
    releaseAfterMs: options.releaseAfterMs ?? 1_000,
    backstopMs: options.backstopMs ?? 1_000,
    isWorkerAlive: options.isWorkerAlive ?? (() => undefined),
    onError: options.onError ?? (() => {}),
    committed: (row, events) => feed.committed(row, events),
    delta: (project, runId, path, attempt, text) => feed.live({ project, runId, path, attempt, text }),
    busyChanged: () => subscribe(),
  });

  /** Listens to the store only while somebody here needs to know: another process's changes have to be polled for. */
  function subscribe(): void {
    const needed = feed.size > 0 || worker.size > 0 || worker.started;
    if (needed && !unsubscribe) {
      unsubscribe = store.onChange((project, runId) => {
        if (project === '' && runId === '') {
          feed.changed();
          worker.changedElsewhere();
        } else if (!worker.isOurs(project, runId)) {
          feed.changed(project, runId);
          worker.changed();
        }
      });
    } else if (!needed && unsubscribe) {
      unsubscribe();
      unsubscribe = undefined;
    }
  }

  /**
   * Tells whoever drives the run here. False when nobody does, or when the run was given back before it was heard: then
   * it has to be done from outside.
   */
  async function told(
    project: string,
    runId: string,
    tell: (driver: Driver) => Promise<void>,
  ): Promise<boolean> {
    for (;;) {
      const driver = await worker.arrived(project, runId);
      if (!driver) return false;
      try {
        await tell(driver);
        return true;
      } catch (error) {
        const gone =
          error instanceof IceError && (error.code === 'run_cancelled' || error.code === 'lease_lost');
        if (!gone) throw error;
        // What ended it is told to whoever waits for it.
        await driver.done.catch(() => {});
      }
    }
  }

  /** Does it anew when another takes the run in the middle of it. */
  async function unlessOvertaken(act: () => Promise<RunRow>): Promise<RunRow> {
    for (let tries = 1; ; tries++) {
      try {
        return await act();
      } catch (error) {
        const overtaken = error instanceof IceError && error.code === 'lease_lost';
        if (!overtaken || tries >= MOST_TRIES) throw error;
      }
    }
  }

  async function rowOf(project: string, runId: string): Promise<RunRow> {
    const row = await store.get(project, runId);
    if (!row) throw new IceError('not_found', `There is no run ${runId}`, { hint: 'ice runs list' });
    return row;
  }

  async function live(project: string, runId: string): Promise<RunRow> {
    const row = await rowOf(project, runId);
    if (!ENDED.has(row.state)) return row;
    throw new IceError('run_ended', `${runId} has already ended (${row.state})`, {
      hint: `ice runs show ${runId}`,
      details: { state: row.state },
    });
  }

  /** Takes the run away from whoever has it, applies commands, and gives it back. */
  async function fromOutside(project: string, runId: string, commands: RunCommand[]): Promise<RunRow> {
    const only = { project, runId };
    const now = clock.now();
    const request = { worker: options.workerId, leaseMs, now, limit: 1, only };
    const [row] = await store.claim({ ...request, force: true });
    if (!row) return live(project, runId);
    const fold = await worker.foldOf(row);
    const events: AnyRunEvent[] = [];
    for (const command of commands) {
      for (const event of decide(fold, command, now, clock.random())) {
        evolve(fold, event);
        events.push(event);
      }
    }
    await store.commit({
      project,
      runId,
      expectedSeq: row.seq,
      epoch: row.leaseEpoch,
      events,
      patch: outsidePatch(fold, events),
      release: true,
    });
    return rowOf(project, runId);
  }

  return {
    async create(request) {
      const { project, id, plan, planDigest, contentHash, inputs, createdBy } = request;
      const now = clock.now();
      const deadlineMs = least(request.deadlineMs, plan.deadlineMs);
      const row: RunRow = {
        project,
        id,
        state: 'queued',
        name: plan.name,
        version: plan.version,
        digest: plan.digest,
        planDigest,
        contentHash,
        createdAt: now,
        startedAt: null,
        endedAt: null,
        createdBy,
        usage: { inputTokens: 0, outputTokens: 0 },
        cost: 0,
        maxCost: least(request.maxCost, plan.maxCost),
        deadlineAt: deadlineMs === null ? null : now + deadlineMs,
        cancelRequested: false,
        seq: 1,
        leaseOwner: null,
        leaseEpoch: 0,
        leaseUntil: null,
        wakeAt: null,
        error: null,
      };
      const data = { name: plan.name, version: plan.version, plan: planDigest, inputs, by: createdBy };
      const events: AnyRunEvent[] = [{ v: 1, seq: 1, ts: now, runId: id, type: 'run.created', data }];
      if (!(request.drive ?? worker.hasRoom())) return store.create({ row, plan, events });
      // Who drives it from the start says so in the same commit, and what it starts at once.
      const lease = { worker: options.workerId, leaseMs };
      const started = { worker: options.workerId, epoch: 1 };
      events.push({ v: 1, seq: 2, ts: now, runId: id, type: 'run.started', data: started });
      Object.assign(row, { state: 'running', startedAt: now });
      return worker.make(row, plan, events, () =>
        store.create({ row: { ...row, seq: events.length }, plan, events }, lease),
      );
    },

    drive: (project, runId) => worker.drive(project, runId),
    driveWhenFree: async (project, runId, signal) => {
      for (;;) {
        const end = await worker.drive(project, runId);
        if ((end !== 'busy' && end !== 'lost') || signal?.aborted) return end;
        await worker.untilFree(project, runId, signal);
        if (signal?.aborted) return 'busy';
      }
    },
    start() {
      worker.start();
      subscribe();
    },
    async stop() {
      await worker.stop();
      subscribe();
    },

    cancel: (project, runId, { by, reason, force = false } = {}) =>
      unlessOvertaken(async () => {
        const tell = (driver: Driver) => driver.cancel(by, reason, force);
        if (await told(project, runId, tell)) return rowOf(project, runId);
        const row = await rowOf(project, runId);
        if (row.state === 'cancelled') return row;
        await live(project, runId);
        const driven = row.leaseOwner !== null && (row.leaseUntil ?? 0) > clock.now();
        if (driven && !force && options.isWorkerAlive?.(row.leaseOwner!) !== false) {
          await store.requestCancel(project, runId);
          // It may have been taken up here since it was looked for.
          await told(project, runId, tell);
          return rowOf(project, runId);
        }
        return fromOutside(project, runId, [
          { type: 'cancel', ...(by ? { by } : {}), ...(reason ? { reason } : {}) },
          { type: 'advance', pure: false, force: true },
        ]);
      }),

    pause: (project, runId) =>
      unlessOvertaken(async () => {
        const command: RunCommand = { type: 'pause', reason: 'asked' };
        if (await told(project, runId, (driver) => driver.durably(command))) return rowOf(project, runId);
        if ((await live(project, runId)).state !== 'paused') return fromOutside(project, runId, [command]);
        return rowOf(project, runId);
      }),

    resume: (project, runId, by) =>
      unlessOvertaken(async () => {
        const command: RunCommand = { type: 'resume', ...(by ? { by } : {}) };
        if (await told(project, runId, (driver) => driver.durably(command))) return rowOf(project, runId);
        if ((await live(project, runId)).state === 'paused') return fromOutside(project, runId, [command]);
        return rowOf(project, runId);
      }),

    suspend: (project, runId) => worker.suspend(project, runId),
    suspendAll: () => worker.suspendAll(),
    drives: (project, runId) => worker.driver(project, runId) !== undefined,
    follow: (project, runId, afterSeq, signal) => feed.follow(project, runId, afterSeq, signal),

    async wait(project, runId, ms, signal) {
      const enough = new AbortController();
      const leave = () => enough.abort();
      const stop = clock.at(clock.now() + ms, leave);
      if (signal?.aborted) leave();
      else signal?.addEventListener('abort', leave, { once: true });
      const driver = worker.driver(project, runId);
      const goesOn = driver !== undefined && !ENDED.has(driver.row.state);
      try {
        return await feed.untilEnded(project, runId, enough.signal, goesOn);
      } finally {
        stop();
        signal?.removeEventListener('abort', leave);
      }
    },
  };
}

/** The row of a run that was changed without being driven: what goes on is queued. */
function outsidePatch(fold: RunFold, events: AnyRunEvent[]) {
  if (events.length === 0) return {};
  const ended = ENDED.has(fold.state);
  return {
    state: fold.state === 'running' ? ('queued' as const) : fold.state,
    ...(ended ? { endedAt: fold.endedAt } : {}),
    ...(fold.state === 'queued' ? { wakeAt: null } : {}),
  };
}
