import type { RunSummary } from '../../contracts/runs.ts';
import type { View } from '../outcome.ts';
import { formatAge, formatCost, formatDuration } from './figures.ts';
import { stateMark, stateWord } from './footer.ts';
import { table } from './table.ts';
import { oneLine } from './text-width.ts';

/** Rows of `runs list`. */
export function runTable(runs: RunSummary[], { theme, columns }: View, now: number): string[] {
  const frame = { theme, columns, now, moving: false };
  const spends = runs.some((run) => run.cost > 0);
  return table(
    runs,
    [
      { title: 'STATE', cell: (run) => `${stateMark(run.state, frame)} ${stateWord(run.state, theme)}` },
      { title: 'NAME', cell: (run) => theme.strong(run.name), flex: true },
      { title: 'RUN', cell: (run) => run.id },
      { title: 'STARTED', cell: (run) => formatAge(Date.parse(run.createdAt), now) },
      { title: 'TOOK', cell: (run) => tookOf(run, now), align: 'right', optional: true },
      ...(spends
        ? [
            {
              title: 'COST',
              cell: (run: RunSummary) => (run.cost > 0 ? formatCost(run.cost) : ''),
              align: 'right' as const,
              optional: true,
            },
          ]
        : []),
      { title: 'WHY', cell: (run) => (run.error ? theme.dim(oneLine(run.error.code)) : ''), optional: true },
    ],
    theme,
    columns,
  );
}

/** How long a run took, or takes; of a paused one only its journal knows. */
export function tookOf(run: Pick<RunSummary, 'startedAt' | 'endedAt' | 'state'>, now: number): string {
  if (!run.startedAt || run.state === 'paused') return '';
  return formatDuration((run.endedAt ? Date.parse(run.endedAt) : now) - Date.parse(run.startedAt));
}
