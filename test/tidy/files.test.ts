import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const tracked = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(root, file)));
const sources = tracked.filter((file) => /^(src|bin|scripts|bench)\/.*\.(ts|mjs|js)$/.test(file));
const MOST_LINES = 400;

/** Longer than a page of thought, with the reason. */
const LONG: Record<string, string> = {
  'src/contracts/routes.ts': 'the route table: one entry a route, read as a table',
};

test(`no source file has more than ${MOST_LINES} lines without a reason`, () => {
  const long = sources.filter((file) => {
    const text = readFileSync(join(root, file), 'utf8');
    return text.split('\n').length > MOST_LINES && !(file in LONG) && !/^\/\/ Long because/m.test(text);
  });
  expect(long).toEqual([]);
});

test('no file or folder has a name that says nothing', () => {
  const banned = /^(utils?|helpers?|common|libs?|misc|shared)$/;
  const bad = sources.filter((file) =>
    [...file.split('/').slice(0, -1), basename(file).replace(/\..*$/, '')].some((part) => banned.test(part)),
  );
  expect(bad).toEqual([]);
});

test('nothing tracked carries a path of one machine or an install address', () => {
  const bad = tracked
    .filter((file) => /\.(ts|js|mjs|json|md|ya?ml)$/.test(file))
    .filter((file) =>
      /"resolved":|\/home\/[a-z]+\/|registry\.npmjs\.org/.test(readFileSync(join(root, file), 'utf8')),
    )
    .filter((file) => !file.startsWith('test/tidy/'));
  expect(bad).toEqual([]);
});

test('no test is focused, and no skipped test lacks its reason', () => {
  const tests = tracked.filter((file) => /^test\/.*\.ts$/.test(file) && !file.startsWith('test/tidy/'));
  const bad: string[] = [];
  for (const file of tests) {
    const lines = readFileSync(join(root, file), 'utf8').split('\n');
    for (const [i, line] of lines.entries()) {
      if (/\b(test|it|describe)\.only\(/.test(line)) bad.push(`${file}:${i + 1} is focused`);
      if (/\b(test|it|describe)\.(skip|todo)\(/.test(line) && !/\/\/ /.test(lines[i - 1] ?? ''))
        bad.push(`${file}:${i + 1} is skipped without a reason above it`);
    }
  }
  expect(bad).toEqual([]);
});
