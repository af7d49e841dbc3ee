import { expect, test } from 'vitest';
import type { Connection } from '../../src/cli/connect.ts';
import { followRun } from '../../src/cli/follow.ts';
import { Output } from '../../src/cli/output.ts';
import type { RunState } from '../../src/contracts/events.ts';

/** A target in this process, whose worker lets go of the run before `suspend` has answered. */
function connectionOf(state: () => RunState) {
  const driven = Promise.withResolvers<void>();
  const suspended = Promise.withResolvers<void>();
  const looked = Promise.withResolvers<void>();
  const runs = {
    get: async () => {
      looked.resolve();
      return { id: 'run_1', state: state() };
    },
    wait: (_: string, { signal }: { signal: AbortSignal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
      }),
  };
  const connection = {
    executes: true,
    client: { runs },
    drive: () => driven.promise,
    suspend: async () => {
      driven.resolve();
      await suspended.promise;
    },
  } as unknown as Connection;
  return { connection, driven, suspended, looked };
}

const sink = {
  write: (_: string, done?: () => void) => {
    done?.();
    return true;
  },
  on: () => {},
};
const output = (): Output =>
  new Output({
    stdout: sink,
    stderr: sink,
    env: {},
    mode: 'json',
    quiet: true,
    verbose: false,
    noColor: true,
  });
const request = (connection: Connection, timeoutMs?: number) => ({
  connection,
  runId: 'run_1',
  mode: 'run' as const,
  output: output(),
  stdin: () => process.stdin,
  person: false,
  show: false,
  timeoutMs,
});

test('the time that is up is how it ended, whatever the run is by then', async () => {
  const { connection, suspended } = connectionOf(() => 'paused');
  const followed = followRun(request(connection, 1));
  // The worker has let go long before `suspend` says so.
  setTimeout(suspended.resolve, 20);
  expect((await followed).end).toBe('timeout');
});

test('a run that its worker left to a person is one that waits', async () => {
  const { connection, driven } = connectionOf(() => 'paused');
  const followed = followRun(request(connection));
  driven.resolve();
  expect((await followed).end).toBe('waiting');
});
