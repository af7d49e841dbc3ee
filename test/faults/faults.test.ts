import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { playFault } from './play.ts';

const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.yaml'));

describe.concurrent('bad input', () => {
  for (const name of files) {
    const file = join(import.meta.dirname, name);
    const title = (parse(readFileSync(file, 'utf8')) as { case: string }).case;
    test(`${title} (${name})`, async (context) => {
      const outcome = await playFault(file);
      if (outcome.skipped) context.skip(outcome.skipped);
      expect(outcome.problems).toEqual([]);
    });
  }
});
