import { expect, test } from 'vitest';
import { parseRef } from '../../src/contracts/ids.ts';
import { type ResolvableVersion, resolveRange } from '../../src/registry/resolve-range.ts';

const row = (version: string, over: Partial<ResolvableVersion> = {}): ResolvableVersion => ({
  kind: 'tool',
  name: 'price',
  version,
  archivedAt: null,
  ...over,
});
const rows = [
  row('1.0.0'),
  row('1.2.0'),
  row('1.10.0', { archivedAt: 5 }),
  row('2.0.0-rc.1'),
  row('0.9.0', { archivedAt: 5 }),
  row('1.2.0-dev.0123456789ab'),
  row('3.0.0', { name: 'other' }),
];
const tags = [
  { kind: 'tool' as const, name: 'price', tag: 'latest', version: '1.0.0' },
  { kind: 'tool' as const, name: 'price', tag: 'dev', version: '1.2.0-dev.0123456789ab' },
  { kind: 'tool' as const, name: 'price', tag: 'old', version: '0.9.0' },
];
const resolve = (text: string, all = rows, marks = tags): string => {
  const resolution = resolveRange(all, marks, parseRef(text)!);
  return 'found' in resolution ? resolution.found.version : resolution.missing;
};

test.each([
  ['price', '1.0.0'],
  ['tool/price', '1.0.0'],
  ['price@latest', '1.0.0'],
  ['price@^1', '1.2.0'],
  ['price@>=1.0.0', '1.2.0'],
  ['price@*', '1.2.0'],
  ['price@1.2.0', '1.2.0'],
  ['price@v1.2.0', '1.2.0'],
  ['price@1.10.0', '1.10.0'],
  ['price@~1.10.0', 'archived'],
  ['price@^0.9', 'archived'],
  ['price@2.0.0-rc.1', '2.0.0-rc.1'],
  ['price@^2.0.0-rc.0', 'none'],
  ['price@^2', 'none'],
  ['price@9.9.9', 'none'],
  ['price@dev', '1.2.0-dev.0123456789ab'],
  ['price@old', 'archived'],
  ['price@beta', 'none'],
  ['price@^^1', 'range'],
  ['agent/price', 'unknown'],
  ['prices', 'unknown'],
])('%s is %s', (ref, expected) => {
  expect(resolve(ref)).toBe(expected);
});

test('without the tag latest, no range is the highest release', () => {
  expect(resolve('price', rows, [])).toBe('1.2.0');
  expect(resolve('price', [row('1.0.0-rc.1')], [])).toBe('none');
  expect(resolve('price', [row('1.0.0', { archivedAt: 1 })], tags)).toBe('archived');
});

test('a name that several kinds have needs its kind', () => {
  const both = [row('1.0.0'), row('2.0.0', { kind: 'workflow' })];
  expect(resolve('price', both, [])).toBe('ambiguous');
  expect(resolve('workflow/price', both, [])).toBe('2.0.0');
});

test('what is missing comes with what there is, highest first', () => {
  expect(resolveRange(rows, tags, { name: 'price', range: '^9' })).toEqual({
    missing: 'none',
    kinds: ['tool'],
    versions: ['2.0.0-rc.1', '1.10.0', '1.2.0', '1.2.0-dev.0123456789ab', '1.0.0', '0.9.0'],
  });
});
