import type { Diagnostic } from '../contracts/diagnostics.ts';
import { ERRORS, isErrorCode } from '../contracts/errors.ts';
import { type ComponentRef, parseRef } from '../contracts/ids.ts';
import type { Json } from '../contracts/json.ts';
import {
  type Scorer,
  scorerSchema,
  type TestFile,
  testCaseSchema,
  testFileSchema,
} from '../contracts/tests.ts';
import { Collector } from '../language/diagnostics/collector.ts';
import { replaceValue } from '../language/diagnostics/fixes.ts';
import { parseTemplate, suggest } from '../language/expressions/index.ts';
import { isMap, Walk, type Walked } from '../language/shape/walk.ts';
import { describeValue, type Shape, shapeOf } from '../language/shape/zod-shape.ts';
import type { DocumentSource } from '../language/source/document-source.ts';
import type { Path } from '../language/source/path.ts';
import { readSource } from '../language/source/read-source.ts';

/** A file of tests as it was read; `test` is there when it has the form of one, though more may be wrong with it. */
export interface ReadTest {
  file: string;
  source: DocumentSource;
  test?: TestFile;
  ref?: ComponentRef;
  diagnostics: Diagnostic[];
}

const BEGIN = 'Begin with `test:` (what it is called), `run:` (what it tests) and `cases:`.';

/** Text -> test file: everything that can be known without the component that it tests. */
export function readTest(input: { text: string; file: string }): ReadTest {
  const { file } = input;
  const { source, diagnostics, readable } = readSource({ ...input, begin: BEGIN });
  if (!readable) return { file, source, diagnostics };
  const out = new Collector(source);
  const read = isMap(source.value)
    ? new TestWalk(out).value(shapeOf(testFileSchema), source.value, [])
    : out.atValue('ICE1101', [], `A test file is a map, and this is ${describeValue(source.value)}`, {
        help: BEGIN,
      });
  const parsed = testFileSchema.safeParse(read);
  // The walk explains every slip that it knows; the schema itself has the last word.
  if (!parsed.success && out.errors === 0)
    for (const issue of parsed.error.issues) {
      const path = issue.path as (string | number)[];
      if (path.join() === 'cases' && issue.code === 'too_small')
        out.atKey('ICE1801', path, 'There are no cases', {
          help: 'Write one: cases: [{ name: …, inputs: { … }, output: { … } }]',
        });
      else out.atValue('ICE1801', path, `${path.join('.')}: ${issue.message}`);
    }
  const test = parsed.success ? parsed.data : undefined;
  const ref = test && checkRef(out, test);
  if (test) {
    checkCases(out, test);
    for (const [i, scorer] of test.scorers.entries()) checkScorer(out, scorer, ['scorers', i]);
  }
  return {
    file,
    source,
    ...(test ? { test } : {}),
    ...(ref ? { ref } : {}),
    diagnostics: [...diagnostics, ...out.diagnostics],
  };
}

/** Names cases and scorers as people call them, where the walk would say `0`. */
class TestWalk extends Walk {
  override value(shape: Shape, value: unknown, path: Path): Walked {
    const what =
      path.length === 0
        ? 'A test file'
        : shape === shapeOf(testCaseSchema)
          ? 'A case'
          : shape === shapeOf(scorerSchema)
            ? 'A scorer'
            : undefined;
    if (what === undefined || shape.kind !== 'object') return super.value(shape, value, path);
    if (!isMap(value)) return this.wrongType(shape, value, path);
    const kind = what === 'A case' ? 'case' : 'other';
    return this.object(shape, value, path, { place: { kind }, what }).value;
  }
}

function checkRef(out: Collector, test: TestFile): ComponentRef | undefined {
  const ref = parseRef(test.run);
  if (!ref)
    out.atValue('ICE1802', ['run'], `\`${test.run.slice(0, 60)}\` is no reference to a component`, {
      help: 'Write its name, as price, tool/price or std/csv-parse@^1.',
    });
  return ref;
}

function checkCases(out: Collector, test: TestFile): void {
  const first = new Map<string, number>();
  for (const [i, one] of test.cases.entries()) {
    const at = ['cases', i];
    const other = first.get(one.name);
    if (other === undefined) first.set(one.name, i);
    else
      out.atValue('ICE1803', [...at, 'name'], `There is a case "${one.name.slice(0, 60)}" already`, {
        help: 'Give it another name.',
        related: [out.related(['cases', other, 'name'], 'the other one')],
      });
    checkError(out, one.error, at);
    if (one.error !== undefined && (one.output !== undefined || one.scorers.length > 0))
      out.atKey(
        'ICE1807',
        [...at, 'error'],
        `The case expects an error, and ${one.output === undefined ? 'scores outputs' : 'an output'}`,
        { help: 'A run that fails has no outputs: remove one of the two.' },
      );
    if (one.match !== undefined && one.output === undefined)
      out.atKey(
        'ICE1801',
        [...at, 'match'],
        '`match` says how `output` is compared, and there is no `output`',
        {
          help: 'Add `output`, or remove `match`.',
        },
      );
    for (const name of Object.keys(one.files))
      if (Object.hasOwn(one.inputs, name))
        out.atKey('ICE1801', [...at, 'files', name], `The input ${name} is given twice`, {
          help: 'Give it under `inputs` or under `files`.',
          related: [out.related([...at, 'inputs', name], 'given here too', 'key')],
        });
    for (const [j, text] of one.assert.entries()) checkExpression(out, text, [...at, 'assert', j]);
    for (const [j, scorer] of one.scorers.entries()) checkScorer(out, scorer, [...at, 'scorers', j]);
  }
}

function checkError(out: Collector, error: TestFile['cases'][number]['error'], at: Path): void {
  if (error === undefined) return;
  const [code, path] =
    typeof error === 'string' ? [error, [...at, 'error']] : [error.code, [...at, 'error', 'code']];
  if (isErrorCode(code)) return;
  const near = suggest(code, Object.keys(ERRORS));
  out.atValue('ICE1808', path, `There is no error code \`${code.slice(0, 60)}\``, {
    help: near ? `Did you mean ${near}?` : 'Run it once; the code stands before the message.',
    ...(near ? { fix: replaceValue(out.source, path, near, `Write ${near}`, false) } : {}),
  });
}

const WAYS = ['exact', 'contains', 'schema', 'judge'] as const;

function checkScorer(out: Collector, scorer: Scorer, at: Path): void {
  const ways = WAYS.filter((way) => scorer[way] !== undefined);
  if (ways.length !== 1)
    out.atValue(
      'ICE1810',
      at,
      ways.length === 0
        ? 'The scorer does not say how it scores'
        : `The scorer scores in ${ways.length} ways: ${ways.join(', ')}`,
      { help: 'Give it exactly one of exact, contains, schema and judge.' },
    );
  if (scorer.ignoreCase !== undefined && scorer.contains === undefined)
    out.atKey('ICE1801', [...at, 'ignoreCase'], '`ignoreCase` is for `contains`', { help: 'Remove it.' });
  if (scorer.of !== undefined) checkExpression(out, scorer.of, [...at, 'of']);
  if (scorer.judge) checkSyntax(out, scorer.judge.prompt, [...at, 'judge', 'prompt']);
}

/** A single `{{ … }}`: `outputs.n > 3` without braces would always be a text, and a text is not true. */
function checkExpression(out: Collector, text: string, at: Path): void {
  if (!checkSyntax(out, text, at)) return;
  if (parseTemplate(text).template.kind === 'single') return;
  out.atValue('ICE1806', at, 'This is not one expression', {
    help: text.includes('{{') ? 'Put everything into one pair of braces.' : `Write "{{ ${text.trim()} }}".`,
    ...(text.includes('{{')
      ? {}
      : {
          fix: replaceValue(out.source, at, JSON.stringify(`{{ ${text.trim()} }}`), 'Put it in braces', true),
        }),
  });
}

function checkSyntax(out: Collector, text: string, at: Path): boolean {
  const { findings } = parseTemplate(text as Json);
  for (const { code, severity, message, start, end, help } of findings)
    out.within(code, at, start, end, message, { severity, ...(help === undefined ? {} : { help }) });
  return findings.length === 0;
}
