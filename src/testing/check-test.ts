import type { Diagnostic } from '../contracts/diagnostics.ts';
import type { Json, JsonObject, JsonSchema } from '../contracts/json.ts';
import type { Scorer } from '../contracts/tests.ts';
import { Collector } from '../language/diagnostics/collector.ts';
import {
  conditionProblem,
  inferTemplate,
  parseTemplate,
  suggest,
  type TypeEnv,
} from '../language/expressions/index.ts';
import { applyDefaults, schemaErrors } from '../language/schema/index.ts';
import type { Path } from '../language/source/path.ts';
import type { ReadTest } from './read-test.ts';

/** What a test file is checked against. */
export interface Tested {
  input: JsonSchema;
  output: JsonSchema;
  /** Ids of the nodes of its own list. */
  nodeIds: readonly string[];
}

const RUN_TYPE: JsonSchema = {
  type: 'object',
  properties: {
    id: { type: 'string' },
    state: { type: 'string' },
    error: { type: ['object', 'null'] },
    cost: { type: 'number' },
    usage: {
      type: 'object',
      properties: { inputTokens: { type: 'integer' }, outputTokens: { type: 'integer' } },
      required: ['inputTokens', 'outputTokens'],
      additionalProperties: false,
    },
    durationMs: { type: 'number' },
  },
  required: ['id', 'state', 'error', 'cost', 'usage', 'durationMs'],
  additionalProperties: false,
};

/**
 * What is wrong with the cases of a file, given what they run: inputs against its schema, names of outputs, and the
 * types of expressions. `inputsOf` gives the inputs of a case with those that come from files; undefined when one of
 * these could not be read, which has been reported.
 */
export function checkTest(
  read: ReadTest,
  tested: Tested,
  inputsOf: (index: number) => JsonObject | undefined,
): Diagnostic[] {
  const { test, source } = read;
  if (!test) return [];
  const out = new Collector(source);
  const env = environment(tested);
  for (const [i, one] of test.cases.entries()) {
    const at = ['cases', i];
    const inputs = inputsOf(i);
    // A case may be about wrong inputs.
    if (inputs && one.error === undefined) checkInputs(out, tested.input, inputs, one.files, at);
    checkOutputs(out, tested.output, one.output, [...at, 'output']);
    for (const [j, text] of one.assert.entries()) checkCondition(out, env, text, [...at, 'assert', j]);
    for (const [j, scorer] of one.scorers.entries()) checkScorer(out, env, scorer, [...at, 'scorers', j]);
  }
  for (const [j, scorer] of test.scorers.entries()) checkScorer(out, env, scorer, ['scorers', j]);
  return out.diagnostics;
}

function checkInputs(
  out: Collector,
  schema: JsonSchema,
  inputs: JsonObject,
  files: Record<string, string>,
  at: Path,
): void {
  for (const { path, message } of schemaErrors(schema, applyDefaults(schema, inputs) as Json)) {
    const place = pathOf(path);
    const [name] = place;
    const from = typeof name === 'string' && Object.hasOwn(files, name);
    out.atValue(
      'ICE1804',
      from ? [...at, 'files', name] : place.length === 0 ? [...at, 'inputs'] : [...at, 'inputs', ...place],
      `${path === '' ? 'The inputs' : path} ${message}`,
      { help: 'Correct the input. If the case is about this, let it expect `error: input_invalid`.' },
    );
  }
}

/** `a.b[2]["c d"]` -> its parts. */
function pathOf(text: string): (string | number)[] {
  return [...text.matchAll(/\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|([\w$-]+)/g)].map(([, index, quoted, name]) =>
    index !== undefined
      ? Number(index)
      : quoted !== undefined
        ? (JSON.parse(`"${quoted}"`) as string)
        : name!,
  );
}

function checkOutputs(out: Collector, schema: JsonSchema, output: JsonObject | undefined, at: Path): void {
  const names = outputNames(schema);
  if (!output || !names) return;
  for (const name of Object.keys(output)) {
    if (names.includes(name)) continue;
    const near = suggest(name, names);
    out.atKey('ICE1805', [...at, name], `There is no output \`${name}\``, {
      help: near
        ? `Did you mean \`${near}\`?`
        : names.length > 0
          ? `There are: ${names.join(', ')}.`
          : 'There are none.',
    });
  }
}

/** Names of outputs, where these are known and no others can come. */
function outputNames(schema: JsonSchema): string[] | undefined {
  if (typeof schema !== 'object' || schema['type'] !== 'object' || schema['additionalProperties'] !== false)
    return undefined;
  return Object.keys((schema['properties'] ?? {}) as object);
}

function environment({ input, output, nodeIds }: Tested): TypeEnv {
  const variables: Record<string, JsonSchema> = {
    inputs: input,
    // A tool without fields of its own gives its result as one output.
    outputs: outputNames(output) ? output : {},
    run: RUN_TYPE,
  };
  const names = [...Object.keys(variables), ...nodeIds];
  return {
    variable: (name) =>
      Object.hasOwn(variables, name) ? variables[name] : nodeIds.includes(name) ? {} : undefined,
    names: () => names,
    node: (id) => (nodeIds.includes(id) ? {} : undefined),
    nodeNames: () => [...nodeIds],
  };
}

/** The type of an expression; reports what can't be. Warnings are left out: a test that is wrong shows it. */
function infer(out: Collector, env: TypeEnv, text: string, at: Path): JsonSchema | undefined {
  const parsed = parseTemplate(text);
  // What can't be read has been reported, and is of no type.
  if (parsed.findings.length > 0) return undefined;
  const { type, findings } = inferTemplate(parsed.template, env);
  const errors = findings.filter((each) => each.severity === 'error');
  for (const { code, message, start, end, help } of errors)
    out.within(code, at, start, end, message, help === undefined ? {} : { help });
  return errors.length > 0 ? undefined : type;
}

function checkCondition(out: Collector, env: TypeEnv, text: string, at: Path): void {
  const type = infer(out, env, text, at);
  if (
    type === undefined ||
    parseTemplate(text).template.kind !== 'single' ||
    conditionProblem(type) !== 'type'
  )
    return;
  out.atValue('ICE1407', at, 'An assertion must be true or false, and this is neither', {
    help: 'Compare it: outputs.n > 3, outputs.name == "kettle", size(outputs.rows) > 0.',
  });
}

function checkScorer(out: Collector, env: TypeEnv, scorer: Scorer, at: Path): void {
  if (scorer.of !== undefined) infer(out, env, scorer.of, [...at, 'of']);
  if (scorer.judge) infer(out, env, scorer.judge.prompt, [...at, 'judge', 'prompt']);
}
