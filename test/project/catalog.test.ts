import { expect, test } from 'vitest';
import { parseRef } from '../../src/contracts/ids.ts';
import { type CatalogEntry, referencesOf } from '../../src/language/index.ts';
import { catalogOf, type ProjectComponent, refKey, unansweredRefs } from '../../src/project/index.ts';

const entry = (kind: 'tool' | 'workflow', name: string, version: string): CatalogEntry => ({
  version,
  digest: `sha256:${name}${version}`,
  manifest: { kind, name } as CatalogEntry['manifest'],
});
const own = (kind: 'tool' | 'workflow', name: string, version: string) =>
  ({ kind, name, file: `${kind}s/${name}.x`, ...entry(kind, name, version) }) as unknown as ProjectComponent;

const parts = {
  components: [own('tool', 'price', '1.2.0'), own('workflow', 'flow', '0.0.0')],
  std: [entry('tool', 'std/csv-parse', '1.0.0')],
  remote: new Map([
    ['tool/stock@^2', entry('tool', 'stock', '2.1.0')],
    // A target that has the project's component too, in another version: never asked, never taken.
    ['tool/price@^2', entry('tool', 'price', '2.0.0')],
  ]),
};
const catalog = catalogOf(parts);
const resolve = (text: string): string | undefined =>
  catalog.resolve({ ...parseRef(text)!, kind: 'tool' })?.version;

test.each([
  ['price', '1.2.0'],
  ['price@^1', '1.2.0'],
  ['price@1.2.0', '1.2.0'],
  ['price@latest', '1.2.0'],
  ['price@dev', '1.2.0'],
  ['price@^2', undefined],
  ['price@~1.1', undefined],
  ['std/csv-parse@^1', '1.0.0'],
  ['std/csv-parse@^2', undefined],
  ['stock@^2', '2.1.0'],
  ['stock@^1', undefined],
  ['absent', undefined],
])('%s means %s', (ref, version) => {
  expect(resolve(ref)).toBe(version);
});

test('names and versions are of all, each once', () => {
  expect(catalog.names('tool')).toEqual(['price', 'std/csv-parse', 'stock']);
  expect(catalog.names('workflow')).toEqual(['flow']);
  expect(catalog.versions('tool', 'price')).toEqual(['1.2.0']);
  expect(catalog.versions('tool', 'stock')).toEqual(['2.1.0']);
  expect(catalog.versions('tool', 'absent')).toEqual([]);
});

test('the target is asked only for what is not here at all', () => {
  const refs = referencesOf({
    nodes: ['price@^9', 'std/csv-parse', 'stock@^2', 'tool/stock@^2'].map((tool, index) => ({
      id: `n${index}`,
      type: 'tool',
      tool,
      args: {},
    })),
  } as never);
  expect(unansweredRefs(refs, parts).map(refKey)).toEqual(['tool/stock@^2']);
});
