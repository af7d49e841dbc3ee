import { IceError } from '../contracts/errors.ts';
import { type AnyRunEvent, ENDED } from '../contracts/events.ts';
import type { Plan } from '../contracts/plan.ts';
import { Arrivals } from './arrivals.ts';
import { ByRun } from './by-run.ts';
import { decide } from './decide.ts';
import { type DriveEnd, Driver, type DriverWorld } from './driver.ts';
import { toEventError } from './event-error.ts';
import { evolve } from './evolve.ts';
import { createFold, type RunFold } from './fold.ts';
import type { CheckSchema, Clock, Effects, HeldRun, RunRow, RunStore } from './ports.ts';
import { createPrograms } from './program.ts';
import { Rounds } from './rounds.ts';

export interface WorkerOptions {
  store: RunStore;
  effects: Effects;
  checkSchema: CheckSchema;
  clock: Clock;
  workerId: string;
  leaseMs: number;
  concurrency: number;
  releaseAfterMs: number;
  backstopMs: number;
  isWorkerAlive(workerId: string): boolean | undefined;
  onError(error: unknown): void;
  committed: DriverWorld['committed'];
  delta: DriverWorld['delta'];
  /** Whether anything is driven here has changed. */
  busyChanged(): void;
}

/** Events read at once when a run is taken up. */
const BATCH = 5_000;
/** Runs taken with one claim. */
const CLAIM = 50;
/** How often a run that another worker has is looked at, beside the store's own news. */
const LOOK_MS = 500;

/** Holds the leases of a process: takes runs, drives them, renews, and gives them back. */
export class Worker {
  started = false;
  private readonly options: WorkerOptions;
  private readonly drivers = new ByRun<Driver>();
  private readonly arrivals = new Arrivals();
  private readonly programOf: ReturnType<typeof createPrograms>;
  private readonly looks = new Rounds(() => this.takeDue());
  private readonly checks = new Rounds(() => this.checkHeld().catch(this.options.onError));
  private stopLook: (() => void) | undefined;
  private stopRenew: (() => void) | undefined;

  constructor(options: WorkerOptions) {
    this.options = options;
    this.programOf = createPrograms(options.checkSchema);
  }

  get size(): number {
    return this.drivers.size;
  }

  driver(project: string, runId: string): Driver | undefined {
    return this.drivers.get(project, runId);
  }

  /** Who drives the run here, once that is known: it may be on its way. */
  async arrived(project: string, runId: string): Promise<Driver | undefined> {
    for (;;) {
      const driver = this.driver(project, runId);
      const coming = this.arrivals.of(project, runId);
      if (driver || !coming) return driver;
      await coming;
    }
  }

  /** Whether the run is this worker's, or is being made by it: what happens to it is no work for anybody. */
  isOurs(project: string, runId: string): boolean {
    return this.driver(project, runId) !== undefined || this.arrivals.isNew(project, runId);
  }

  hasRoom(): boolean {
    return this.started && this.drivers.size < this.options.concurrency;
  }

  // Taking runs up

  /** Has a run made, and drives it; `write` is called when `events` are complete. */
  async make<Made extends { row: RunRow; created: boolean }>(
    row: RunRow,
    plan: Plan,
    events: AnyRunEvent[],
    write: () => Promise<Made>,
  ): Promise<Made> {
    const settle = this.arrivals.expect(row, true);
    try {
      const fold = this.begin(row, plan, events);
      const made = await write();
      if (made.created) this.driveFold(made.row, fold, events);
      return made;
    } finally {
      settle();
    }
  }

  /**
   * The state of a run that is about to be made and driven here. Adds to `events` the effects that start at once: they
   * need no commit after the one that makes the run. Whatever else begins it is the driver's to decide.
   */
  private begin(row: RunRow, plan: Plan, events: AnyRunEvent[]): RunFold {
    const fold = createFold(this.programOf(plan), row);
    for (const event of events) evolve(fold, event);
    const { clock } = this.options;
    let first: AnyRunEvent[] = [];
    try {
      first = decide(fold, { type: 'advance', pure: false }, clock.now(), clock.random());
    } catch {
      // The driver meets it again, once there is a run that can fail with it.
    }
    const isEffect = ({ type, path }: AnyRunEvent) =>
      type === 'node.started' && fold.nodes.get(path!)?.spec.kind === 'effect';
    if (!first.every(isEffect)) return fold;
    for (const event of first) evolve(fold, event);
    events.push(...first);
    return fold;
  }

  /** The state of a run, read from its journal. */
  async foldOf(row: RunRow): Promise<RunFold> {
    const { store } = this.options;
    const plan = await store.plan(row.planDigest);
    if (!plan) throw new IceError('internal', `The plan of ${row.id} is missing (${row.planDigest})`);
    const fold = createFold(this.programOf(plan), row);
    for (let last = 0; ; ) {
      const events = await store.events(row.project, row.id, last, BATCH);
      for (const event of events) evolve(fold, event);
      if (events.length < BATCH) break;
      last = events.at(-1)!.seq;
    }
    return fold;
  }

  private driveFold(row: RunRow, fold: RunFold, started?: AnyRunEvent[]): Driver {
    const { options } = this;
    const { project, id } = row;
    // Our own lease ran out and we took the run again: the old driver has lost it like any other.
    this.drivers.get(project, id)?.lose();
    const driver = new Driver(
      {
        store: options.store,
        effects: options.effects,
        clock: options.clock,
        worker: options.workerId,
        leaseMs: options.leaseMs,
        releaseAfterMs: this.started ? options.releaseAfterMs : Number.POSITIVE_INFINITY,
        committed: options.committed,
        delta: options.delta,
        onError: options.onError,
      },
      row,
      fold,
      started,
    );
    this.drivers.set(project, id, driver);
    if (this.drivers.size === 1) {
      this.scheduleRenewal();
      options.busyChanged();
    }
    const leave = (end?: DriveEnd) => {
      if (this.drivers.get(project, id) !== driver) return;
      const wasFull = this.drivers.size >= options.concurrency;
      this.drivers.delete(project, id);
      if (this.drivers.size === 0) {
        this.stopRenew?.();
        options.busyChanged();
      }
      // The end of a run makes room, and nothing due.
      if (wasFull || end !== 'ended') this.changed();
    };
    driver.done.then(leave, (error) => {
      leave();
      options.onError(error);
    });
    return driver;
  }

  private async takeUp(row: RunRow): Promise<Driver> {
    const settle = this.arrivals.expect(row, false);
    try {
      const fold = await this.foldOf(row).catch(async (error: unknown) => {
        await this.refuse(row, error);
        throw error;
      });
      // A cancel that was asked for while there was no driver to tell.
      const now = await this.options.store.get(row.project, row.id);
      return this.driveFold({ ...row, cancelRequested: now?.cancelRequested ?? false }, fold);
    } finally {
      settle();
    }
  }

  /** A journal that cannot be read would be taken up again for ever: the run fails with the reason. */
  private async refuse(row: RunRow, thrown: unknown): Promise<void> {
    const { store, clock } = this.options;
    const now = clock.now();
    const error = toEventError(thrown);
    const data = { error: { ...error, message: `The run cannot be taken up: ${error.message}` } };
    await store.commit({
      project: row.project,
      runId: row.id,
      expectedSeq: row.seq,
      epoch: row.leaseEpoch,
      events: [{ v: 1, seq: row.seq + 1, ts: now, runId: row.id, type: 'run.failed', data }],
      patch: { state: 'failed', endedAt: now, error: { code: error.code, message: data.error.message } },
      release: true,
    });
  }

  async drive(project: string, runId: string): Promise<DriveEnd | 'busy'> {
    const driver = await this.arrived(project, runId);
    if (driver) return driver.done;
    const [row] = await this.claimOnly(project, runId, false);
    if (row) return (await this.takeUp(row)).done;
    const found = await this.options.store.get(project, runId);
    if (!found) throw new IceError('not_found', `There is no run ${runId}`, { hint: 'ice runs list' });
    if (ENDED.has(found.state)) return 'ended';
    if (found.state === 'paused') return 'paused';
    // A waiting run that nobody holds waits as well here; so does one whose worker is known to be dead.
    if (found.leaseOwner !== null && this.options.isWorkerAlive(found.leaseOwner) !== false) return 'busy';
    const [taken] = await this.claimOnly(project, runId, true);
    return taken ? (await this.takeUp(taken)).done : 'busy';
  }

  private claimOnly(project: string, runId: string, force: boolean): Promise<RunRow[]> {
    const { store, workerId, leaseMs, clock } = this.options;
    const request = { worker: workerId, leaseMs, now: clock.now(), limit: 1, only: { project, runId } };
    return store.claim(force ? { ...request, force } : request);
  }

  /** Resolves when it is worth trying to drive the run again: something changed, or its lease may have run out. */
  untilFree(project: string, runId: string, signal: AbortSignal | undefined): Promise<void> {
    const { store, clock } = this.options;
    return new Promise((resolve) => {
      const done = () => {
        stopTimer();
        leave();
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const stopTimer = clock.at(clock.now() + LOOK_MS, done);
      const leave = store.onChange((where, which) => {
        if (which === '' || (where === project && which === runId)) done();
      });
      signal?.addEventListener('abort', done, { once: true });
    });
  }

  // The worker loop

  start(): void {
    if (this.started) return;
    this.started = true;
    this.looks.ask();
  }

  changed(): void {
    if (this.started) this.looks.ask();
  }

  /** Takes what is due, now and when the next is. */
  private async takeDue(): Promise<void> {
    const { clock, backstopMs, onError } = this.options;
    this.stopLook?.();
    const next = await this.claimDue().catch((error: unknown) => {
      onError(error);
      return undefined;
    });
    if (!this.started) return;
    const now = clock.now();
    const at = Math.min(now + backstopMs, Math.max(next ?? Infinity, now + 1));
    this.stopLook = clock.at(at, () => this.looks.ask());
  }

  /** Takes what is due while there is room; says when to look again. */
  private async claimDue(): Promise<number | undefined> {
    const { store, clock, workerId, leaseMs, concurrency, onError } = this.options;
    for (;;) {
      const room = concurrency - this.drivers.size;
      if (!this.started || room <= 0) return undefined;
      const due = await store.nextDue();
      if (due === undefined || due > clock.now()) return due;
      await this.renewLate();
      const limit = Math.min(room, CLAIM);
      const rows = await store.claim({ worker: workerId, leaseMs, now: clock.now(), limit });
      for (const row of rows) {
        if (this.started) await this.takeUp(row).catch(onError);
        else await store.release(row.project, row.id, row.leaseEpoch);
      }
      if (rows.length < limit) return store.nextDue();
    }
  }

  // Leases

  private scheduleRenewal(): void {
    const { clock, leaseMs } = this.options;
    this.stopRenew?.();
    this.stopRenew = clock.at(clock.now() + leaseMs / 3, () => {
      this.renewAll([...this.drivers.values()])
        .catch(this.options.onError)
        .then(() => {
          if (this.drivers.size > 0) this.scheduleRenewal();
          // Whatever was to be heard of another process was not missed for longer than that.
          this.checks.ask();
        });
    });
  }

  private async renewAll(drivers: Driver[]): Promise<void> {
    await Promise.all(
      drivers.map(async (driver) => {
        if (!(await driver.renew())) driver.lose();
      }),
    );
  }

  /** When this process was held up for longer than a lease, its own runs must not look abandoned to itself. */
  private async renewLate(): Promise<void> {
    const now = this.options.clock.now();
    await this.renewAll([...this.drivers.values()].filter((driver) => driver.leaseUntil <= now));
  }

  /** Another process wrote: it may have taken a run of ours, or asked for one to be cancelled. */
  changedElsewhere(): void {
    this.changed();
    if (this.drivers.size > 0) this.checks.ask();
  }

  private async checkHeld(): Promise<void> {
    const before = [...this.drivers.values()];
    const mine = before.map(({ project, runId }) => ({ project, runId }));
    const held = new ByRun<HeldRun>();
    for (const run of await this.options.store.held(this.options.workerId, mine)) {
      held.set(run.project, run.runId, run);
    }
    for (const driver of before) {
      const { project, runId } = driver;
      if (this.drivers.get(project, runId) !== driver) continue;
      const run = held.get(project, runId);
      if (!run || run.epoch !== driver.epoch) driver.lose();
      else if (run.cancelRequested) driver.cancel(undefined, undefined, false).catch(() => {});
    }
  }

  // Giving runs back

  async suspend(project: string, runId: string): Promise<void> {
    const driver = await this.arrived(project, runId);
    if (!driver) return;
    driver.send({ type: 'pause', reason: 'detached' });
    await driver.done;
  }

  async suspendAll(): Promise<void> {
    await this.arrivals.none();
    await Promise.all([...this.drivers.values()].map((driver) => this.suspend(driver.project, driver.runId)));
  }

  async stop(): Promise<void> {
    this.started = false;
    this.stopLook?.();
    await this.looks.idle();
    await this.arrivals.none();
    const until = this.options.clock.now();
    await Promise.allSettled(
      [...this.drivers.values()].map((driver) => {
        // Paused already, and only its attempts were awaited: nothing is left to write.
        if (driver.fold.state === 'paused') driver.leave('paused');
        else driver.send({ type: 'wait', until });
        return driver.done;
      }),
    );
  }
}
