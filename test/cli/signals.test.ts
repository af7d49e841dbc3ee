import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { meaningOf } from '../../src/cli/signals.ts';
import { BIN, cleanEnv, temporary } from '../support/ice.ts';

const person = { mode: 'run', person: true } as const;
const watch = { mode: 'watch', person: true } as const;
const machine = { mode: 'run', person: false } as const;

test.each([
  ['SIGINT', person, ['cancel', 'force']],
  ['SIGINT', watch, ['detach', 'leave']],
  ['SIGINT', machine, ['detach', 'leave']],
  ['SIGTERM', person, ['detach', 'leave']],
  ['SIGHUP', person, ['detach', 'leave']],
  ['SIGTERM', machine, ['detach', 'leave']],
  ['d', person, ['detach', 'leave']],
  ['x', person, ['cancel', 'force']],
] as const)('%s for %j', (signal, who, [first, second]) => {
  expect(meaningOf(signal, 0, who)).toBe(first);
  expect(meaningOf(signal, 1, who)).toBe(second);
});

test('a server hears the signal that ends it from when it can be found on', async () => {
  const { dir, remove } = temporary();
  const child = spawn(process.execPath, [BIN, 'serve', '--port', '0'], { cwd: dir, env: cleanEnv(dir) });
  const ended = once(child, 'exit');
  const file = join(dir, '.ice/server.json');
  await expect.poll(() => existsSync(file), { interval: 1 }).toBe(true);
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  expect(existsSync(file)).toBe(false);
  remove();
});
