import { expect, test } from 'vitest';
import { drawsUnicode, readScreen } from '../../src/cli/terminal.ts';

const tty = { isTTY: true, columns: 120, rows: 40 };
const screen = (stream: object, env: NodeJS.ProcessEnv = {}, noColor = false) =>
  readScreen(stream, { env, noColor });

test.each([
  [tty, {}, true],
  [{}, {}, false],
  [tty, { NO_COLOR: '1' }, false],
  [tty, { NO_COLOR: '' }, true],
  [tty, { TERM: 'dumb' }, false],
  [{}, { FORCE_COLOR: '1' }, true],
  [tty, { FORCE_COLOR: '0' }, false],
  [{}, { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
])('%j with %j: colours %s', (stream, env, color) => {
  expect(screen(stream, env as NodeJS.ProcessEnv).color).toBe(color);
});

test('--no-color wins', () => expect(screen(tty, { FORCE_COLOR: '3' }, true).color).toBe(false));

test('a size of nothing is a size that can be drawn in', () => {
  expect(screen({ isTTY: true, columns: 0, rows: 0 })).toMatchObject({ columns: 100, rows: 40 });
  expect(screen({ isTTY: true, columns: 3, rows: 1 })).toMatchObject({ columns: 20, rows: 5 });
});

test.each([
  [{}, true],
  [{ LANG: 'en_US.UTF-8' }, true],
  [{ LANG: 'C' }, false],
  [{ LC_ALL: 'C.UTF-8', LANG: 'C' }, true],
  [{ TERM: 'linux' }, false],
  [{ ICE_ASCII: '1', LANG: 'en_US.UTF-8' }, false],
])('%j: Unicode %s', (env, unicode) => {
  expect(drawsUnicode(env as NodeJS.ProcessEnv)).toBe(unicode);
});
