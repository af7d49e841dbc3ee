import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { openRuntimes } from '../../src/host/runtimes.ts';
import { rootCauseFirst } from '../../src/language/index.ts';
import { buildComponents } from '../../src/project/build-components.ts';
import { loadProject } from '../../src/project/load-project.ts';
import { tempFolder } from '../support/temp-folder.ts';

interface Broken {
  name: string;
  expect: { code: string; line: number; more?: number; help?: string; message?: string };
  source: string;
}
const cases = parse(readFileSync(join(import.meta.dirname, 'broken-tools.yaml'), 'utf8')) as Broken[];

const runtimes = openRuntimes();
afterAll(() => runtimes.close());

test('there are at least ten', () => expect(cases.length).toBeGreaterThanOrEqual(10));

test.each(cases)(
  '$name: the root cause is the first finding, at its line',
  async ({ source, expect: wanted }) => {
    const root = tempFolder({ 'ice.yaml': 'name: shop\n', 'tools/weather.ts': source });
    const { diagnostics } = await buildComponents((await loadProject(root)).project!, runtimes);
    const found = rootCauseFirst(diagnostics).filter(({ severity }) => severity !== 'info');
    expect(found[0]).toMatchObject({ code: wanted.code, range: { start: { line: wanted.line } } });
    expect(found.map(({ code, message }) => `${code} ${message}`)).toHaveLength(1 + (wanted.more ?? 0));
    if (wanted.help) expect(found[0]!.help).toContain(wanted.help);
    if (wanted.message) expect(found[0]!.message).toContain(wanted.message);
    expect(found[0]).not.toHaveProperty('related');
    // Nothing of this machine, and no words of a library.
    expect(JSON.stringify(diagnostics.map(({ message, help }) => [message, help]))).not.toMatch(
      new RegExp(`${root}|Invalid input|Unrecognized|node_modules|dist/`),
    );
  },
);
