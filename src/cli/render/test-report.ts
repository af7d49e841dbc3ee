import { type CaseReport, countsOf, formatScore, sayMissed, type TestReport } from '../../testing/report.ts';
import type { View } from '../outcome.ts';
import { formatCost, formatDuration, plural } from './figures.ts';
import { coverageLines } from './test-coverage.ts';
import { oneLine, pad, printable, textWidth, wrap } from './text-width.ts';

export interface TestReportOptions {
  /** Every case on its line, however many there are. */
  verbose: boolean;
}

/** A file with more cases than this shows those that passed as a number. */
const MOST_CASES = 30;
const MOST_PROBLEMS = 6;
const MOST_LINES = 14;

/** The report of `ice test`: by file, and in it by case; what failed says where and why. */
export function testLines(report: TestReport, view: View, options: TestReportOptions): string[] {
  const { theme } = view;
  if (report.cases.length === 0)
    return [
      theme.dim('There are no tests. Give a tool examples: [{ input: { … }, output: { … } }],'),
      theme.dim('or write tests/NAME.test.yaml: test, run, cases. ice schema test has its form.'),
    ];
  const lines: string[] = [];
  const suites = Map.groupBy(report.cases, (one) => `${one.file}\n${one.test}`);
  const width = Math.min(48, Math.max(...report.cases.map((one) => textWidth(oneLine(one.name)))));
  for (const all of suites.values()) lines.push(...suiteLines(all, width, view, options), '');
  if (report.means.length > 0) {
    for (const one of report.means) {
      const met = !report.missed.includes(one);
      lines.push(
        `${met ? theme.good(theme.mark.ok) : theme.warn(theme.mark.fail)} ${theme.strong(oneLine(one.scorer))} ${formatScore(one.score)} ${theme.dim(`of at least ${formatScore(one.threshold)}, over ${plural(one.cases, 'case')} of ${oneLine(one.test)}`)}`,
      );
    }
    lines.push('');
  }
  if (report.coverage) lines.push(...coverageLines(report.coverage, view), '');
  for (const one of report.missed)
    lines.push(theme.warn(`${theme.mark.warn} ${oneLine(sayMissed(one))} (threshold_missed)`));
  lines.push(sumLine(report, view));
  return lines;
}

function suiteLines(all: CaseReport[], width: number, view: View, { verbose }: TestReportOptions): string[] {
  const { theme } = view;
  const [{ test, file, component }] = all as [CaseReport, ...CaseReport[]];
  const name = component.replace(/^\w+\//, '');
  const lines = [
    `${theme.strong(oneLine(test))} ${theme.dim(test === name ? file : `${component} ${theme.mark.dot} ${file}`)}`,
  ];
  const brief = !verbose && all.length > MOST_CASES;
  const shown = brief ? all.filter((one) => one.state !== 'passed') : all;
  const passed = all.length - shown.length;
  if (passed > 0) lines.push(`  ${theme.good(theme.mark.ok)} ${plural(passed, 'case')} passed`);
  for (const one of shown) lines.push(...caseLines(one, width, view));
  return lines;
}

function caseLines(one: CaseReport, width: number, { theme, columns }: View): string[] {
  const mark =
    one.state === 'passed'
      ? theme.good(theme.mark.ok)
      : one.state === 'missed'
        ? theme.warn(theme.mark.fail)
        : theme.bad(theme.mark.fail);
  const cost = one.cost > 0 ? `  ${formatCost(one.cost)}` : '';
  const lines = [
    `  ${mark} ${pad(oneLine(one.name), width)}  ${theme.dim(`${formatDuration(one.durationMs)}${cost}`)}`.trimEnd(),
  ];
  const room = Math.max(30, Math.min(columns, 120) - 6);
  const block = (text: string, paint: (line: string) => string): void => {
    const wrapped = printable(text)
      .split('\n')
      .flatMap((line) => wrap(line, room));
    for (const line of wrapped.slice(0, MOST_LINES)) lines.push(`      ${paint(line)}`);
    if (wrapped.length > MOST_LINES)
      lines.push(`      ${theme.dim(`${theme.mark.ellipsis} ${wrapped.length - MOST_LINES} more lines`)}`);
  };
  for (const { message, hint } of one.problems.slice(0, MOST_PROBLEMS)) {
    block(message, theme.bad);
    if (hint) block(hint, theme.dim);
  }
  if (one.problems.length > MOST_PROBLEMS)
    lines.push(
      `      ${theme.dim(`${theme.mark.ellipsis} and ${one.problems.length - MOST_PROBLEMS} more; --json has all`)}`,
    );
  for (const { scorer, score, threshold, met, why } of one.scores) {
    const least = threshold === undefined ? '' : ` of at least ${formatScore(threshold)}`;
    const line = `${oneLine(scorer)} ${formatScore(score)}${least}${met ? '' : `: ${oneLine(why)}`}`;
    block(line, met ? theme.dim : theme.warn);
  }
  return lines;
}

function sumLine(report: TestReport, { theme }: View): string {
  const { passed, failed, missed } = countsOf(report.cases);
  const parts = [
    passed > 0 ? theme.good(`${passed} passed`) : '',
    failed > 0 ? theme.bad(`${failed} failed`) : '',
    missed > 0 ? theme.warn(`${missed} below the threshold`) : '',
  ].filter(Boolean);
  const cost = report.cases.reduce((sum, one) => sum + one.cost, 0);
  const spent = cost > 0 ? `, ${formatCost(cost)}` : '';
  return `${parts.join(', ')}  ${theme.dim(`of ${plural(report.cases.length, 'test')} in ${formatDuration(report.durationMs)}${spent}`)}`;
}
