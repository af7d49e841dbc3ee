import type { CaseReport, TestReport } from './report.ts';
import { sayMissed } from './report.ts';

/** The report as JUnit XML, in the form that CI systems read: a suite a test file, a case a case. */
export function junit({ cases, missed, durationMs }: TestReport): string {
  const suites = Map.groupBy(cases, (one) => `${one.file}\n${one.test}`);
  const failed = cases.filter((one) => one.state !== 'passed').length;
  const means = missed.filter((one) => one.case === undefined);
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="ice" tests="${cases.length + means.length}" failures="${failed + means.length}" errors="0" time="${seconds(durationMs)}">`,
  ];
  for (const all of suites.values()) {
    const [{ test, file }] = all as [CaseReport, ...CaseReport[]];
    const bad = all.filter((one) => one.state !== 'passed').length;
    const own = means.filter((one) => one.test === test && one.file === file);
    const time = all.reduce((sum, one) => sum + one.durationMs, 0);
    lines.push(
      `  <testsuite name="${xml(test)}" file="${xml(file)}" tests="${all.length + own.length}" failures="${bad + own.length}" errors="0" skipped="0" time="${seconds(time)}">`,
    );
    for (const one of all) {
      const attributes = `name="${xml(one.name)}" classname="${xml(one.component)}" file="${xml(one.file)}"${one.line === undefined ? '' : ` line="${one.line}"`} time="${seconds(one.durationMs)}"`;
      const reasons = [
        ...one.problems.map((problem) => ({
          type: problem.kind,
          message: problem.message,
          hint: problem.hint,
        })),
        ...one.scores
          .filter((each) => !each.met)
          .map(({ scorer, score, threshold, why }) => ({
            type: 'threshold_missed',
            message: sayMissed({ ...one, case: one.name, scorer, score, threshold: threshold! }),
            hint: why,
          })),
      ];
      if (reasons.length === 0) lines.push(`    <testcase ${attributes}/>`);
      else {
        const [first] = reasons;
        const text = reasons.map(({ message, hint }) => (hint ? `${message}\n${hint}` : message)).join('\n');
        lines.push(
          `    <testcase ${attributes}>`,
          `      <failure type="${xml(first!.type)}" message="${xml(first!.message)}">${xml(text)}</failure>`,
          '    </testcase>',
        );
      }
    }
    for (const one of own)
      lines.push(
        `    <testcase name="${xml(`mean of ${one.scorer}`)}" classname="${xml(test)}" file="${xml(file)}" time="0">`,
        `      <failure type="threshold_missed" message="${xml(sayMissed(one))}"/>`,
        '    </testcase>',
      );
    lines.push('  </testsuite>');
  }
  lines.push('</testsuites>');
  return lines.join('\n');
}

const seconds = (ms: number): string => (ms / 1000).toFixed(3);

/** Text for XML 1.0, which has no control characters, not even escaped. */
const xml = (text: string): string =>
  text
    .toWellFormed()
    .replace(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, '\uFFFD')
    .replace(/[&<>"\n\r\t]/g, (c) => ESCAPED[c]!);
const ESCAPED: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '&#10;',
  '\r': '&#13;',
  '\t': '&#9;',
};
