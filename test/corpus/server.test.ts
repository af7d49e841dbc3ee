import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readCases } from './format.ts';
import { isForServer, openServerStage, type ServerStage } from './server-stage.ts';

/**
 * The corpus as a developer's token plays it on an `ice serve` that trusts nobody's code. `npm run test:wasm` plays all
 * of it; beside the other tests, the cases of two files and those with secrets are enough.
 */
const folder = join(import.meta.dirname, 'cases');
const cases = readdirSync(folder)
  .flatMap((file) => readCases(join(folder, file)).map((it) => ({ ...it, file })))
  .filter(isForServer)
  .filter(
    (it) =>
      process.env['ICE_CORPUS'] === 'all' ||
      ['outside.yaml', 'forged.yaml'].includes(it.file) ||
      Object.keys(it.secrets).length > 0,
  );
let stage: ServerStage;
let leaks: string[] | undefined;
beforeAll(async () => {
  stage = await openServerStage();
});
afterAll(async () => {
  leaks ??= await stage.close();
});

describe('on a server that trusts nobody', () => {
  for (const it of cases)
    test(it.case, async () => {
      expect((await stage.play(it)).problems).toEqual([]);
    });

  test('no secret of them is in its files', async () => {
    leaks = await stage.close();
    expect(leaks).toEqual([]);
  });
});
