import type { RunStore } from '../../src/engine/ports.ts';
import { createMemoryRuns } from '../../src/stores/memory.ts';

type Method = Exclude<keyof RunStore, 'onChange'>;

/**
 * A store of which a method waits until the test lets it pass: before it does its work, or with its answer in hand.
 * What happens meanwhile is what another could do between a check and the act that follows on it.
 */
export function holdStore<M extends Method>(
  method: M,
  {
    answered = false,
    when = () => true,
  }: { answered?: boolean; when?(...args: Parameters<RunStore[M]>): boolean } = {},
) {
  const runs = createMemoryRuns();
  const reached = Promise.withResolvers<void>();
  const passed = Promise.withResolvers<void>();
  const real = runs[method] as (...args: unknown[]) => Promise<unknown>;
  const held = async (...args: unknown[]): Promise<unknown> => {
    const holds = when(...(args as Parameters<RunStore[M]>));
    const answer = holds && answered ? await real(...args) : undefined;
    if (holds) {
      reached.resolve();
      await passed.promise;
    }
    return holds && answered ? answer : real(...args);
  };
  return { store: { ...runs, [method]: held } as RunStore, reached: reached.promise, pass: passed.resolve };
}
