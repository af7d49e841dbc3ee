import { IceError } from '../contracts/errors.ts';
import { type AnyRunEvent, ENDED } from '../contracts/events.ts';
import { ByRun } from './by-run.ts';
import type { LiveFrame, RunRow, RunStore } from './ports.ts';

/** What a follower gets: an event of the journal, in order and once, or text that streams by and is kept nowhere. */
export type RunFrame = { kind: 'event'; event: AnyRunEvent } | { kind: 'live'; frame: LiveFrame };

/** Events read from the store at once. */
const BATCH = 500;
/** What a slow reader may have waiting; beyond it, it reads the journal again, and live text is lost to it. */
const MAX_WAITING = 2_000;

const END_EVENTS = new Set<string>(['run.succeeded', 'run.failed', 'run.cancelled']);

/** A run as it is, with the event that ended it where that was seen. */
export interface SeenRun {
  row: RunRow;
  end?: AnyRunEvent;
}

class Follower {
  waiting: RunFrame[] = [];
  /** How the run ended, when its driver in this process has told. */
  ended: SeenRun | undefined;
  /** The journal has to be read: events were missed, or written by another process. */
  behind = true;
  /** It waits for the end of the run: what happens in its nodes need not wake it. */
  private readonly untilEnd: boolean;
  private wake: (() => void) | undefined;

  constructor(untilEnd: boolean) {
    this.untilEnd = untilEnd;
  }

  add(frame: RunFrame): void {
    if (this.untilEnd && !changesState(frame)) return;
    if (this.waiting.length >= MAX_WAITING) {
      this.waiting = this.waiting.filter(({ kind }) => kind === 'event').slice(0, MAX_WAITING / 2);
      this.behind = true;
    } else if (!this.behind || frame.kind === 'live') {
      this.waiting.push(frame);
    }
    this.poke();
  }

  poke(): void {
    this.wake?.();
  }

  /** Resolves when something came, or `signal` aborts. */
  async more(signal: AbortSignal | undefined): Promise<void> {
    if (this.behind || this.waiting.length > 0 || signal?.aborted) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        this.wake = undefined;
        signal?.removeEventListener('abort', done);
        resolve();
      };
      this.wake = done;
      signal?.addEventListener('abort', done, { once: true });
    });
  }
}

/** Tells followers what was committed: straight from the driver where it is this process's, else from the store. */
export class Feed {
  private readonly store: RunStore;
  private readonly followers = new ByRun<Set<Follower>>();
  private readonly watched: (watching: boolean) => void;

  /** @param watched is told when the first follower comes, and when the last one goes. */
  constructor(store: RunStore, watched: (watching: boolean) => void) {
    this.store = store;
    this.watched = watched;
  }

  get size(): number {
    return this.followers.size;
  }

  committed(row: RunRow, events: AnyRunEvent[]): void {
    const followers = this.followers.get(row.project, row.id);
    if (!followers) return;
    const end = events.at(-1);
    for (const follower of followers) {
      if (end && END_EVENTS.has(end.type)) follower.ended = { row, end };
      for (const event of events) follower.add({ kind: 'event', event });
    }
  }

  live(frame: LiveFrame): void {
    const followers = this.followers.get(frame.project, frame.runId);
    if (followers) for (const follower of followers) follower.add({ kind: 'live', frame });
  }

  /** Something was written that no driver here told of; without a run, it may be any. */
  changed(project?: string, runId?: string): void {
    const sets =
      project === undefined || runId === undefined
        ? this.followers.values()
        : [this.followers.get(project, runId) ?? []];
    for (const set of sets) {
      for (const follower of set) {
        follower.behind = true;
        follower.poke();
      }
    }
  }

  /**
   * The events after `afterSeq`, in order and once, until the run has ended or `signal` aborts; live text in between.
   * Errors: `not_found`.
   */
  async *follow(
    project: string,
    runId: string,
    afterSeq: number,
    signal?: AbortSignal,
  ): AsyncGenerator<RunFrame, void, undefined> {
    const follower = this.join(project, runId, false);
    try {
      let last = afterSeq;
      while (!signal?.aborted) {
        if (follower.behind) {
          // What comes while the store is read is queued, and skipped by its number if it was read too.
          follower.behind = false;
          const events = await this.store.events(project, runId, last, BATCH);
          if (events.length === BATCH) follower.behind = true;
          for (const event of events) {
            if (signal?.aborted) return;
            yield { kind: 'event', event };
            last = event.seq;
            if (END_EVENTS.has(event.type)) return;
          }
          if (events.length === 0 && (await this.hasEnded(project, runId, last))) return;
          continue;
        }
        const frames = follower.waiting;
        follower.waiting = [];
        for (const frame of frames) {
          if (signal?.aborted) return;
          if (frame.kind === 'live') {
            yield frame;
            continue;
          }
          const { event } = frame;
          if (event.seq <= last) continue;
          if (event.seq > last + 1) {
            follower.behind = true;
            break;
          }
          yield frame;
          last = event.seq;
          if (END_EVENTS.has(event.type)) return;
        }
        await follower.more(signal);
      }
    } finally {
      this.part(project, runId, follower);
    }
  }

  /**
   * Waits until the run has ended, at most until `signal` aborts; gives it as it is then.
   *
   * @param goesOn it is driven in this process and has not ended: its driver will tell, so the store need not be asked
   */
  async untilEnded(project: string, runId: string, signal: AbortSignal, goesOn: boolean): Promise<SeenRun> {
    const follower = this.join(project, runId, true);
    try {
      for (let told = goesOn; ; told = false) {
        follower.behind = false;
        follower.waiting = [];
        if (!told || signal.aborted) {
          const row = await this.store.get(project, runId);
          if (!row) throw noRun(runId);
          if (ENDED.has(row.state) || signal.aborted) return { row };
        }
        await follower.more(signal);
        if (follower.ended) return follower.ended;
      }
    } finally {
      this.part(project, runId, follower);
    }
  }

  private async hasEnded(project: string, runId: string, last: number): Promise<boolean> {
    const row = await this.store.get(project, runId);
    if (!row) throw noRun(runId);
    return ENDED.has(row.state) && row.seq <= last;
  }

  private join(project: string, runId: string, untilEnd: boolean): Follower {
    const follower = new Follower(untilEnd);
    const set = this.followers.get(project, runId);
    if (set) set.add(follower);
    else this.followers.set(project, runId, new Set([follower]));
    if (this.followers.size === 1) this.watched(true);
    return follower;
  }

  private part(project: string, runId: string, follower: Follower): void {
    const set = this.followers.get(project, runId);
    set?.delete(follower);
    if (set?.size !== 0) return;
    this.followers.delete(project, runId);
    if (this.followers.size === 0) this.watched(false);
  }
}

const changesState = (frame: RunFrame): boolean =>
  frame.kind === 'event' && frame.event.type.startsWith('run.');

const noRun = (runId: string): IceError =>
  new IceError('not_found', `There is no run ${runId}`, { hint: 'ice runs list' });
