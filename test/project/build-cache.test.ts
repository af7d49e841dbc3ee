import { hash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { BuildCache } from '../../src/project/build-cache.ts';
import { tempFolder } from '../support/temp-folder.ts';

const sha = (text: string): string => hash('sha256', text, 'hex');
const CODE = 'export default 1;\n';

let root: string;
let file: string;
let entry: string;

const cache = (): BuildCache<{ name: string }> => new BuildCache(root, 'one');
const change = (
  how: (kept: { inputs: { path: string; sha: string }[]; checkedAt: number }) => void,
): void => {
  const kept = JSON.parse(readFileSync(entry, 'utf8'));
  how(kept);
  writeFileSync(entry, JSON.stringify(kept));
};

beforeEach(() => {
  root = tempFolder({ 'tools/a.ts': 'one', 'package.json': '{}' });
  file = join(root, 'tools/a.ts');
  cache().put(
    'tools/a.ts',
    {
      code: CODE,
      digest: `sha256:${sha(CODE)}`,
      sourcesDigest: 'sha256:x',
      said: { name: 'a' },
      warnings: [],
      ownFiles: ['tools/a.ts'],
    },
    [{ path: 'tools/a.ts', sha: sha('one'), own: true }],
  );
  const folder = join(root, '.ice/cache/tools');
  entry = join(folder, readdirSync(folder).find((name) => name.endsWith('.json'))!);
});

describe('files that went into a bundle', () => {
  test('are not read again once they have been the same for a while', () => {
    change((kept) => {
      kept.checkedAt += 10_000;
      for (const input of kept.inputs) input.sha = sha('never read');
    });
    expect(cache().get('tools/a.ts')?.code).toBe(CODE);
  });

  test('are read while they are so new that a change of them could not be told', () => {
    expect(cache().get('tools/a.ts')?.code).toBe(CODE);
    change((kept) => {
      for (const input of kept.inputs) input.sha = sha('never read');
    });
    expect(cache().get('tools/a.ts')).toBeUndefined();
  });

  test('a change shows that keeps the size and the time of modification, as an installer does it', () => {
    change((kept) => {
      kept.checkedAt += 10_000;
    });
    const { atime, mtime, size } = statSync(file);
    writeFileSync(file, 'two');
    utimesSync(file, atime, mtime);
    expect(statSync(file)).toMatchObject({ size, mtime });
    expect(cache().get('tools/a.ts')).toBeUndefined();
  });

  test('one that was written again with the same content is the same, and need not be read the next time', () => {
    change((kept) => {
      kept.checkedAt += 10_000;
    });
    writeFileSync(file, 'one');
    expect(cache().get('tools/a.ts')?.code).toBe(CODE);
    change((kept) => {
      kept.checkedAt += 10_000;
      for (const input of kept.inputs) input.sha = sha('never read');
    });
    expect(cache().get('tools/a.ts')?.code).toBe(CODE);
  });

  test('one that is gone, and a setting of the bundler that appears, show', () => {
    change((kept) => {
      kept.checkedAt += 10_000;
    });
    writeFileSync(join(root, 'tsconfig.json'), '{}');
    expect(cache().get('tools/a.ts')).toBeUndefined();
  });
});

test('what was found about a module is kept for who found it', () => {
  const finding = { code: 'ICE1510', severity: 'info' as const, message: 'no words', file: 'tools/a.ts' };
  const first = cache();
  first.get('tools/a.ts');
  first.keepFindings('tools/a.ts', 'build 1', [finding]);
  first.keepFindings('tools/other.ts', 'build 1', [finding]);
  const later = cache();
  expect(later.findings('tools/a.ts', 'build 1')).toBeUndefined();
  later.get('tools/a.ts');
  expect(later.findings('tools/a.ts', 'build 1')).toEqual([finding]);
  expect(later.findings('tools/a.ts', 'build 2')).toBeUndefined();
  expect(later.findings('tools/a.ts', undefined)).toBeUndefined();
});
