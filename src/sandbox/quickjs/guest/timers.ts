import { host } from './host.ts';

/**
 * Timers that really wait, on a clock that moves by exactly what was waited: `Date.now()` is the same in every run
 * of the same call. They run in the order of their times.
 */
interface Timer {
  id: number;
  due: number;
  every?: number;
  run: () => void;
}

const MOST_TIMERS = 1000;
let timers: Timer[] = [];
let lastId = 0;

export function setTimer(handler: unknown, delay: unknown, args: unknown[], repeat: boolean): number {
  if (typeof handler !== 'function') throw new TypeError('A timer needs a function');
  if (timers.length >= MOST_TIMERS) throw new Error(`More than ${MOST_TIMERS} timers at once`);
  const ms = Math.min(Math.max(Number(delay) || 0, repeat ? 1 : 0), 2 ** 31 - 1);
  lastId += 1;
  add({ id: lastId, due: Date.now() + ms, run: () => handler(...args), ...(repeat ? { every: ms } : {}) });
  return lastId;
}

export function clearTimer(id: unknown): void {
  timers = timers.filter((timer) => timer.id !== id);
}

function add(timer: Timer): void {
  // After those of the same time: the order of setting is the order of running.
  let at = timers.length;
  while (at > 0 && timers[at - 1]!.due > timer.due) at -= 1;
  timers.splice(at, 0, timer);
}

/** Milliseconds to the next timer, for the other side; -1 when there is none. */
export const nextTimer = (): number => (timers.length === 0 ? -1 : Math.max(0, timers[0]!.due - Date.now()));

/** Runs the first timer that is due. */
export function fireTimer(): void {
  const timer = timers[0];
  if (timer === undefined || timer.due > Date.now()) return;
  timers.shift();
  if (timer.every !== undefined) add({ ...timer, due: timer.due + timer.every });
  try {
    timer.run();
  } catch (error) {
    // As in Node: what a callback throws is the failure of the whole.
    host(
      'failed',
      JSON.stringify({ kind: 'thrown', message: error instanceof Error ? error.message : String(error) }),
    );
  }
}
