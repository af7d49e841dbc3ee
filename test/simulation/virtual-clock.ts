import type { Clock } from '../../src/engine/ports.ts';

interface Timer {
  at: number;
  order: number;
  wake: () => void;
  owner: SimulatedProcess | undefined;
}

/** Numbers in [0, 1) from a seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** A process that can die (nothing of it happens any more) or be stopped (nothing happens until it goes on). */
export class SimulatedProcess {
  dead = false;
  stoppedUntil = 0;
}

/** Time that goes on only when nothing is left to do at its present moment. */
export class VirtualTime {
  now = 1_000_000;
  private readonly timers: Timer[] = [];
  private order = 0;

  clock(random: () => number, owner?: SimulatedProcess): Clock {
    return {
      now: () => this.now,
      random,
      at: (at, wake) => {
        const timer: Timer = { at, order: this.order++, wake, owner };
        this.timers.push(timer);
        return () => {
          const index = this.timers.indexOf(timer);
          if (index >= 0) this.timers.splice(index, 1);
        };
      },
    };
  }

  sleep(ms: number, owner?: SimulatedProcess): Promise<void> {
    return new Promise((resolve) => this.clock(() => 0, owner).at(this.now + ms, resolve));
  }

  /** Lets everything happen until `done`, or until `limit` of simulated milliseconds have gone by. */
  async run(done: () => boolean, limit = 3_600_000): Promise<void> {
    const end = this.now + limit;
    for (;;) {
      // One turn of the real event loop empties the queue of microtasks.
      await new Promise((resolve) => setImmediate(resolve));
      if (done()) return;
      const next = this.timers.reduce<Timer | undefined>(
        (first, timer) =>
          !first || timer.at < first.at || (timer.at === first.at && timer.order < first.order)
            ? timer
            : first,
        undefined,
      );
      if (!next || next.at > end) throw new Error(`Nothing ended it within ${limit} simulated ms`);
      this.timers.splice(this.timers.indexOf(next), 1);
      this.now = Math.max(this.now, next.at);
      if (next.owner && next.owner.stoppedUntil > this.now) {
        next.at = next.owner.stoppedUntil;
        this.timers.push(next);
        continue;
      }
      if (!next.owner?.dead) next.wake();
    }
  }
}
