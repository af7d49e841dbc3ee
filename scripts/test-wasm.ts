/** The sandbox's corpus alone and whole: every case in process, and again as a stranger on a server. */
import { spawnSync } from 'node:child_process';

const { status } = spawnSync(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', 'test/corpus', 'test/sandbox/quickjs-runtime.test.ts'],
  { stdio: 'inherit', env: { ...process.env, ICE_CORPUS: 'all' } },
);
process.exitCode = status ?? 1;
