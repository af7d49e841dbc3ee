import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CODES } from '../../src/language/index.ts';
import { ice, temporary, writeFiles } from '../support/ice.ts';

/** Each code of tests has a file that causes it and the same mended, checked as a user would: by `ice test`. */
const FIXTURES = join(import.meta.dirname, 'fixtures');
const fixtures = readdirSync(FIXTURES).sort();
const { dir, remove } = temporary();
afterAll(remove);

beforeAll(() => {
  writeFiles(dir, {
    'ice.yaml': 'name: shop\n',
    'data/note.txt': 'a note\n',
    'tools/price.ts': `import { defineTool } from 'iceos';
import { z } from 'zod';
export default defineTool({
  name: 'price', version: '1.0.0', description: 'Prices an item',
  input: z.object({ cost: z.number(), note: z.string().optional() }),
  output: z.object({ price: z.number() }),
  run: ({ cost }) => ({ price: cost * 1.25 }),
});
`,
  });
});

/** Puts one fixture into the project, in the place of the one before, and tests. */
async function diagnosticsOf(fixture: string) {
  const file = fixture.includes('.cassette.') ? 'tests/one.cassette.yaml' : 'tests/one.test.yaml';
  writeFiles(dir, {
    'tests/one.test.yaml': 'test: price\nrun: price\ncases: [{ name: ten, inputs: { cost: 10 } }]\n',
    'tests/one.cassette.yaml': 'cassette: 1\nexchanges: []\n',
  });
  cpSync(join(FIXTURES, fixture), join(dir, file));
  const { exit, json } = await ice(['test', '--json'], { cwd: dir });
  return {
    exit,
    file,
    found: (json['diagnostics'] ?? []) as {
      code: string;
      file: string;
      range: { start: { line: number } };
    }[],
  };
}

describe('each code has a file that causes it', () => {
  it.each(fixtures.filter((file) => file.includes('.bad.')))('%s', async (fixture) => {
    const [, code, line] = /expect (ICE\d{4}) at (\d+)/.exec(readFileSync(join(FIXTURES, fixture), 'utf8'))!;
    const { exit, file, found } = await diagnosticsOf(fixture);
    expect(exit).toBe(3);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ code, file, range: { start: { line: Number(line) } } });
    expect(fixture.startsWith(code!)).toBe(true);
  });
});

describe('the same files, mended, are run', () => {
  it.each(fixtures.filter((file) => file.includes('.good.')))('%s', async (fixture) => {
    const { exit, found } = await diagnosticsOf(fixture);
    expect(found).toEqual([]);
    expect([0, 1]).toContain(exit);
  });
});

it('has a pair for every code of tests', () => {
  const codes = Object.keys(CODES).filter((code) => code.startsWith('ICE18'));
  for (const code of codes)
    for (const kind of ['bad', 'good'])
      expect(
        fixtures.some((file) => file.startsWith(`${code}.${kind}.`)),
        `${code}.${kind}`,
      ).toBe(true);
});
