import type { Engine } from '../engine/engine.ts';

/**
 * An engine that is made when something is to run, be followed or be waited for: most calls read what runs left, and
 * the engine with its language is half of all code. What it is told before it is there, it hears in that order.
 * `onError` receives why it could not be made, where no call is there to fail with it.
 */
export function lazyEngine(make: () => Promise<Engine>, onError: (error: unknown) => void): Engine {
  let made: Engine | undefined;
  let making: Promise<Engine> | undefined;
  const open = (): Promise<Engine> => {
    making ??= make().then(
      (engine) => {
        made = engine;
        return engine;
      },
      (error: unknown) => {
        making = undefined;
        throw error;
      },
    );
    return making;
  };
  return {
    create: async (request) => (made ?? (await open())).create(request),
    drive: async (...of) => (made ?? (await open())).drive(...of),
    driveWhenFree: async (...of) => (made ?? (await open())).driveWhenFree(...of),
    start: () => {
      if (made) made.start();
      else open().then((engine) => engine.start(), onError);
    },
    stop: async () => {
      if (making) await (await making).stop();
    },
    cancel: async (...of) => (made ?? (await open())).cancel(...of),
    pause: async (...of) => (made ?? (await open())).pause(...of),
    resume: async (...of) => (made ?? (await open())).resume(...of),
    // What was never made drives nothing.
    suspend: async (...of) => (await making)?.suspend(...of),
    suspendAll: async () => (await making)?.suspendAll(),
    drives: (...of) => made?.drives(...of) ?? false,
    async *follow(...of) {
      yield* (made ?? (await open())).follow(...of);
    },
    wait: async (...of) => (made ?? (await open())).wait(...of),
  };
}
