import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Files share a process where they can: it saves about 90 ms a file, and no test may rely on module state.
    isolate: false,
    globalSetup: 'test/support/global-setup.ts',
    pool: 'forks',
    // Most tests wait for processes of their own, so more of them than cores is faster.
    maxWorkers: 4,
    // No test is a measure of time: these end what hangs, on a machine that does ten other things.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    expect: { poll: { timeout: 120_000 } },
  },
});
