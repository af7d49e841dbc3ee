import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { openRuntimes } from '../../src/host/runtimes.ts';
import { rootCauseFirst } from '../../src/language/index.ts';
import { buildComponents } from '../../src/project/build-components.ts';
import { catalogOf } from '../../src/project/catalog.ts';
import { loadProject } from '../../src/project/load-project.ts';
import { tempFolder, writeInto } from '../support/temp-folder.ts';

const runtimes = openRuntimes();
afterAll(() => runtimes.close());

const TOOL = `import { defineTool } from 'iceos';
import { z } from 'zod';
export default defineTool({
  name: 'forecast', version: '1.0.0', description: 'Degrees of the coming days',
  input: z.object({ city: z.string(), days: z.number().default(3) }),
  output: z.object({ days: z.array(z.object({ name: z.string(), degrees: z.number() })) }),
  run: ({ city, days }) => ({ days: [{ name: city, degrees: days }] }),
});
`;
const FLOW = `import { text, workflow } from 'iceos';
import { z } from 'zod';
import forecast from '../tools/forecast.ts';

export default workflow('report', {
  version: '1.0.0',
  description: 'A forecast in words',
  inputs: z.object({ city: z.string(), days: z.number().default(2) }),
})
  .nodes((n) =>
    n
      .tool('get', forecast, ({ inputs }) => ({ city: inputs.city, days: inputs.days }))
      .loop('lines', ({ get }) => get.days, 'day', (body) =>
        body
          .set('line', ({ day }) => ({ text: text\`\${day.name}: \${day.degrees}\` }))
          .result(({ line }) => line.text),
      ),
  )
  .outputs(({ lines }) => ({ lines }));
`;
const SAME = `blueprint: 2
name: report
version: 1.0.0
description: A forecast in words
inputs:
  city: { type: string }
  days: { type: number, default: 2 }
nodes:
  - { id: get, type: tool, tool: forecast@^1.0.0, args: { city: "{{ inputs.city }}", days: "{{ inputs.days }}" } }
  - id: lines
    type: loop
    items: "{{ get.days }}"
    as: day
    body: [{ id: line, type: set, values: { text: "{{ day.name }}: {{ day.degrees }}" } }]
    result: "{{ line.text }}"
outputs: { lines: "{{ lines }}" }
`;

const projectOf = (files: Record<string, string>): string =>
  tempFolder({ 'ice.yaml': 'name: shop\n', 'tools/forecast.ts': TOOL, ...files });

/** As ice validate does it: the project's own findings, then those against what it refers to. */
async function validate(root: string) {
  const built = await buildComponents((await loadProject(root)).project!, runtimes);
  const catalog = catalogOf({ components: built.components });
  const checked = await built.documents.check('workflows/report.ts', catalog);
  return { ...built, diagnostics: rootCauseFirst([...built.diagnostics, ...(checked?.findings ?? [])]) };
}

test('the same workflow in TypeScript and in YAML is the same component', async () => {
  const code = await validate(projectOf({ 'workflows/report.ts': FLOW }));
  expect(code.diagnostics).toEqual([]);
  const yaml = await validate(projectOf({ 'workflows/report.yaml': SAME }));
  const digest = (built: typeof code) => built.components.find(({ kind }) => kind === 'workflow')!.digest;
  expect(digest(code)).toBe(digest(yaml));
});

test('it comes from the cache until one of its files changes', async () => {
  const root = projectOf({
    'workflows/report.ts': FLOW.replace("'A forecast in words'", 'WORDS').replace(
      'export default',
      "import { WORDS } from './_words.ts';\nexport default",
    ),
    'workflows/_words.ts': "export const WORDS = 'one';\n",
  });
  expect(await validate(root)).toMatchObject({ rebuilt: 2, unchanged: 0, diagnostics: [] });
  expect(await validate(root)).toMatchObject({ rebuilt: 0, unchanged: 2 });
  writeInto(root, { 'workflows/_words.ts': "export const WORDS = 'two';\n" });
  const changed = await validate(root);
  expect(changed).toMatchObject({ rebuilt: 1, unchanged: 1 });
  expect(changed.components.find(({ kind }) => kind === 'workflow')!.info.description).toBe('two');
});

test('its module runs in the sandbox and not in this process', async () => {
  (globalThis as { ran?: boolean }).ran = false;
  const { diagnostics } = await validate(
    projectOf({
      'workflows/report.ts': `(globalThis as any).ran = true;\n(globalThis as any).fs = process;\n${FLOW}`,
    }),
  );
  expect((globalThis as { ran?: boolean }).ran).toBe(false);
  expect(diagnostics[0]).toMatchObject({
    code: 'ICE1508',
    message: expect.stringContaining('process is not defined'),
    range: { start: { line: 2 } },
  });
});

describe('what is wrong is said at the line of the source where it is written', () => {
  test.each<[string, string | RegExp, string, string, number, string?]>([
    ['a field that a result lacks', 'get.days', '(get as any).dayz', 'ICE1401', 13, 'dayz'],
    ['a field of an item, inside a loop', '{day.degrees}', '{(day as any).degree}', 'ICE1401', 15, 'degree'],
    ['an argument of the wrong type', 'days: inputs.days', 'days: inputs.city as any', 'ICE1420', 12, 'days'],
    ['an argument that is missing', 'city: inputs.city, ', '', 'ICE1421', 12, "'get'"],
    ['a version that is not there', ', forecast, (', ", 'forecast@^3', (", 'ICE1203', 12, "'get'"],
    ['an id that is no name', "'lines', (", "'the-lines', (", 'ICE1108', 13, "'the-lines'"],
    [
      'an id that is a word of expressions, before a field that is called id',
      /\.set\('line'[\s\S]*line\.text\)/,
      ".set('size', ({ day }) => ({ id: day.name })).result(({ size }) => size.id)",
      'ICE1110',
      15,
      "'size'",
    ],
    [
      'an option of a node',
      'inputs.days })',
      "inputs.days }), { timeout: '5 parsecs' }",
      'ICE1114',
      12,
      'timeout',
    ],
    ['an output', '=> ({ lines })', '=> ({ lines, first: (lines as any).foo })', 'ICE1402', 19, 'foo'],
    ['a default that does not fit', 'default(2)', "default('x' as any)", 'ICE1428', 8],
    ['a name', "workflow('report'", "workflow('The Report'", 'ICE1116', 5],
    ['no version', "  version: '1.0.0',\n", '', 'ICE1505', 5],
    ['no default export', 'export default', 'export const made =', 'ICE1516', 5],
    ['a module that is not there', 'forecast.ts', 'forcast.ts', 'ICE4002', 3],
    ['a workflow that is not ended', /\s+\.outputs.*/, ';', 'ICE1508', 5],
    ['a throw while it is made', 'export default', '(undefined as any).x;\nexport default', 'ICE1508', 5],
    ['a syntax error', '(body) =>', '(body) ==>', 'ICE4001', 13],
    ['a tool where a workflow belongs', /[\s\S]+/, TOOL, 'ICE1508', 3],
  ])('%s', async (_, from, to, code, line, words) => {
    const text = FLOW.replace(from, to);
    expect(text).not.toBe(FLOW);
    const { diagnostics } = await validate(projectOf({ 'workflows/report.ts': text }));
    const [first] = diagnostics;
    expect(first).toMatchObject({ code, file: 'workflows/report.ts', range: { start: { line } } });
    // Nothing can be mended by an edit of the program.
    expect(diagnostics.every(({ fix }) => fix === undefined)).toBe(true);
    const { start, end } = first!.range!;
    if (words !== undefined) expect(text.slice(start.offset, end.offset)).toBe(words);
  });

  test('a document with hostile parts has findings, or is a workflow; it never throws', async () => {
    for (const document of [
      'null',
      '{}',
      '[]',
      "{ blueprint: 2, name: 'report', nodes: [{ id: 'a' }, null, 3] }",
      "{ blueprint: 2, name: 'report', nodes: [{ id: '(((', type: 'set', values: {} }] }",
      "{ blueprint: 2, name: 'report', nodes: [{ id: 'a', type: 'set', values: { d: new Date(0) } }] }",
      'JSON.parse(\'{"blueprint":2,"name":"report","nodes":[],"__proto__":{"x":1}}\')',
      '(() => { const it: any = {}; for (let at = it, i = 0; i < 400; i++) at = at.x = {}; return it; })()',
    ]) {
      const { diagnostics } = await validate(
        projectOf({ 'workflows/report.ts': `export default { kind: 'workflow', document: ${document} };\n` }),
      );
      expect({ document, codes: diagnostics.map(({ code }) => code) }).toMatchObject({
        codes: expect.arrayContaining([expect.stringMatching(/^ICE\d{4}$/)]),
      });
    }
  });
});

test('a program may make more nodes than anybody writes: a finding in each is said soon, and where they are made', async () => {
  const text = `import { workflow } from 'iceos';
const nodes = Array.from({ length: 1200 }, (_, i) => ({ id: 'n' + i, type: 'set', values: { x: '{{ nope }}' } }));
export default { kind: 'workflow', document: { ...(workflow('report').nodes((n) => n.set('a', () => ({}))).outputs(() => ({})) as any).document, nodes } };
${"f('n1');".repeat(20_000)}
`.replace('export default', 'const f = (_: string) => {};\nexport default');
  const from = process.cpuUsage();
  const { diagnostics } = await validate(projectOf({ 'workflows/report.ts': text }));
  const { user } = process.cpuUsage(from);
  expect(diagnostics.map(({ code }) => code)).toEqual(expect.arrayContaining(['ICE1307', 'ICE1025']));
  expect(user / 1000).toBeLessThan(10_000);
});

test('a workflow among the tools is told where it belongs', async () => {
  const root = projectOf({ 'tools/report.ts': FLOW.replace('../tools/', './') });
  const { diagnostics } = await validate(root);
  expect(diagnostics[0]).toMatchObject({
    code: 'ICE1508',
    file: join('tools', 'report.ts'),
    help: expect.stringContaining('components.workflows'),
  });
});

describe('a reference that is used as a value says what to write, at its line', () => {
  test.each([
    [
      'calculated with',
      "b.set('s', ({ day }) => ({ x: (day.degrees as unknown as number) * 2 }))",
      'expr`${day.degrees} …`',
    ],
    ['put into a string', "b.set('s', ({ day }) => ({ x: `It is ${day.name}` }))", 'text`… ${day.name}`'],
    [
      'called',
      "b.set('s', ({ day }) => ({ x: (day.name as any).toUpperCase() }))",
      'expr`${day.name}.toUpperCase(…)`',
    ],
    ['gone over', "b.set('s', ({ day }) => ({ x: [...(day.name as any)] }))", '.loop(…)'],
    [
      'a text inside of an expression',
      "b.set('s', ({ day }) => ({ x: expr`${text`a ${day.name}`} + 1` }))",
      'expr takes no text',
    ],
    [
      'a text inside of a string',
      "b.set('s', ({ day }) => ({ x: `${text`a ${day.name}`}` }))",
      'one text`…`',
    ],
  ])('%s', async (_, line, message) => {
    const flow = FLOW.replace('import { text,', 'import { expr, text,').replace(
      /\.set\('line'[\s\S]*?\.result\(.*?\),\n/,
      `${line.slice(1)}\n,`,
    );
    const { diagnostics } = await validate(projectOf({ 'workflows/report.ts': flow }));
    const at = flow.split('\n').findIndex((each) => each.includes("set('s'")) + 1;
    expect(diagnostics[0]).toMatchObject({ code: 'ICE1508', range: { start: { line: at } } });
    expect(diagnostics[0]!.message).toContain(message);
    expect(diagnostics[0]).not.toHaveProperty('related');
  });

  test('and what is no workflow is told so in its own words', async () => {
    const { diagnostics } = await validate(
      projectOf({ 'workflows/report.ts': "export default { blueprint: 2, name: 'report', nodes: [] };\n" }),
    );
    expect(diagnostics[0]!.message).toContain("workflow('…').outputs(…)");
    expect(diagnostics[0]!.help).toContain("export default workflow('…'");
  });
});
