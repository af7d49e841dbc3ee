import type { Clock } from './ports.ts';

/** The longest that a timer of JavaScript can be. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The clock of this machine. Its timers keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  at(at, wake) {
    let timer: ReturnType<typeof setTimeout>;
    const arm = () => {
      const left = at - Date.now();
      timer = left > MAX_TIMER_MS ? setTimeout(arm, MAX_TIMER_MS) : setTimeout(wake, Math.max(0, left));
    };
    arm();
    return () => clearTimeout(timer);
  },
  random: () => Math.random(),
};
