import { Flags, Parser } from '@oclif/core';
import { expect, test } from 'vitest';
import { GLOBAL_FLAGS, requiredArg } from '../../src/cli/flags.ts';
import { toIceError } from '../../src/cli/thrown.ts';
import { IceError } from '../../src/contracts/errors.ts';

const flags = {
  ...GLOBAL_FLAGS,
  format: Flags.option({ options: ['pretty', 'json'] as const })(),
  a: Flags.boolean({ exclusive: ['b'] }),
  b: Flags.string(),
  must: Flags.string({ required: true }),
};
const shape = { id: 'some command', flags: Object.keys(flags), args: 1 };
const SECRET = 'hunter2-is-secret';

async function failing(argv: string[]): Promise<IceError> {
  try {
    await Parser.parse(argv, { flags, args: { ref: requiredArg('What to take') }, strict: true });
  } catch (error) {
    return toIceError(error, shape);
  }
  throw new Error('it parsed');
}

test.each([
  [['x', '--must', 'm', '--josn'], /no flag --josn/, /Did you mean --json/],
  [['x', '--must', 'm', `--tokne=${SECRET}`], /no flag --tokne/, /some command --help/],
  [['x', '--must', 'm', `-Z${SECRET}`], /unknown flag|no flag/, /help/],
  [['--must', 'm'], /Missing: REF \(what to take\)/, /help/],
  [['x', SECRET, '--must', 'm'], /Too many arguments: this command takes at most 1/, /help/],
  [['x', '--must', 'm', `--format=${SECRET}`], /--format is one of: pretty, json/, /help/],
  [['x', '--must', 'm', '--format'], /--format is one of/, /help/],
  [['x', '--must'], /--must needs a value/, /help/],
  [['x', '--must', SECRET, '--must', SECRET], /only once/, /help/],
  [['x'], /--must is needed/, /help/],
  [['x', '--must', 'm', '--a', '--b', SECRET], /do not go together/, /help/],
  [['x', '--must', 'm', '--timeout', SECRET], /--timeout is a length of time/, /30s/],
])('%j', async (argv, message, hint) => {
  const error = await failing(argv);
  expect(error).toMatchObject({ code: 'usage', exitCode: 2 });
  expect(error.message).toMatch(message);
  expect(error.hint).toMatch(hint);
  expect(JSON.stringify(error.toBody())).not.toContain(SECRET);
});

test.each([
  ['ENOSPC', 'disk_full'],
  ['EROFS', 'read_only'],
  ['EACCES', 'read_only'],
  ['EADDRINUSE', 'port_in_use'],
])('%s of the system is %s', (code, ours) => {
  expect(toIceError(Object.assign(new Error('x'), { code }))).toMatchObject({ code: ours, exitCode: 14 });
});

test("what is nobody's fault but ours is a bug", () => {
  expect(toIceError(new TypeError('undefined is not a function'))).toMatchObject({
    code: 'internal',
    exitCode: 70,
  });
  const own = new IceError('not_found', 'no');
  expect(toIceError(own)).toBe(own);
});
