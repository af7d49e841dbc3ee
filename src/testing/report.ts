import type { Scorer, TestFile } from '../contracts/tests.ts';
import type { WorkflowCoverage } from './coverage.ts';
import { defaultThreshold, scorerName } from './score.ts';
import { type JudgedScore, type Problem, reaches, type Verdict } from './verdict.ts';

/** One case, or one example of a tool, after it ran. */
export interface CaseReport {
  /** What the tests of its file are called; of an example, its tool. */
  test: string;
  name: string;
  /** `tool/price` */
  component: string;
  /** Where it is written; `line` from 1. */
  file: string;
  line?: number;
  state: Verdict['state'];
  durationMs: number;
  /** US dollars, the judges' included. */
  cost: number;
  problems: Problem[];
  scores: JudgedScore[];
}

/** A score over several cases that is too low, or one of a single case. */
export interface Missed {
  test: string;
  /** Absent: the mean over the cases of the file. */
  case?: string;
  scorer: string;
  score: number;
  threshold: number;
  why?: string;
  file: string;
  line?: number;
}

export interface TestReport {
  cases: CaseReport[];
  missed: Missed[];
  /** Means of the scorers of files, met or not. */
  means: (Missed & { cases: number })[];
  durationMs: number;
  coverage?: WorkflowCoverage[];
}

/** The scores of single cases that are too low. */
export const missedIn = (one: CaseReport): Missed[] =>
  one.scores
    .filter((each) => !each.met)
    .map(({ scorer, score, threshold, why }) => ({
      test: one.test,
      case: one.name,
      scorer,
      score,
      threshold: threshold!,
      why,
      file: one.file,
      ...(one.line === undefined ? {} : { line: one.line }),
    }));

/**
 * The mean of each scorer of a file over those of its cases that expect no error (`null` stands for one that does). A
 * case that should have succeeded and did not counts as 0.
 */
export function meansOf(
  test: TestFile,
  file: string,
  verdicts: readonly (Pick<Verdict, 'shared'> | null)[],
): TestReport['means'] {
  const cases = verdicts.filter((one) => one !== null);
  return test.scorers.map((scorer: Scorer, index) => {
    const sum = cases.reduce(
      (total, { shared }) => total + (shared.find((each) => each.index === index)?.score ?? 0),
      0,
    );
    return {
      test: test.test,
      scorer: scorerName(scorer),
      score: cases.length === 0 ? 1 : sum / cases.length,
      threshold: scorer.threshold ?? defaultThreshold(scorer),
      file,
      cases: cases.length,
    };
  });
}

export const isMissed = ({ score, threshold }: Missed): boolean => !reaches(score, threshold);

export const countsOf = (
  cases: readonly Pick<CaseReport, 'state'>[],
): { passed: number; failed: number; missed: number } => ({
  passed: cases.filter((one) => one.state === 'passed').length,
  failed: cases.filter((one) => one.state === 'failed').length,
  missed: cases.filter((one) => one.state === 'missed').length,
});

/** `0.82`: as many digits as tell it from its threshold. */
export const formatScore = (score: number): string => String(Math.round(score * 1000) / 1000);

/** What a threshold that was not met is called: names its scorer, and where. */
export const sayMissed = ({ test, case: of, scorer, score, threshold }: Missed): string =>
  `${scorer} scored ${formatScore(score)}, and ${formatScore(threshold)} is the least: ${of === undefined ? `the cases of ${test}` : `${test}, ${of}`}`;
