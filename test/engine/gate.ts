import type { Attempt } from '../../src/engine/ports.ts';
import type { TestEffect } from './play.ts';

/** An effect that ends when the test says so. */
export function gate() {
  const open: { attempt: Attempt; end(): void }[] = [];
  let arrived = () => {};
  const effect: TestEffect = (attempt) =>
    new Promise((resolve, reject) => {
      attempt.signal.addEventListener('abort', () => reject(attempt.signal.reason));
      open.push({ attempt, end: () => resolve({ result: 1 }) });
      arrived();
    });
  const next = async () => {
    while (open.length === 0) {
      await new Promise<void>((resolve) => {
        arrived = resolve;
      });
    }
    return open.shift()!;
  };
  return { effect, next };
}
