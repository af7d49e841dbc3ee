import type { PermissionChange, PushEntry, PushPlan, SchemaChange } from '../../contracts/components.ts';
import type { View } from '../outcome.ts';
import { plural } from './figures.ts';
import { oneLine, pad, textWidth } from './text-width.ts';
import type { Theme } from './theme.ts';

/** A push plan to be reviewed: a line a component, and under it what changes for callers and for the machine. */
export function planLines(plan: PushPlan, { theme, columns }: View): string[] {
  const entries = plan.entries.filter((entry) => entry.action !== 'unchanged' || entry.newer !== undefined);
  const unchanged = plan.entries.length - entries.length;
  const nameWidth = Math.min(40, Math.max(0, ...entries.map((entry) => textWidth(title(entry)))));
  const lines = entries.flatMap((entry) => entryLines(entry, nameWidth, theme, columns));
  if (unchanged > 0) lines.push(theme.dim(`${theme.mark.dot} ${plural(unchanged, 'component')} unchanged`));
  const notes = [
    plan.breaking ? theme.bad('breaks callers') : '',
    plan.asksForPermissions ? theme.warn('asks for more permissions') : '',
  ].filter(Boolean);
  if (notes.length > 0) lines.push(`${theme.warn(theme.mark.warn)} This push ${notes.join(' and ')}`);
  return lines;
}

const title = (entry: PushEntry): string => `${entry.kind} ${entry.name}`;

function entryLines(entry: PushEntry, nameWidth: number, theme: Theme, _columns: number): string[] {
  const { mark, paint, word } = actionOf(entry, theme);
  const version =
    entry.previous && entry.previous !== entry.version
      ? `${theme.dim(`${entry.previous} ${theme.mark.next}`)} ${theme.strong(entry.version)}`
      : theme.strong(entry.version);
  const name = `${theme.dim(entry.kind)} ${theme.strong(entry.name)}`;
  const lines = [`${paint(mark)} ${pad(name, nameWidth)}  ${version}  ${paint(word)}`];
  if (entry.reason)
    lines.push(
      `    ${entry.action === 'refused' ? theme.bad(oneLine(entry.reason)) : theme.dim(oneLine(entry.reason))}`,
    );
  lines.push(...schemaChangeLines(entry.schema, theme), ...permissionLines(entry.permissions, theme));
  if (entry.newer)
    lines.push(
      `    ${theme.warn(`the target has ${entry.newer.map((one) => one.version).join(', ')}, which this project does not know`)}`,
      theme.dim(`    ice components diff ${entry.kind}/${entry.name}@${entry.newer[0]!.version}`),
    );
  if (entry.hint && entry.action === 'refused')
    lines.push(`    ${theme.dim(theme.mark.next)} ${theme.accent(oneLine(entry.hint))}`);
  return lines;
}

/** How a schema changed, a line a change. */
export function schemaChangeLines(changes: readonly SchemaChange[], theme: Theme): string[] {
  return changes.map((change) => {
    const where = `${change.where}${change.path ? ` ${change.path}` : ''}`;
    return change.breaking
      ? `    ${theme.bad('breaking')}  ${where}: ${oneLine(change.change)}`
      : `    ${theme.dim('compatible')}  ${theme.dim(`${where}: ${oneLine(change.change)}`)}`;
  });
}

/** What is newly asked for, and what no longer is. */
export function permissionLines(changes: readonly PermissionChange[], theme: Theme): string[] {
  return changes.flatMap(({ what, added, removed }) => [
    ...(added.length > 0
      ? [`    ${theme.warn(`newly asks for ${what}:`)} ${oneLine(added.join(', '))}`]
      : []),
    ...(removed.length > 0
      ? [theme.dim(`    no longer asks for ${what}: ${oneLine(removed.join(', '))}`)]
      : []),
  ]);
}

function actionOf(
  entry: PushEntry,
  theme: Theme,
): { mark: string; word: string; paint: (text: string) => string } {
  switch (entry.action) {
    case 'create':
      return { mark: '+', word: 'new', paint: theme.good };
    case 'update':
      return { mark: '~', word: 'changed', paint: theme.accent };
    case 'archive':
      return { mark: '-', word: 'archived', paint: theme.warn };
    case 'missing':
      return { mark: '?', word: 'only on the target', paint: theme.dim };
    case 'refused':
      return { mark: theme.mark.fail, word: 'refused', paint: theme.bad };
    case 'unchanged':
      return { mark: theme.mark.dot, word: 'unchanged', paint: theme.dim };
  }
}
