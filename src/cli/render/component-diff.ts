import type { ComponentDiff } from '../../registry/index.ts';
import type { DocumentChange } from '../document-diff.ts';
import type { View } from '../outcome.ts';
import { permissionLines, schemaChangeLines } from './push-plan.ts';
import { oneLine } from './text-width.ts';
import type { Theme } from './theme.ts';

/** One comparison as `ice components diff` shows and answers it. */
export interface ShownDiff extends ComponentDiff {
  kind: string;
  name: string;
  /** Absent on one side: the component is only on the other. */
  from: { version: string; digest: string; where: string } | null;
  to: { version: string; digest: string; where: string } | null;
  document: DocumentChange[];
}

/** Comparisons, one component after the other; those without a difference are counted. */
export function diffLines(diffs: readonly ShownDiff[], { theme }: View): string[] {
  const different = diffs.filter((one) => !one.same || one.description);
  const lines = different.flatMap((one) => oneDiff(one, theme));
  const same = diffs.length - different.length;
  if (same > 0)
    lines.push(
      theme.dim(
        diffs.length === 1
          ? `${theme.mark.dot} ${label(diffs[0]!)}: no difference`
          : `${theme.mark.dot} ${same} without a difference`,
      ),
    );
  return lines;
}

const label = (one: ShownDiff): string => `${one.kind} ${one.name}`;
const sideOf = (side: ShownDiff['from'], theme: Theme): string =>
  side === null ? theme.dim('nothing') : `${theme.strong(side.version)} ${theme.dim(`(${side.where})`)}`;

function oneDiff(one: ShownDiff, theme: Theme): string[] {
  const lines = [
    `${theme.dim(one.kind)} ${theme.strong(one.name)}  ${sideOf(one.from, theme)} ${theme.dim(theme.mark.next)} ${sideOf(one.to, theme)}`,
    ...schemaChangeLines(one.schema, theme),
    ...permissionLines(one.permissions, theme),
  ];
  for (const { part, change } of one.document.slice(0, 50)) {
    const sign =
      change === 'added' ? theme.good('+') : change === 'removed' ? theme.bad('-') : theme.accent('~');
    lines.push(`    ${sign} ${oneLine(part)}`);
  }
  if (one.document.length > 50) lines.push(theme.dim(`    and ${one.document.length - 50} more`));
  if (one.content && one.document.length === 0 && one.from && one.to)
    lines.push(
      theme.dim(
        one.schema.length + one.permissions.length === 0
          ? '    the code is another; inputs, result and permissions are the same'
          : '    the code is another',
      ),
    );
  if (one.description && one.from && one.to) lines.push(theme.dim('    the description is another'));
  return lines;
}
