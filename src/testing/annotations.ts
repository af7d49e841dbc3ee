import { annotation } from '../language/diagnostics/github.ts';
import { countsOf, sayMissed, type TestReport } from './report.ts';

/** What did not pass as annotations of GitHub Actions, at the lines of the cases; the last line is the sum. */
export function annotations({ cases, missed }: TestReport): string {
  const lines = cases.flatMap((one) =>
    one.problems.length === 0
      ? []
      : [
          annotation(
            'error',
            one.file,
            `${one.test}: ${one.name}`,
            one.line,
            one.problems.map(said).join('\n'),
          ),
        ],
  );
  for (const one of missed)
    lines.push(
      annotation(
        'error',
        one.file,
        `threshold of ${one.scorer}`,
        one.line,
        [sayMissed(one), one.why].filter(Boolean).join('\n'),
      ),
    );
  const { passed, failed, missed: low } = countsOf(cases);
  lines.push(`${passed} passed, ${failed} failed${low > 0 ? `, ${low} below their threshold` : ''}`);
  return lines.join('\n');
}

const said = ({ message, hint }: { message: string; hint?: string }): string =>
  hint ? `${message}\n${hint}` : message;
