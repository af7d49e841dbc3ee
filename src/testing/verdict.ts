import { IceError } from '../contracts/errors.ts';
import type { Json } from '../contracts/json.ts';
import type { Scorer, TestCase, TestFile } from '../contracts/tests.ts';
import { ExpressionError, parseTemplate, render, type Scope } from '../language/expressions/index.ts';
import { differences, sayDifference, short } from './match.ts';
import { type Observed, scopeOf } from './observed.ts';
import { defaultThreshold, type Judging, type Score, score } from './score.ts';

/** One reason why a case did not pass. */
export interface Problem {
  /** What it is: `output`, `assert`, `error`, `scorer`, or the code of an error. */
  kind: string;
  message: string;
  hint?: string;
  path?: string;
  expected?: Json;
  got?: Json;
}

/** A score, and what it had to be; without a threshold it only counts towards a mean. */
export interface JudgedScore extends Score {
  threshold?: number;
  met: boolean;
}

export interface Verdict {
  /** `missed`: nothing is wrong but a score that is too low. */
  state: 'passed' | 'failed' | 'missed';
  problems: Problem[];
  scores: JudgedScore[];
  /** Of the scorers of the whole file, whose threshold is for the mean over its cases; `index`: which of them. */
  shared: (Score & { index: number })[];
}

/** Compares what became of a case with what it has to be like. Never throws for what the case says. */
export async function judgeCase(
  test: Pick<TestFile, 'scorers'>,
  one: TestCase,
  observed: Observed,
  judging: Judging & { misses: readonly IceError[] },
): Promise<Verdict> {
  const verdict: Verdict = { state: 'passed', problems: [], scores: [], shared: [] };
  const { problems } = verdict;
  const asExpected = runProblems(one, observed);
  problems.push(...asExpected.problems);
  const scope = scopeOf(observed);
  if (asExpected.goOn && judging.misses.length === 0) {
    if (one.output !== undefined) problems.push(...outputProblems(one, observed));
    for (const text of one.assert) problems.push(...assertProblems(text, scope));
    if (observed.state === 'succeeded') await scoreCase(test, one, scope, judging, verdict);
  }
  const [miss] = judging.misses;
  // A tool or an agent may go on after a request that nothing answered: that is what is wrong, not what came of it.
  if (miss) verdict.problems = [problemOf(miss)];
  verdict.state =
    verdict.problems.length > 0 ? 'failed' : verdict.scores.some((each) => !each.met) ? 'missed' : 'passed';
  return verdict;
}

export function problemOf(error: unknown): Problem {
  const { code, message, hint } = IceError.from(error);
  return { kind: code, message: `${code}: ${message}`, ...(hint === undefined ? {} : { hint }) };
}

/** Whether the run ended as it should; `goOn` when there is something more to look at. */
function runProblems(one: TestCase, observed: Observed): { problems: Problem[]; goOn: boolean } {
  const { error, state } = observed;
  const expected = typeof one.error === 'string' ? { code: one.error } : one.error;
  const failed = (message: string, more: Partial<Problem> = {}) => ({
    problems: [{ kind: 'error', message, ...more }],
    goOn: false,
  });
  if (expected === undefined) {
    if (state === 'succeeded') return { problems: [], goOn: true };
    if (state === 'waiting') return failed('The run waits for somebody, and a test has nobody');
    if (!error) return failed(`The run was ${state}`);
    const where = error.path === undefined ? '' : `${error.path}: `;
    return failed(`${where}${error.code}: ${error.message}`, {
      kind: error.code,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...(error.path === undefined ? {} : { path: error.path }),
    });
  }
  if (!error)
    return failed(
      `The run has ${state === 'succeeded' ? 'succeeded' : `been ${state}`}, and was expected to fail with ${expected.code}`,
    );
  if (error.code !== expected.code)
    return failed(`The run failed with ${error.code}, expected ${expected.code}: ${error.message}`, {
      expected: expected.code,
      got: error.code,
    });
  const problems: Problem[] = [];
  const { message, path } = expected as { message?: string; path?: string };
  if (message !== undefined && !error.message.includes(message))
    problems.push({
      kind: 'error',
      message: `The message of the error lacks ${short(message)}: ${error.message}`,
      expected: message,
      got: error.message,
    });
  if (path !== undefined && error.path !== path)
    problems.push({
      kind: 'error',
      message: `${error.path ?? 'No node'} failed, expected ${path}`,
      expected: path,
      got: error.path ?? null,
    });
  return { problems, goOn: true };
}

const outputProblems = (one: TestCase, { outputs }: Observed): Problem[] =>
  differences(one.output!, outputs, one.match ?? 'partial').map((difference) => ({
    kind: 'output',
    message: sayDifference(difference),
    path: difference.path,
    ...(difference.expected === undefined ? {} : { expected: difference.expected }),
    ...(difference.got === undefined ? {} : { got: difference.got }),
  }));

function assertProblems(text: string, scope: Scope): Problem[] {
  const shown = text.replace(/\s+/g, ' ').trim();
  const { template } = parseTemplate(text);
  let value: Json;
  try {
    value = render(template, scope);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return [
      {
        kind: 'assert',
        message: `${shown} has no value: ${error.message}`,
        ...(error.help === undefined ? {} : { hint: error.help }),
      },
    ];
  }
  if (value === true) return [];
  return [
    {
      kind: 'assert',
      message: `${shown} is ${short(value)}${readIn(template, scope)}`,
      expected: true,
      got: value,
    },
  ];
}

const MOST_READ = 4;

/** What a failed assertion read: `, with outputs.n = 2`. */
function readIn(template: ReturnType<typeof parseTemplate>['template'], scope: Scope): string {
  if (template.kind !== 'single') return '';
  const read: string[] = [];
  for (const ref of template.part.expression.refs.slice(0, MOST_READ)) {
    const source = template.part.expression.source.slice(ref.start, ref.end);
    try {
      const { template: alone } = parseTemplate(`{{ ${source} }}`);
      read.push(`${source} = ${short(render(alone, scope))}`);
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
    }
  }
  return read.length === 0 ? '' : `, with ${[...new Set(read)].join(', ')}`;
}

async function scoreCase(
  test: Pick<TestFile, 'scorers'>,
  one: TestCase,
  scope: Scope,
  judging: Judging,
  verdict: Verdict,
): Promise<void> {
  const attempt = async (scorer: Scorer): Promise<Score | undefined> => {
    try {
      return await score(scorer, scope, judging);
    } catch (error) {
      verdict.problems.push(
        error instanceof ExpressionError
          ? { kind: 'scorer', message: `${scorer.of ?? 'The scorer'} has no value: ${error.message}` }
          : problemOf(error),
      );
      return undefined;
    }
  };
  const loose: number[] = [];
  for (const scorer of one.scorers) {
    const got = await attempt(scorer);
    if (!got) continue;
    const threshold =
      scorer.threshold ?? (one.threshold === undefined ? defaultThreshold(scorer) : undefined);
    if (threshold === undefined) loose.push(got.score);
    verdict.scores.push({
      ...got,
      ...(threshold === undefined ? {} : { threshold }),
      met: threshold === undefined || reaches(got.score, threshold),
    });
  }
  if (one.threshold !== undefined && loose.length > 0) {
    const mean = loose.reduce((sum, each) => sum + each, 0) / loose.length;
    verdict.scores.push({
      scorer: 'the mean of the scorers',
      score: mean,
      why: `of ${loose.length}`,
      threshold: one.threshold,
      met: reaches(mean, one.threshold),
    });
  }
  for (const [index, scorer] of test.scorers.entries()) {
    const got = await attempt(scorer);
    if (got) verdict.shared.push({ ...got, index });
  }
}

/** A mean of thirds must not miss two thirds by the last bit. */
export const reaches = (score: number, threshold: number): boolean => score >= threshold - 1e-9;
