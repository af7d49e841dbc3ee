import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * All that a run of the tests writes to the temporary folder, whether by a test or by an `ice` that it starts, goes into
 * one folder of its own, which is removed at the end: also what a test that broke did not clean up.
 */
export default function setup(): () => void {
  // Compiled code stays where the next run finds it.
  process.env['NODE_COMPILE_CACHE'] ??= join(tmpdir(), 'node-compile-cache');
  // No test asks the keyring of whoever runs it.
  process.env['ICE_KEYRING'] ??= '0';
  // A short name: the path of a socket has room for about a hundred characters.
  const folder = mkdtempSync(join(tmpdir(), 'it-'));
  // Some tests step down to a user who may enter, and no more.
  chmodSync(folder, 0o755);
  process.env['TMPDIR'] = folder;
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
