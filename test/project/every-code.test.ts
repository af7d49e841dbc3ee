import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { buildProject } from '../../src/cli/built-project.ts';
import { openWorkbench } from '../../src/cli/local-workbench.ts';
import { missingSecrets, unknownModels } from '../../src/cli/missing-here.ts';
import type { Diagnostic } from '../../src/contracts/diagnostics.ts';
import type { Json } from '../../src/contracts/json.ts';
import { ExpressionError, evaluate, parseExpression } from '../../src/language/expressions/index.ts';
import { CODES, checkBlueprint } from '../../src/language/index.ts';
import { importOpenApi } from '../../src/project/import/openapi.ts';
import { importPredecessor } from '../../src/project/import/predecessor.ts';
import { loadProject } from '../../src/project/load-project.ts';
import { fixtureCatalog } from '../language/fixture-catalog.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** A text, or how it is made of another one or of a short one. */
type Text =
  | string
  | { copy: string; replace?: [string, string]; before?: string }
  | { before?: string; repeat: string; times: number; after?: string };
interface Pair<T> {
  bad: T;
  good: T;
}
interface Fixture {
  code: string;
  project?: Pair<Record<string, Text | null>> & { set?: Partial<Pair<string[]>> };
  document?: Pair<Text>;
  openapi?: Pair<Text>;
  predecessor?: Pair<Text>;
  expression?: Pair<string>;
}

const here = import.meta.dirname;
const fixtures = parse(readFileSync(join(here, 'code-fixtures.yaml'), 'utf8')) as Fixture[];
const workbench = openWorkbench();
afterAll(() => workbench.close());

const PROJECT: Record<string, string> = {
  'ice.yaml': 'name: shop\n',
  'tools/price.ts': `import { defineTool } from 'iceos';
import { z } from 'zod';
export default defineTool({
  name: 'price',
  version: '1.0.0',
  description: 'Prices an item',
  input: z.object({ cost: z.number() }),
  output: z.object({ price: z.number() }),
  run: ({ cost }) => ({ price: cost * 2 }),
  examples: [{ input: { cost: 10 }, output: { price: 20 } }],
});
`,
  'workflows/flow.yaml': `blueprint: 2
name: flow
version: 1.0.0
description: Names one
nodes: [{ id: a, type: set, values: { b: 1 } }]
outputs: { b: "{{ a.b }}" }
`,
};

function textOf(text: Text): string {
  if (typeof text === 'string') return text;
  if ('copy' in text) {
    const [from, to] = text.replace ?? ['', ''];
    const whole = PROJECT[text.copy]!;
    expect(whole).toContain(from);
    return (text.before ?? '') + whole.replace(from, () => to);
  }
  const made = text.repeat.includes('@')
    ? Array.from({ length: text.times }, (_, i) => text.repeat.replace('@', String(i))).join('')
    : text.repeat.repeat(text.times);
  return `${text.before ?? ''}${made}${text.after ?? ''}`;
}

/** As ice validate does it. */
async function ofProject(files: Record<string, Text | null>, set: readonly string[]): Promise<Diagnostic[]> {
  const all = { ...PROJECT, ...files };
  const root = tempFolder(
    Object.fromEntries(
      Object.entries(all).flatMap(([file, text]) => (text === null ? [] : [[file, textOf(text)]])),
    ),
  );
  const { project, diagnostics } = await loadProject(root);
  if (!project) return diagnostics;
  const built = await buildProject({ project, workbench, ask: async () => new Map() });
  const unset = await missingSecrets(built, workbench.keysOf, async () => new Set(set));
  const unknown = await unknownModels(built, () => workbench.models({}));
  return [...diagnostics, ...built.diagnostics, ...unset, ...unknown];
}

function ofExpression(source: string): Pick<Diagnostic, 'code' | 'severity'>[] {
  const parsed = parseExpression(source);
  if (!parsed.ok) return parsed.findings.map(({ code }) => ({ code, severity: 'error' }));
  try {
    evaluate(parsed.expression, {
      get: (name) => (name === 'inputs' ? { n: 1 } : (undefined as Json | undefined)),
    });
    return [];
  } catch (error) {
    if (error instanceof ExpressionError) return [{ code: error.code, severity: 'error' }];
    throw error;
  }
}

async function findings(fixture: Fixture, which: 'bad' | 'good'): Promise<{ code: string }[]> {
  const { project, document, openapi, predecessor, expression } = fixture;
  if (project)
    return ofProject(
      which === 'bad' ? project.bad : { ...project.bad, ...project.good },
      project.set?.[which] ?? [],
    );
  if (document)
    return checkBlueprint({ text: textOf(document[which]), file: 'flow.yaml' }, fixtureCatalog()).diagnostics;
  if (openapi) return importOpenApi({ name: 'api.yaml', text: textOf(openapi[which]) }, {}).diagnostics;
  if (predecessor)
    return importPredecessor({ name: 'old.yaml', text: textOf(predecessor[which]) }).diagnostics;
  return ofExpression(expression![which]);
}

describe.each(fixtures.map((fixture) => [fixture.code, fixture] as const))('%s', (code, fixture) => {
  test('is caused, alone, and mended', async () => {
    const bad = (await findings(fixture, 'bad')).map((each) => each.code);
    // A document with a thousand mistakes says last that there are more.
    expect([...new Set(bad)].filter((each) => (code === 'ICE1025' ? each === code : true))).toEqual([code]);
    expect(await findings(fixture, 'good')).toEqual([]);
  });
});

test('every code of the table is caused by a fixture, and mended by another', () => {
  const files = [join(here, '../language/fixtures'), join(here, '../testing/fixtures')].flatMap((folder) =>
    readdirSync(folder),
  );
  const named = (kind: string): string[] =>
    files.filter((file) => file.includes(`.${kind}.`)).map((file) => file.slice(0, 'ICE0000'.length));
  const others = fixtures.map(({ code }) => code);
  const codes = Object.keys(CODES).sort();
  expect(codes.length).toBeGreaterThanOrEqual(60);
  expect([...new Set([...named('bad'), ...others])].sort()).toEqual(codes);
  expect([...new Set([...named('good'), ...others])].sort()).toEqual(codes);
});
