import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readCases } from './format.ts';
import { openStage, type Stage } from './play.ts';

const folder = join(import.meta.dirname, 'cases');
let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

const all = readdirSync(folder).map((file) => ({ file, cases: readCases(join(folder, file)) }));

describe.each(all)('$file', ({ cases }) => {
  for (const it of cases)
    test.each(it.runtimes)(`${it.case} (%s)`, async (runtime) => {
      expect((await stage.play(it, runtime)).problems).toEqual([]);
    });
});

test('there are at least 150 cases, each with a name of its own', () => {
  const names = all.flatMap(({ cases }) => cases.map((it) => it.case));
  expect(names.length).toBeGreaterThanOrEqual(150);
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
});
