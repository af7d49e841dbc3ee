import { globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Diagnostic } from '../../src/contracts/diagnostics.ts';
import { applyFixes, CODES, checkBlueprint, rootCauseFirst } from '../../src/language/index.ts';
import { fixtureCatalog } from './fixture-catalog.ts';

const catalog = fixtureCatalog();
const check = (file: string, text: string) => checkBlueprint({ text, file }, catalog);
const told = (diagnostics: Diagnostic[]) =>
  diagnostics
    .filter((each) => each.severity !== 'info')
    .map((each) => `${each.code} at ${each.range?.start.line}: ${each.message}`);

const FIXTURES = join(import.meta.dirname, 'fixtures');
const BROKEN = join(import.meta.dirname, 'broken');
const fixtures = readdirSync(FIXTURES).sort();

/** `# expect ICE1203 at 8`: the code and the line of the first finding. */
function expectation(text: string): { code: string; line: number } {
  const match = /expect (ICE\d{4}) at (\d+)/.exec(text)!;
  return { code: match[1]!, line: Number(match[2]) };
}

describe('each code has a document that causes it', () => {
  it.each(fixtures.filter((file) => file.includes('.bad.')))('%s', (file) => {
    const text = readFileSync(join(FIXTURES, file), 'utf8');
    const { code, line } = expectation(text);
    const { diagnostics } = check(file, text);
    expect(file.startsWith(code)).toBe(true);
    expect(diagnostics[0]).toMatchObject({ code, range: { start: { line } } });
    // One mistake, one finding: nothing that only follows from it.
    expect(told(diagnostics)).toHaveLength(diagnostics[0]!.severity === 'info' ? 0 : 1);
  });
});

describe('the same documents, mended, have no findings', () => {
  it.each(fixtures.filter((file) => file.includes('.good.')))('%s', (file) => {
    const { diagnostics, ok } = check(file, readFileSync(join(FIXTURES, file), 'utf8'));
    expect(diagnostics).toEqual([]);
    expect(ok).toBe(true);
  });
});

describe('the table of codes', () => {
  it('has every code that the sources use', () => {
    const root = join(import.meta.dirname, '../../src');
    const used = new Set<string>();
    for (const file of globSync('**/*.ts', { cwd: root })) {
      for (const match of readFileSync(join(root, file), 'utf8').matchAll(/'(ICE\d{4})'/g))
        used.add(match[1]!);
    }
    expect([...used].filter((code) => !(code in CODES)).sort()).toEqual([]);
  });

  it('says what each code means, with a bad and a good example', () => {
    for (const [code, entry] of Object.entries(CODES)) {
      expect(entry.title, code).toMatch(/\S/);
      expect(entry.explain, code).toMatch(/[.!]$/);
      expect(entry.bad, code).not.toBe(entry.good);
    }
  });
});

describe('documents as an outsider breaks them: the root cause is the first finding, at its line', () => {
  const broken = readdirSync(BROKEN).sort();

  it.each(broken.filter((file) => !file.startsWith('00')))('%s', (file) => {
    const text = readFileSync(join(BROKEN, file), 'utf8');
    const { code, line } = expectation(text);
    const { diagnostics } = check(file, text);
    expect(diagnostics[0]).toMatchObject({ code, range: { start: { line } } });
    expect(told(diagnostics)).toHaveLength(1);
    expect(diagnostics[0]!.help).toMatch(/\S/);
  });

  it.each([
    ['41-quotes-inside-quotes.yaml', '"{{ inputs.who == \'bob\' ? 1 : 2 }}"'],
    ['43-dash-too-deep.yaml', "Indent it by 2, like 'id' in line 8"],
    ['45-inputs-as-list.yaml', '`who: { … }`'],
    ['48-branch-without-then.yaml', 'many.?then.?note'],
    ['49-output-without-braces.yaml', '{{ load.rows }}'],
    ['50-name-of-the-tool-for-the-node.yaml', "'load'"],
    ['52-clock.yaml', 'run.startedAt'],
    ['53-bracket.yaml', '`size(` with )'],
    ['54-one-for-a-list.yaml', '["{{ inputs.row }}"]'],
    ['55-tools-as-maps.yaml', 'price'],
    ['56-text-without-quotes.yaml', "'opened_now'"],
    ['58-edges.yaml', '`needs: [id]`'],
    ['59-agent-as-map.yaml', 'model, system, tools'],
    ['60-number-for-a-text.yaml', 'string(…)'],
    ['61-any-field-of-a-map.yaml', 'There is: headers.'],
  ])('%s: the help says what to write', (file, help) => {
    const { diagnostics } = check(file, readFileSync(join(BROKEN, file), 'utf8'));
    expect(diagnostics[0]!.help).toContain(help);
  });

  it('and the document that they were made of is valid', () => {
    expect(
      told(check('valid.yaml', readFileSync(join(BROKEN, '00-valid.yaml'), 'utf8')).diagnostics),
    ).toEqual([]);
  });
});

describe('--fix', () => {
  const all = [
    ...fixtures.filter((file) => file.includes('.bad.')).map((file) => join(FIXTURES, file)),
    ...readdirSync(BROKEN).map((file) => join(BROKEN, file)),
  ];

  it('mends what it offers to mend: no safe fix leaves its own finding behind', () => {
    let fixed = 0;
    for (const path of all) {
      const text = readFileSync(path, 'utf8');
      const { diagnostics } = check(path, text);
      const safe = diagnostics.filter((each) => each.fix?.safe);
      if (safe.length === 0) continue;
      const mended = applyFixes(text, diagnostics);
      expect(mended.applied, path).toBe(safe.length);
      const after = check(path, mended.text).diagnostics;
      for (const each of safe)
        expect(
          after.map((other) => other.code),
          path,
        ).not.toContain(each.code);
      fixed++;
    }
    expect(fixed).toBeGreaterThan(15);
  });

  it('leaves unsafe fixes alone unless it is told otherwise', () => {
    const text =
      'blueprint: 2\nname: My Flow\nnodes: [{ id: a, type: set, values: { x: 1 } }]\noutputs: { x: "{{ a.x }}" }\n';
    const { diagnostics } = check('a.yaml', text);
    expect(applyFixes(text, diagnostics)).toEqual({ text, applied: 0 });
    expect(applyFixes(text, diagnostics, { safeOnly: false }).text).toContain('name: my-flow');
  });
});

it('refuses a document of 5 MB without reading it', () => {
  const { diagnostics } = check('big.yaml', `# ${'x'.repeat(5_000_000)}\n`);
  expect(diagnostics.map((each) => each.code)).toEqual(['ICE1008']);
});

it('shows 500 findings, and says how many more there are', () => {
  const text = `blueprint: 2\nname: demo\n${Array.from({ length: 900 }, (_, i) => `field${i}: 1\n`).join('')}nodes: []\n`;
  const { diagnostics } = check('many.yaml', text);
  expect(diagnostics).toHaveLength(501);
  expect(diagnostics.at(-1)).toMatchObject({ code: 'ICE1025', severity: 'info' });
  const more = (list: readonly { message: string }[]) => Number(/\d+/.exec(list.at(-1)!.message)![0]);
  expect(more(diagnostics)).toBeGreaterThanOrEqual(400);
  // Put together with what else was found in the file, it says the same, and one more.
  const other = { ...diagnostics[0]!, code: 'ICE9999', message: 'another' };
  const together = rootCauseFirst([...diagnostics, other]);
  expect(together).toHaveLength(501);
  expect(more(together)).toBe(more(diagnostics) + 1);
});
