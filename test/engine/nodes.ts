import { IceError } from '../../src/contracts/errors.ts';
import type { Attempt } from '../../src/engine/ports.ts';
import type { TestNode } from './plan-of.ts';
import type { TestEffect } from './play.ts';

export const tool = (id: string, more: Record<string, unknown> = {}): TestNode => ({
  id,
  type: 'tool',
  ...more,
});
export const set = (id: string, values: unknown, more: Record<string, unknown> = {}): TestNode => ({
  id,
  type: 'set',
  values,
  ...more,
});

/** Fails for the given ids (or paths), else echoes its args. */
export const failing =
  (...ids: string[]): TestEffect =>
  (attempt) => {
    if (ids.includes(attempt.node.id) || ids.includes(attempt.path)) {
      throw new IceError('tool_failed', `${attempt.path} broke`, { hint: 'mend it', details: { a: 1 } });
    }
    return { result: attempt.args };
  };

/** Ends only when it is told to stop. */
export const hang = (attempt: Attempt): Promise<never> =>
  new Promise((_, reject) => {
    attempt.signal.addEventListener('abort', () => reject(attempt.signal.reason));
  });
