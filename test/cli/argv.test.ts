import { expect, test } from 'vitest';
import { earlyFlags, routeArgv } from '../../src/cli/argv.ts';

const ids = new Set(['run', 'runs:list', 'runs:show', 'new:tool', 'validate']);
const values = new Set(['--target', '--timeout', '-i', '--input']);
const route = (line: string) => routeArgv(line.split(' ').filter(Boolean), ids, values);

test.each([
  ['runs list', 'runs:list', []],
  ['--json runs list', 'runs:list', ['--json']],
  ['runs --target there list --json', 'runs:list', ['--target', 'there', '--json']],
  ['--target run runs list', 'runs:list', ['--target', 'run']],
  ['--target=run runs list', 'runs:list', ['--target=run']],
  ['-i cost=10 run price', 'run', ['-i', 'cost=10', 'price']],
  ['run list', 'run', ['list']],
  ['run runs list', 'run', ['runs', 'list']],
  ['run -i -', 'run', ['-i', '-']],
  ['run price -- --help', 'run', ['price', '--', '--help']],
])('%s', (line, id, rest) => {
  expect(route(line)).toMatchObject({ id, rest, help: false });
});

test('help is asked for by a flag anywhere, or by the word before a command', () => {
  expect(route('runs list --help')).toMatchObject({ id: 'runs:list', help: true });
  expect(route('--help')).toMatchObject({ id: undefined, help: true, words: [] });
  expect(route('help runs list')).toMatchObject({ id: 'runs:list', help: true });
  expect(route('run help')).toMatchObject({ id: 'run', help: false, rest: ['help'] });
});

test('what is no command is known by its words', () => {
  expect(route('runs')).toMatchObject({ id: undefined, words: ['runs'] });
  expect(route('runs lsit')).toMatchObject({ id: undefined, words: ['runs', 'lsit'] });
  expect(route('rnu price')).toMatchObject({ id: undefined, words: ['rnu', 'price'] });
});

test('the form of errors is known before anything is parsed, and -- ends flags', () => {
  expect(earlyFlags(['rnu', '--json'])).toMatchObject({ json: true });
  expect(earlyFlags(['run', 'x', '--', '--json'])).toMatchObject({ json: false });
  expect(earlyFlags(['-q', '-v', '--no-color', '--events'])).toEqual({
    json: false,
    events: true,
    quiet: true,
    verbose: true,
    noColor: true,
  });
});
