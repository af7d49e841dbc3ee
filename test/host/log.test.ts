import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/** What the log of a server has on stderr after these entries. */
function written(entries: string): string[] {
  const module = join(import.meta.dirname, '../../src/host/log.ts');
  const script = `import { logToStderr } from ${JSON.stringify(module)}; const log = logToStderr('warn'); ${entries}`;
  const { stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  expect(status, stderr).toBe(0);
  return stderr
    .trim()
    .split('\n')
    .map((line) => line.replace(/^\S+ /, ''));
}

test('a line for each entry: the cause once, a stack for what is our fault only', () => {
  const lines = written(`
    log({ level: 'info', message: 'not told' });
    log({ level: 'warn', message: 'PUT /x: No key', requestId: '1', error: new Error('No key') });
    log({ level: 'warn', message: 'PUT /x: No key', error: new Error('it is dark') });
    log({ level: 'error', message: 'the worker failed', error: new Error('oh') });`);
  expect(lines.slice(0, 4)).toEqual([
    'warn PUT /x: No key (request 1)',
    'warn PUT /x: No key: it is dark',
    'error the worker failed',
    'oh',
  ]);
  expect(lines[4]).toContain('at');
});
