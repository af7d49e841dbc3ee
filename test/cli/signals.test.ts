import { expect, test } from 'vitest';
import { meaningOf } from '../../src/cli/signals.ts';

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
