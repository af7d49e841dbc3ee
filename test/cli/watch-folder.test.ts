import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { watchFolder } from '../../src/cli/watch-folder.ts';
import { temporary } from '../support/ice.ts';

test('a change is seen however it is written, also in folders that come later; what is ignored is not', async () => {
  const { dir, remove } = temporary();
  mkdirSync(join(dir, 'workflows'));
  mkdirSync(join(dir, '.ice'));
  writeFileSync(join(dir, 'workflows/a.yaml'), '1');
  const stop = new AbortController();
  const bursts = watchFolder(dir, stop.signal);
  const next = async (change: () => void): Promise<string[]> => {
    change();
    const { value } = await bursts.next();
    return value ?? [];
  };
  // It watches from then on: what changes while somebody works on this is in the next burst.
  expect(await bursts.next()).toEqual({ done: false, value: [] });
  const replace = (name: string, text: string): void => {
    writeFileSync(join(dir, `${name}~`), text);
    renameSync(join(dir, `${name}~`), join(dir, name));
  };
  for (const text of ['2', '3', '4']) {
    expect(await next(() => replace('workflows/a.yaml', text))).toContain('workflows/a.yaml');
  }
  expect(await next(() => mkdirSync(join(dir, 'tools')))).toContain('tools');
  expect(await next(() => writeFileSync(join(dir, 'tools/b.ts'), 'x'))).toContain('tools/b.ts');
  const seen = await next(() => {
    writeFileSync(join(dir, '.ice/ice.db'), 'x');
    rmSync(join(dir, 'tools'), { recursive: true });
  });
  expect(seen.some((name) => name.startsWith('.ice'))).toBe(false);
  const last = bursts.next();
  stop.abort();
  expect((await last).done).toBe(true);
  remove();
});
