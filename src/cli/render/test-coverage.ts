import type { Part, WorkflowCoverage } from '../../testing/coverage.ts';
import type { View } from '../outcome.ts';
import { oneLine, pad, wrap } from './text-width.ts';

const MOST_MISSING = 40;

/** Which nodes and branches of each workflow the tests have run, and which never. */
export function coverageLines(coverage: readonly WorkflowCoverage[], { theme, columns }: View): string[] {
  if (coverage.length === 0) return [theme.dim('Coverage: the project has no workflows.')];
  const lines = [theme.strong('Coverage')];
  const width = Math.max(...coverage.map((one) => one.workflow.length));
  for (const { workflow, nodes, branches } of coverage) {
    const whole = nodes.covered === nodes.total && branches.covered === branches.total;
    const mark =
      nodes.covered === 0
        ? theme.bad(theme.mark.fail)
        : whole
          ? theme.good(theme.mark.ok)
          : theme.warn(theme.mark.warn);
    lines.push(
      `  ${mark} ${pad(workflow, width)}  ${share('nodes', nodes)}  ${share('branches', branches)}${nodes.covered === 0 && nodes.total > 0 ? theme.dim('  no test runs it') : ''}`.trimEnd(),
    );
    const missing = nodes.covered === 0 ? [] : [...nodes.missing, ...branches.missing];
    if (missing.length === 0) continue;
    const more = missing.length > MOST_MISSING ? `, and ${missing.length - MOST_MISSING} more` : '';
    const text = oneLine(`never: ${missing.slice(0, MOST_MISSING).join(', ')}${more}`);
    for (const line of wrap(text, Math.max(30, Math.min(columns, 120) - 6)))
      lines.push(`      ${theme.dim(line)}`);
  }
  return lines;
}

const share = (what: string, { covered, total }: Part): string =>
  total === 0 ? '' : pad(`${what} ${covered}/${total} (${Math.floor((100 * covered) / total)} %)`, 22);
