import { readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, posix, relative, resolve, sep } from 'node:path';
import type { Diagnostic } from '../contracts/diagnostics.ts';
import { durationMs } from '../contracts/durations.ts';
import { formatRef } from '../contracts/ids.ts';
import type { Json, JsonObject, JsonSchema } from '../contracts/json.ts';
import type { TestCase, TestFile } from '../contracts/tests.ts';
import { Collector } from '../language/diagnostics/collector.ts';
import { finding } from '../language/diagnostics/finding.ts';
import { suggest } from '../language/expressions/suggest.ts';
import type { CatalogEntry } from '../language/index.ts';
import type { ProjectComponent } from '../project/build-components.ts';
import type { Project } from '../project/load-project.ts';
import { checkTest } from '../testing/check-test.ts';
import { type ReadTest, readTest } from '../testing/read-test.ts';
import { type BuiltProject, errorsIn } from './built-project.ts';
import { cassetteDiagnostics } from './local-test-host.ts';
import { componentOf, orderOfSource, type RunOrder } from './run-order.ts';
import { cassetteBeside, isCassette, type TestSelection, textIfThere } from './test-files.ts';
import type { Pushed } from './test-pushed.ts';

/** What to run in a test; the rest of an order is for the target that it would go to. */
type TestOrder = Pick<RunOrder, 'title' | 'what' | 'input' | 'content'>;

/** The cases of one file, or the examples of one tool. */
export interface Suite {
  test: TestFile;
  /** `tool/price` */
  component: string;
  file: string;
  /** The file of the component, if it is the project's. */
  source?: string;
  /** Where its recordings are, relative to the project. */
  cassette: string;
  order: TestOrder;
  timeoutMs: number;
  /** Examples say what the tool returns, which is more exact than what the outputs of its run are. */
  examples: boolean;
  cases: { one: TestCase; inputs: JsonObject; line?: number }[];
}

export interface Gathered {
  suites: Suite[];
  diagnostics: Diagnostic[];
  /** Text of each file that a diagnostic may point into. */
  texts: Map<string, string>;
}

export interface GatherRequest {
  project: Project;
  built: BuiltProject;
  /** The tools that ship with ice; asked for when a test is of none of the project's components. */
  std(): Promise<readonly CatalogEntry[]>;
  pushed: Pushed;
  selection: TestSelection;
  filter: string | undefined;
  /** Whether the cassettes are made anew, so that what is wrong with them does not matter. */
  renews: boolean;
}

const EXAMPLE_MS = 30_000;
const CASE_MS = 60_000;
const MOST_BYTES = 16 * 1024 * 1024;

/** Everything that is to be run, or what is wrong with the files that say so. */
export async function gatherTests(request: GatherRequest): Promise<Gathered> {
  const { built, selection, project } = request;
  const gathered: Gathered = { suites: [], diagnostics: [], texts: new Map() };
  for (const component of built.components) {
    if (component.kind !== 'tool' || component.info.examples.length === 0) continue;
    if (selection.sources && !selection.sources.has(component.file)) continue;
    gathered.suites.push(withFilter(exampleSuite(request, component), request.filter));
  }
  for (const file of [...selection.testFiles, ...selection.others]) {
    const text = textIfThere(project.root, file) ?? '';
    const read = readTest({ text, file });
    const found = [...read.diagnostics];
    const suite = read.test && (await fileSuite(request, read, found));
    const named = selection.testFiles.includes(file);
    // A source that was named brings the tests of it along, wherever they are.
    if (!named && !selection.sources!.has(suite?.source ?? '')) continue;
    gathered.texts.set(file, text);
    const taken = suite && gathered.suites.find((one) => !one.examples && one.cassette === suite.cassette);
    if (taken)
      found.push(
        finding('ICE1809', file, `${suite.cassette} is the cassette of ${taken.file} already`, {
          range: read.source.valueRange(['cassette']),
          help: 'Give each test file a cassette of its own.',
        }),
      );
    gathered.diagnostics.push(...found);
    if (suite) gathered.suites.push(withFilter(suite, request.filter));
  }
  gathered.suites = gathered.suites.filter((suite) => suite.cases.length > 0);
  if (!request.renews) await checkCassettes(project.root, gathered);
  return gathered;
}

function exampleSuite(request: GatherRequest, component: ProjectComponent): Suite {
  const cases = component.info.examples.map(({ name, input, output }, i) => ({
    one: {
      name: name ?? `example ${i + 1}`,
      inputs: input as JsonObject,
      files: {},
      // An example's output is of any type; a case's is by name, which only its file knows.
      ...(output === undefined ? {} : { output: output as JsonObject, match: 'exact' as const }),
      assert: [],
      scorers: [],
    },
    inputs: input as JsonObject,
  }));
  return {
    test: { test: component.name, run: `tool/${component.name}`, scorers: [], cases: [] },
    component: `tool/${component.name}`,
    file: component.file,
    source: component.file,
    cassette: cassetteBeside(component.file),
    order: orderWith(request, component),
    timeoutMs: EXAMPLE_MS,
    examples: true,
    cases,
  };
}

/** With what the project's sources refer to on the target: the host of tests has no registry of its own. */
function orderWith({ built, pushed }: GatherRequest, component: ProjectComponent): TestOrder {
  const { title, input, ...order } = orderOfSource(built, component);
  return {
    title,
    input,
    what: {
      ...order.what,
      pins: { ...pushed.pins, ...order.what.pins },
      about: { ...pushed.about, ...order.what.about },
    },
    content: new Map([...pushed.content, ...order.content]),
  };
}

async function fileSuite(
  request: GatherRequest,
  read: ReadTest,
  diagnostics: Diagnostic[],
): Promise<Suite | undefined> {
  const { project, built } = request;
  const test = read.test!;
  const out = new Collector(read.source);
  const subject = await subjectOf(request, read, out);
  const inputs = test.cases.map((one, i) => inputsOf(project.root, read, one, i, subject?.order.input, out));
  const cassette = cassetteOf(read, out);
  diagnostics.push(...out.diagnostics);
  if (!subject) return undefined;
  const nodeIds = subject.own?.blueprint?.nodes.map((node) => node.id) ?? [];
  const { order, output } = subject;
  diagnostics.push(...checkTest(read, { input: order.input, output, nodeIds }, (i) => inputs[i]));
  if (errorsIn(built.diagnostics).some((one) => one.file === subject.own?.file)) return undefined;
  return {
    test,
    component: order.title,
    file: read.file,
    ...(subject.own ? { source: subject.own.file } : {}),
    cassette,
    order,
    timeoutMs: test.timeout === undefined ? CASE_MS : (durationMs(test.timeout) ?? CASE_MS),
    examples: false,
    cases: test.cases.map((one, i) => ({
      one,
      inputs: inputs[i] ?? {},
      line: read.source.valueRange(['cases', i, 'name']).start.line,
    })),
  };
}

interface Subject {
  order: TestOrder;
  output: JsonSchema;
  own?: ProjectComponent;
}

/** What a file tests: a component of the project, or one that ships with ice. */
async function subjectOf(
  request: GatherRequest,
  read: ReadTest,
  out: Collector,
): Promise<Subject | undefined> {
  const { ref } = read;
  if (!ref) return undefined;
  const { built } = request;
  try {
    const own = componentOf(built.components, ref);
    if (own) return { own, order: orderWith(request, own), output: own.manifest.output };
  } catch (error) {
    out.atValue('ICE1802', ['run'], (error as Error).message, {
      help: 'Write kind/name, of the version that is here.',
    });
    return undefined;
  }
  const std = await request.std();
  const shipped = std.find((one) => one.manifest.name === ref.name);
  if (shipped)
    return {
      order: {
        title: `tool/${ref.name}`,
        what: { ref: formatRef({ ...ref, kind: 'tool' }) },
        input: shipped.manifest.input,
        content: new Map(),
      },
      output: shipped.manifest.output,
    };
  const names = [...built.components.map((one) => one.name), ...std.map((one) => one.manifest.name)];
  const near = suggest(ref.name, names);
  out.atValue('ICE1802', ['run'], `The project has no component ${formatRef(ref)}`, {
    help: near
      ? `Did you mean ${near}?`
      : `Tests run what the project has, and std. It has: ${names.slice(0, 8).join(', ')}.`,
  });
  return undefined;
}

/** The inputs of a case, those from files included; undefined when a file can't be read, which is reported. */
function inputsOf(
  root: string,
  read: ReadTest,
  one: TestCase,
  index: number,
  schema: JsonSchema | undefined,
  out: Collector,
): JsonObject | undefined {
  const inputs: JsonObject = { ...one.inputs };
  let whole = true;
  for (const [name, file] of Object.entries(one.files)) {
    const problem = (message: string, help: string): void => {
      whole = false;
      out.atValue('ICE1809', ['cases', index, 'files', name], message, { help });
    };
    const path = insideOf(root, dirname(join(root, read.file)), file);
    if (path === undefined) {
      problem(
        `${file} is not in the project, or is not there`,
        'Write the path from the folder of the test file, as ../data/week.csv.',
      );
      continue;
    }
    const stat = statSync(path);
    if (!stat.isFile() || stat.size > MOST_BYTES) {
      problem(
        `${file} ${stat.isFile() ? `has ${stat.size} bytes; ${MOST_BYTES} is the most` : 'is no file'}`,
        stat.isFile() ? 'Name a smaller one.' : 'Name one that is in it.',
      );
      continue;
    }
    const text = readFileSync(path, 'utf8');
    if (takesText(schema, name)) inputs[name] = text;
    else {
      try {
        inputs[name] = JSON.parse(text) as Json;
      } catch (error) {
        problem(
          `${file} is no JSON: ${(error as Error).message}`,
          `The input ${name} is no text, so its file holds JSON.`,
        );
      }
    }
  }
  return whole ? inputs : undefined;
}

function takesText(schema: JsonSchema | undefined, name: string): boolean {
  const properties = typeof schema === 'object' ? (schema['properties'] as Record<string, JsonSchema>) : {};
  const property = properties?.[name];
  if (typeof property !== 'object' || property['type'] === undefined) return true;
  return property['type'] === 'string' || (property['type'] as Json[]).includes('string');
}

/** The real path of a file, if it is there and inside of the project, links followed. */
function insideOf(root: string, from: string, file: string): string | undefined {
  try {
    const path = realpathSync(resolve(from, file));
    const inside = relative(realpathSync(root), path);
    return inside.startsWith('..') || isAbsolute(inside) ? undefined : path;
  } catch {
    return undefined;
  }
}

function cassetteOf(read: ReadTest, out: Collector): string {
  const { cassette } = read.test!;
  if (cassette === undefined) return cassetteBeside(read.file);
  const file = posix.normalize(posix.join(posix.dirname(read.file), cassette.split(sep).join('/')));
  if (file.startsWith('..') || isAbsolute(cassette) || !isCassette(file))
    out.atValue('ICE1809', ['cassette'], `${cassette} cannot be the cassette`, {
      help: 'It is a file of the project, from the folder of the test file, as NAME.cassette.yaml.',
    });
  return file;
}

function withFilter(suite: Suite, filter: string | undefined): Suite {
  if (filter === undefined) return suite;
  const wanted = filter.toLowerCase();
  return {
    ...suite,
    cases: suite.cases.filter(({ one }) =>
      `${suite.component} ${suite.test.test} ${one.name}`.toLowerCase().includes(wanted),
    ),
  };
}

async function checkCassettes(root: string, { suites, diagnostics, texts }: Gathered): Promise<void> {
  for (const file of new Set(suites.map((suite) => suite.cassette))) {
    const text = textIfThere(root, file);
    if (text === undefined) continue;
    const found = await cassetteDiagnostics(text, file);
    if (found.length > 0) texts.set(file, text);
    diagnostics.push(...found);
  }
}
