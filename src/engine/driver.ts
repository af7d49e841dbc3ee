import { IceError } from '../contracts/errors.ts';
import { type AnyRunEvent, ENDED } from '../contracts/events.ts';
import { type AttemptHost, LiveAttempt } from './attempt.ts';
import { Callers, effectsAtWork } from './calls.ts';
import { decide, nextDue, type RunCommand } from './decide.ts';
import { toEventError } from './event-error.ts';
import { evolve } from './evolve.ts';
import type { NodeRecord, RunFold } from './fold.ts';
import { CANCEL_GRACE_MS, GATHER_MS } from './limits.ts';
import type { Clock, Effects, RunPatch, RunRow, RunStore } from './ports.ts';
import { patchOf } from './row-patch.ts';

/** Why a worker no longer drives a run. `lost`: another worker took it over. */
export type DriveEnd = 'ended' | 'paused' | 'waiting' | 'lost';

export interface DriverWorld {
  store: RunStore;
  effects: Effects;
  clock: Clock;
  worker: string;
  leaseMs: number;
  /** Gives a run back when it waits longer than this; Infinity = keeps it in memory. */
  releaseAfterMs: number;
  /** After events were committed; the row as it is then. */
  committed(row: RunRow, events: AnyRunEvent[]): void;
  delta(project: string, runId: string, path: string, attempt: number, text: string): void;
  onError(error: unknown): void;
}

interface Waiter {
  resolve(): void;
  reject(error: unknown): void;
}

const BUSY_TRIES = 5;
const BUSY_WAIT_MS = 200;

/**
 * Drives one run whose lease this worker holds: decides, commits, starts what was committed, and again, until the run
 * ends, pauses, waits or is lost. Everything that happens to the run comes in as a command; one commit is under way at
 * a time, and what comes meanwhile goes into the next.
 */
export class Driver implements AttemptHost {
  readonly project: string;
  readonly runId: string;
  readonly epoch: number;
  readonly store: RunStore;
  readonly effects: Effects;
  readonly clock: Clock;
  readonly fold: RunFold;
  /** Resolves when this worker no longer drives the run; rejects when the store failed (`disk_full` …). */
  readonly done: Promise<DriveEnd>;
  leaseUntil: number;
  /** As it was last committed. */
  row: RunRow;
  private readonly world: DriverWorld;
  private readonly attempts = new Map<NodeRecord, LiveAttempt>();
  /** Agents that wait for what they called. */
  private readonly callers = new Callers();
  private inbox: { command: RunCommand; waiter?: Waiter }[] = [];
  /** When it was last decided what is due. */
  private roundAt = 0;
  /** Number of the last event that is surely in the journal. */
  private committedSeq: number;
  private working = false;
  private over = false;
  /** A commit that gives the run back is under way: it tells how that went. */
  private releasing = false;
  private cancelled = false;
  private force = false;
  private reported: { cost: number; tokens: number };
  private stopAlarm: (() => void) | undefined;
  private stopGather: (() => void) | undefined;
  private stopGrace: (() => void) | undefined;
  private finish!: { resolve(end: DriveEnd): void; reject(error: unknown): void };

  /** @param started what the journal says already, when it says that this worker has the run */
  constructor(world: DriverWorld, row: RunRow, fold: RunFold, started: AnyRunEvent[] | undefined) {
    this.world = world;
    this.store = world.store;
    this.effects = world.effects;
    this.clock = world.clock;
    this.project = row.project;
    this.runId = row.id;
    this.row = row;
    this.epoch = row.leaseEpoch;
    this.leaseUntil = row.leaseUntil ?? 0;
    this.fold = fold;
    this.committedSeq = fold.seq;
    this.reported = { cost: fold.cost, tokens: fold.usage.inputTokens + fold.usage.outputTokens };
    this.done = new Promise((resolve, reject) => {
      this.finish = { resolve, reject };
    });
    // Whoever waits for it hears of a failure; if nobody does, the lease runs out and another worker goes on.
    this.done.catch(() => {});
    if (row.cancelRequested) this.inbox.push({ command: { type: 'cancel' } });
    if (started) {
      this.follow(started);
      this.work();
    } else {
      this.send({ type: 'start', worker: world.worker, epoch: row.leaseEpoch });
    }
  }

  send(command: RunCommand): void {
    if (this.over) return;
    this.inbox.push({ command });
    this.work();
  }

  durably(command: RunCommand): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.over) return reject(stopped(this.runId));
      this.inbox.push({ command, waiter: { resolve, reject } });
      this.work();
    });
  }

  callEnd(agent: NodeRecord, path: string): Promise<NodeRecord> {
    const ended = this.callers.wait(agent, path);
    // While a commit is under way, what the fold says is not yet on disk.
    if (!this.working) this.callers.tell();
    return ended;
  }

  gather(command: RunCommand): void {
    if (this.over) return;
    this.inbox.push({ command });
    this.stopGather ??= this.clock.at(this.clock.now() + GATHER_MS, () => {
      this.stopGather = undefined;
      this.work();
    });
  }

  delta(path: string, attempt: number, text: string): void {
    this.world.delta(this.project, this.runId, path, attempt, text);
  }

  /** Asks attempts to stop, then ends the run; with `force` without waiting for them. */
  cancel(by: string | undefined, reason: string | undefined, force: boolean): Promise<void> {
    if (force) this.force = true;
    const command: RunCommand = { type: 'cancel', ...(by ? { by } : {}), ...(reason ? { reason } : {}) };
    return this.durably(command);
  }

  /** Extends the lease; false when another worker has it. */
  async renew(): Promise<boolean> {
    const until = this.clock.now() + this.world.leaseMs;
    const held = await this.store.renew(this.project, this.runId, this.epoch, until);
    if (held) this.leaseUntil = until;
    return held;
  }

  /** Another worker took the run. */
  lose(): void {
    this.leave('lost');
  }

  /** Stops everything, and writes nothing. A run that is being given back is left to that. */
  leave(as: DriveEnd): void {
    if (!this.releasing) this.end(as);
  }

  private work(): void {
    if (this.working || this.over) return;
    this.working = true;
    this.loop().catch((error) => this.end(error));
  }

  private async loop(): Promise<void> {
    for (;;) {
      const waiters: Waiter[] = [];
      let events: AnyRunEvent[];
      let release: ReturnType<typeof this.release>;
      try {
        events = this.round(waiters);
        release = this.release();
      } catch (error) {
        for (const waiter of waiters) waiter.reject(error);
        return this.refuse(error);
      }
      this.releasing = release !== undefined;
      if (release && release.events.length > 0) events.push(...release.events);
      if (events.length === 0 && !release) {
        for (const waiter of waiters) waiter.resolve();
        break;
      }
      try {
        await this.commit(events, release !== undefined);
      } catch (error) {
        for (const waiter of waiters) waiter.reject(error);
        const lost = error instanceof IceError && (error.code === 'lease_lost' || error.code === 'not_found');
        return this.end(lost ? 'lost' : error);
      }
      this.committedSeq = this.fold.seq;
      for (const waiter of waiters) waiter.resolve();
      if (events.length > 0) this.world.committed(this.row, events);
      // A process that was stopped for longer than its lease must not start what another may be starting.
      const isLate = !release && this.clock.now() >= this.leaseUntil;
      if (isLate && !(await this.renew())) return this.end('lost');
      if (this.over) return;
      this.follow(events);
      if (release) return this.end(release.end);
      if (this.inbox.length === 0 && !this.moreToDo()) break;
    }
    this.working = false;
    this.setAlarm();
  }

  /**
   * The rules themselves failed, which is a bug: the run would meet it again with every worker that takes it up, so it
   * fails with the reason. What was not committed is not believed.
   */
  private async refuse(thrown: unknown): Promise<void> {
    const { project, runId, epoch, committedSeq: expectedSeq } = this;
    const now = this.clock.now();
    const error = toEventError(thrown);
    const event: AnyRunEvent = {
      v: 1,
      seq: expectedSeq + 1,
      ts: now,
      runId,
      type: 'run.failed',
      data: { error },
    };
    const patch: RunPatch = {
      state: 'failed',
      endedAt: now,
      error: { code: error.code, message: error.message },
    };
    await this.store.commit({ project, runId, epoch, expectedSeq, events: [event], patch, release: true });
    const lease = { leaseOwner: null, leaseUntil: null };
    this.row = { ...this.row, ...patch, ...lease, seq: event.seq };
    this.world.committed(this.row, [event]);
    this.world.onError(thrown);
    this.end('ended');
  }

  /** Whether another round would find something although nothing came in: pure nodes, one step a commit. */
  private moreToDo(): boolean {
    return this.fold.readyPure.size > 0 || this.fold.cancelling !== undefined;
  }

  /** Decides on all that came in, and on what follows from it. */
  private round(waiters: Waiter[]): AnyRunEvent[] {
    const now = this.clock.now();
    this.roundAt = now;
    const events: AnyRunEvent[] = [];
    const inbox = this.inbox;
    if (inbox.length > 0) {
      this.inbox = [];
      this.stopGather?.();
      this.stopGather = undefined;
      for (const { command, waiter } of inbox) {
        const took = this.decide(command, now, events);
        // A step of an attempt that was stopped is not in the journal, and must not look as if it were.
        if (!took && command.type === 'step') waiter?.reject(stopped(this.runId));
        else if (waiter) waiters.push(waiter);
      }
    }
    let pure = true;
    while (this.decide({ type: 'advance', pure, force: this.force }, now, events)) pure = false;
    return events;
  }

  private decide(command: RunCommand, now: number, events: AnyRunEvent[]): boolean {
    const decided = decide(this.fold, command, now, this.clock.random());
    for (const event of decided) {
      evolve(this.fold, event);
      events.push(event);
    }
    return decided.length > 0;
  }

  /** Whether this commit gives the run back, with the events that say so. */
  private release(): { end: DriveEnd; events: AnyRunEvent[] } | undefined {
    const { fold } = this;
    if (ENDED.has(fold.state)) return { end: 'ended', events: [] };
    if (effectsAtWork(fold) > 0 || fold.cancelling) return undefined;
    if (fold.state === 'paused') return { end: 'paused', events: [] };
    if (fold.state === 'waiting') return { end: 'waiting', events: [] };
    const due = nextDue(fold, this.roundAt);
    const idle =
      fold.readyEffects.size + fold.readyPure.size + fold.readyContainers.size + this.inbox.length === 0;
    if (due === undefined || !idle || due - this.clock.now() <= this.world.releaseAfterMs) return undefined;
    const events: AnyRunEvent[] = [];
    this.decide({ type: 'wait', until: due }, this.clock.now(), events);
    return { end: 'waiting', events };
  }

  private async commit(events: AnyRunEvent[], release: boolean): Promise<void> {
    const { fold } = this;
    const change = {
      project: this.project,
      runId: this.runId,
      expectedSeq: fold.seq - events.length,
      epoch: this.epoch,
      events,
      patch: patchOf(fold, events, this.reported),
      ...(release ? { release } : {}),
    };
    for (let tries = 1; ; tries++) {
      try {
        await this.store.commit(change);
        this.row = { ...this.row, ...change.patch, seq: fold.seq };
        if (release) Object.assign(this.row, { leaseOwner: null, leaseUntil: null });
        return;
      } catch (error) {
        const busy = error instanceof IceError && error.code === 'database_busy';
        if (!busy || tries >= BUSY_TRIES) throw error;
        await new Promise<void>((resolve) => this.clock.at(this.clock.now() + BUSY_WAIT_MS, resolve));
      }
    }
  }

  /** Starts and stops what the committed events say. */
  private follow(events: AnyRunEvent[]): void {
    for (const event of events) {
      if (event.path === undefined) {
        if (event.type === 'run.cancelling') this.stopGracefully();
        else if (event.type === 'run.paused' && event.data.reason === 'detached')
          this.stopAll('The run was suspended');
        continue;
      }
      if (event.type === 'node.started') {
        const record = this.fold.nodes.get(event.path);
        if (
          record?.spec.kind === 'effect' &&
          record.state === 'running' &&
          record.attempt === event.attempt
        ) {
          const attempt = new LiveAttempt(this, record);
          this.attempts.set(record, attempt);
          attempt.start();
        }
      }
    }
    this.callers.tell();
    // Attempts that ended (they said so) or were stopped by what failed or ended around them.
    if (this.attempts.size === 0) return;
    for (const [record, attempt] of this.attempts) {
      if (record.state === 'running' && record.attempt === attempt.attempt && this.fold.inFlight.has(record))
        continue;
      this.attempts.delete(record);
      this.callers.leave(record);
      attempt.stop(`${record.path} was stopped`);
    }
  }

  private stopGracefully(): void {
    if (this.cancelled) return;
    this.cancelled = true;
    for (const attempt of this.attempts.values()) attempt.ask(stopped(this.runId));
    this.stopGrace = this.clock.at(this.clock.now() + CANCEL_GRACE_MS, () => {
      this.force = true;
      this.work();
    });
  }

  private stopAll(message: string): void {
    for (const attempt of this.attempts.values()) attempt.stop(message);
    this.attempts.clear();
  }

  /** Wakes up when time alone changes something. */
  private setAlarm(): void {
    this.stopAlarm?.();
    const due = this.over ? undefined : nextDue(this.fold, this.roundAt);
    this.stopAlarm = due === undefined ? undefined : this.clock.at(due, () => this.work());
  }

  private end(how: unknown): void {
    if (this.over) return;
    this.over = true;
    this.stopAlarm?.();
    this.stopGather?.();
    this.stopGrace?.();
    this.stopAll(how === 'lost' ? 'Another worker drives the run now' : 'The run ended');
    for (const { waiter } of this.inbox) waiter?.reject(stopped(this.runId));
    this.inbox = [];
    if (typeof how === 'string') this.finish.resolve(how as DriveEnd);
    else this.finish.reject(how);
  }
}

const stopped = (runId: string): IceError => new IceError('run_cancelled', `${runId} was stopped`);
