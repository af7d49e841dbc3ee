import type { PushPlan } from '../../contracts/components.ts';
import type { Diagnostic } from '../../contracts/diagnostics.ts';
import type { Run } from '../../contracts/runs.ts';
import { countsOf, type TestReport } from '../../testing/report.ts';
import type { CiReport } from '../outcome.ts';
import { formatCost, formatDuration, plural } from './figures.ts';

/** What a step of CI shows of a command: Markdown for the page, and places in files for its annotations. */

const MOST_ROWS = 50;

/** Any text as a cell: no table, link or element of its own. */
const cell = (text: string): string =>
  text
    .replace(/\s+/g, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/([|\\`*_[\]!])/g, '\\$1')
    .slice(0, 500);

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    '',
    row(head),
    row(head.map(() => '---')),
    ...rows.slice(0, MOST_ROWS).map((cells) => row(cells.map(cell))),
    ...(rows.length > MOST_ROWS ? ['', `and ${rows.length - MOST_ROWS} more`] : []),
  ];
}

const heading = (good: boolean, command: string, text: string): string =>
  `### ${good ? '✅' : '❌'} ice ${command}: ${cell(text)}`;

export function validateReport(
  diagnostics: readonly Diagnostic[],
  components: number,
  annotated: boolean,
  command = 'validate',
): CiReport {
  const errors = diagnostics.filter((one) => one.severity === 'error').length;
  const warnings = diagnostics.filter((one) => one.severity === 'warning').length;
  const said = [
    errors > 0 ? plural(errors, 'error') : '',
    warnings > 0 ? plural(warnings, 'warning') : '',
  ].filter(Boolean);
  return {
    annotated,
    findings: annotated ? [] : [...diagnostics],
    summary: [
      heading(
        errors === 0,
        command,
        [components > 0 ? plural(components, 'component') : '', ...said].filter(Boolean).join(', '),
      ),
      ...table(
        ['', 'Place', 'Finding'],
        diagnostics.map((one) => [
          `${one.severity} ${one.code}`,
          one.range ? `${one.file}:${one.range.start.line}` : one.file,
          one.message,
        ]),
      ),
    ],
  };
}

export function testReport(report: TestReport, annotated: boolean): CiReport {
  const { passed, failed, missed } = countsOf(report.cases);
  const wrong = report.cases.filter((one) => one.problems.length > 0);
  const good = failed === 0 && report.missed.length === 0;
  return {
    annotated,
    notes: annotated
      ? []
      : [
          ...wrong.map((one) => ({
            file: one.file,
            line: one.line,
            title: `${one.test}: ${one.name}`,
            message: one.problems.map((each) => each.message).join('\n'),
          })),
          ...report.missed.map((one) => ({
            file: one.file,
            line: one.line,
            title: `threshold of ${one.scorer}`,
            message: `${one.scorer} scored ${one.score}, and ${one.threshold} is the least`,
          })),
        ],
    summary: [
      heading(
        good,
        'test',
        [
          `${passed} passed`,
          failed > 0 ? `${failed} failed` : '',
          missed > 0 ? `${missed} below their threshold` : '',
          formatDuration(report.durationMs),
        ]
          .filter(Boolean)
          .join(', '),
      ),
      ...table(
        ['Test', 'Case', 'Why'],
        wrong.map((one) => [one.test, one.name, one.problems[0]!.message]),
      ),
    ],
  };
}

export function pushReport(plan: PushPlan, target: string, applied: boolean): CiReport {
  const shown = plan.entries.filter((one) => one.action !== 'unchanged' || one.newer);
  const what = plan.refused
    ? 'refused'
    : plan.changes === 0
      ? 'nothing to push'
      : `${plural(plan.changes, 'change')} ${applied ? 'pushed' : 'planned'}`;
  return {
    summary: [
      heading(!plan.refused, 'push', `${what}, target ${target}, project ${plan.project}`),
      ...table(
        ['', 'Component', 'Version', 'For callers', 'May touch'],
        shown.map((one) => [
          one.action,
          `${one.kind}/${one.name}`,
          one.previous && one.previous !== one.version ? `${one.previous} → ${one.version}` : one.version,
          [
            ...(one.reason ? [one.reason] : []),
            ...one.schema.map((each) =>
              `${each.breaking ? 'BREAKING ' : ''}${each.where} ${each.path} ${each.change}`.replace(
                / {2,}/g,
                ' ',
              ),
            ),
            ...(one.newer ? [`the target has ${one.newer.map((each) => each.version).join(', ')}`] : []),
          ].join('; '),
          one.permissions
            .filter((each) => each.added.length > 0)
            .map((each) => `newly ${each.what}: ${each.added.join(', ')}`)
            .join('; '),
        ]),
      ),
    ],
  };
}

/** A run without its inputs and outputs: they may be anybody's, and the page is for many. */
export function runReport(run: Run, failedPath: string | undefined): CiReport {
  const took =
    run.startedAt && run.endedAt ? formatDuration(Date.parse(run.endedAt) - Date.parse(run.startedAt)) : '';
  const tokens = run.usage.inputTokens + run.usage.outputTokens;
  return {
    summary: [
      heading(run.state === 'succeeded', 'run', `${run.name} ${run.version} ${run.state}`),
      '',
      [
        `run \`${run.id}\``,
        took,
        tokens > 0 ? `${tokens} tokens` : '',
        run.cost > 0 ? formatCost(run.cost) : '',
      ]
        .filter(Boolean)
        .join(' · '),
      ...(run.error
        ? [
            '',
            `${failedPath === undefined ? '' : `${cell(failedPath)}: `}${cell(run.error.code)}: ${cell(run.error.message)}`,
          ]
        : []),
    ],
  };
}
