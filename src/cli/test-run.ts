import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AnyRunEvent, ENDED } from '../contracts/events.ts';
import type { JsonObject } from '../contracts/json.ts';
import { explainFileError } from '../project/file-errors.ts';
import type { Coverage } from '../testing/coverage.ts';
import type { Observed } from '../testing/observed.ts';
import { type CaseReport, isMissed, meansOf, missedIn, type TestReport } from '../testing/report.ts';
import { judgeCase, problemOf, type Verdict } from '../testing/verdict.ts';
import { cassetteDiagnostics, type TestHost, type TestRunEnd } from './local-test-host.ts';
import { runIdForKey } from './run-order.ts';
import { textIfThere } from './test-files.ts';
import type { Suite } from './test-jobs.ts';

export interface TestRunOptions {
  root: string;
  host: TestHost;
  /** Cases at once. */
  atOnce: number;
  /** `replay`: nothing goes out. */
  mode: 'replay' | 'record' | 'live';
  /** Whether some cases were left out, so that recordings of others stay as they are. */
  partial: boolean;
  coverage?: Coverage;
  /** Told of each case when it is over, with the journal of its run. */
  onCase(report: CaseReport, events: AnyRunEvent[]): void | Promise<void>;
  /** A recording that nobody asks for, and the like. */
  warn(message: string): void;
}

export interface RanTests {
  report: TestReport;
  /** Cassettes that were written or removed. */
  written: string[];
}

type Cassette = Awaited<ReturnType<TestHost['openCassette']>>;

/** Runs all cases, some at once, and judges them. Reports are in the order of suites and cases, however they ran. */
export async function runTests(suites: readonly Suite[], options: TestRunOptions): Promise<RanTests> {
  const from = performance.now();
  const cassettes = await openCassettes(suites, options);
  const jobs = suites.flatMap((suite, s) => suite.cases.map((_, c) => ({ suite, s, c })));
  const reports: CaseReport[][] = suites.map(() => []);
  const verdicts: Verdict[][] = suites.map(() => []);
  const queue = jobs.entries();
  const work = async (): Promise<void> => {
    for (const [index, { suite, s, c }] of queue) {
      const ran = await runCase(suite, c, `t${index}`, cassettes.get(suite.cassette), options);
      reports[s]![c] = ran.report;
      verdicts[s]![c] = ran.verdict;
      await options.onCase(ran.report, ran.events);
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.atOnce, jobs.length) }, work));

  const written = options.mode === 'record' ? await writeCassettes(suites, cassettes, options) : [];
  if (options.mode === 'replay' && !options.partial) warnOfUnplayed(suites, cassettes, reports, options);
  const cases = reports.flat();
  const means = suites.flatMap((suite, s) =>
    meansOf(
      suite.test,
      suite.file,
      verdicts[s]!.map((verdict, c) => (suite.cases[c]!.one.error === undefined ? verdict : null)),
    ),
  );
  return {
    report: {
      cases,
      missed: [...cases.flatMap(missedIn), ...means.filter(isMissed)],
      means,
      durationMs: Math.round(performance.now() - from),
      ...(options.coverage ? { coverage: options.coverage.report() } : {}),
    },
    written,
  };
}

async function runCase(
  suite: Suite,
  index: number,
  scope: string,
  cassette: Cassette | undefined,
  options: TestRunOptions,
): Promise<{ report: CaseReport; verdict: Verdict; events: AnyRunEvent[] }> {
  const { one, inputs, line } = suite.cases[index]!;
  const { host } = options;
  const from = performance.now();
  const tape = cassette?.case(tapeName(suite, one.name));
  host.hide(hiddenIn(suite, inputs));
  const judging = new AbortController();
  const timer = setTimeout(() => judging.abort(), 2 * suite.timeoutMs);
  let verdict: Verdict;
  let end: TestRunEnd = { events: [] };
  try {
    end = await host.run({
      scope,
      // Seeds what is random in the run: the same in each test run, and another in each case.
      runId: runIdForKey(suite.file, `${index}\0${one.name}`),
      what: suite.order.what,
      inputs,
      content: suite.order.content,
      timeoutMs: suite.timeoutMs,
      tape,
    });
    verdict = await judgeCase(suite.test, one, observe(suite, inputs, end), {
      models: () => host.models(),
      project: scope,
      signal: judging.signal,
      misses: tape?.misses ?? [],
    });
  } catch (error) {
    verdict = { state: 'failed', problems: [problemOf(error)], scores: [], shared: [] };
  } finally {
    clearTimeout(timer);
  }
  if (tape && isWorthKeeping(tape, verdict)) tape.keep();
  if (end.plan && suite.component.startsWith('workflow/')) options.coverage?.add(end.plan, end.events);
  const judges = [...verdict.scores, ...verdict.shared].reduce((sum, each) => sum + (each.cost ?? 0), 0);
  return {
    verdict,
    events: end.events,
    report: {
      test: suite.test.test,
      name: one.name,
      component: suite.component,
      file: suite.file,
      ...(line === undefined ? {} : { line }),
      state: verdict.state,
      durationMs: Math.round(performance.now() - from),
      cost: (end.run?.cost ?? 0) + judges,
      problems: verdict.problems,
      scores: verdict.scores,
    },
  };
}

/** Problems of what a run gave; all others are of the run itself. */
const OF_RESULTS = new Set(['output', 'assert', 'scorer']);
/** A model that did not answer has answered nothing that a test should go on with. */
const NO_ANSWER = new Set(['provider_failed', 'provider_rejected', 'provider_missing', 'secret_missing']);

/**
 * Whether what was recorded takes the place of what the case had. Not when the run failed and should not have: the
 * network was away, or a key is wrong, and the recordings that there are must outlive it. Where there are none, what
 * a failed run got is better than nothing.
 */
function isWorthKeeping(tape: { before: number; recorded: number }, { problems }: Verdict): boolean {
  const ofRun = problems.filter(({ kind }) => !OF_RESULTS.has(kind));
  if (ofRun.length === 0) return true;
  return tape.before === 0 && tape.recorded > 0 && !ofRun.some(({ kind }) => NO_ANSWER.has(kind));
}

/** Of an example and of a case there may be the same name, and one cassette beside both files. */
const tapeName = (suite: Suite, name: string): string => (suite.examples ? `example: ${name}` : name);

function observe(suite: Suite, inputs: JsonObject, { run, events, error }: TestRunEnd): Observed {
  const failedAt = events.findLast((event) => event.type === 'run.failed')?.data as
    | { path?: string }
    | undefined;
  const started = run?.startedAt ? Date.parse(run.startedAt) : undefined;
  return {
    id: run?.id ?? '',
    state: !run
      ? 'refused'
      : error?.code === 'timeout' && run.state !== 'succeeded'
        ? 'failed'
        : ENDED.has(run.state)
          ? (run.state as 'succeeded' | 'failed' | 'cancelled')
          : 'waiting',
    inputs: run?.inputs ?? inputs,
    outputs: suite.examples ? resultOf(events) : (run?.outputs ?? {}),
    ...(error
      ? {
          error: {
            code: error.code,
            message: error.message,
            ...(error.hint === undefined ? {} : { hint: error.hint }),
            ...(failedAt?.path === undefined ? {} : { path: failedAt.path }),
          },
        }
      : {}),
    usage: run?.usage ?? { inputTokens: 0, outputTokens: 0 },
    cost: run?.cost ?? 0,
    durationMs: started !== undefined && run?.endedAt ? Date.parse(run.endedAt) - started : 0,
    events,
  };
}

/** What the tool of an example returned, before outputs were made of it. */
function resultOf(events: readonly AnyRunEvent[]): JsonObject {
  const done = events.findLast((event) => event.type === 'node.succeeded');
  return ((done?.data as { result?: unknown } | undefined)?.result ?? {}) as JsonObject;
}

/** Values of inputs that are secrets. */
function hiddenIn(suite: Suite, inputs: JsonObject): string[] {
  const schema = suite.order.input;
  const properties = typeof schema === 'object' ? ((schema['properties'] ?? {}) as object) : {};
  return Object.entries(properties).flatMap(([name, property]) => {
    const value = inputs[name];
    const hidden = typeof property === 'object' && property !== null && property.writeOnly === true;
    return hidden && typeof value === 'string' ? [value] : [];
  });
}

async function openCassettes(
  suites: readonly Suite[],
  { root, host, mode, partial }: TestRunOptions,
): Promise<Map<string, Cassette>> {
  const cassettes = new Map<string, Cassette>();
  if (mode === 'live') return cassettes;
  for (const { cassette: file } of suites) {
    if (cassettes.has(file)) continue;
    const text = textIfThere(root, file);
    // When everything is recorded anew, what was there does not matter, however broken it is.
    const anew = mode === 'record' && !partial && (await cassetteDiagnostics(text ?? '', file)).length > 0;
    cassettes.set(file, await host.openCassette(file, mode, anew ? undefined : text));
  }
  return cassettes;
}

async function writeCassettes(
  suites: readonly Suite[],
  cassettes: Map<string, Cassette>,
  { root, partial }: TestRunOptions,
): Promise<string[]> {
  const written: string[] = [];
  for (const [file, cassette] of cassettes) {
    const before = textIfThere(root, file);
    const order = suites
      .filter((suite) => suite.cassette === file)
      .flatMap((suite) => suite.cases.map(({ one }) => tapeName(suite, one.name)));
    if (!partial) cassette.retain(order);
    try {
      if (cassette.size === 0) {
        if (before === undefined || partial) continue;
        rmSync(join(root, file));
      } else {
        const text = await cassette.text();
        if (text === before) continue;
        writeFileSync(join(root, file), text);
      }
    } catch (error) {
      throw explainFileError(error, file, 'write');
    }
    written.push(file);
  }
  return written;
}

function warnOfUnplayed(
  suites: readonly Suite[],
  cassettes: Map<string, Cassette>,
  reports: readonly CaseReport[][],
  { warn }: TestRunOptions,
): void {
  for (const [file, cassette] of cassettes) {
    const whole = suites.every((suite, s) =>
      suite.cassette === file ? reports[s]!.every((one) => one.state !== 'failed') : true,
    );
    const left = whole ? cassette.unplayed().length : 0;
    if (left > 0)
      warn(`${file}: ${left === 1 ? '1 recording is' : `${left} recordings are`} not asked for any more`);
  }
}
