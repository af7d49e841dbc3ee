import { asciiHost } from '../../contracts/ascii-host.ts';
import type { PermissionChange, PushEntry, PushPlan, SchemaChange } from '../../contracts/components.ts';
import type { View } from '../outcome.ts';
import { plural } from './figures.ts';
import { oneLine, pad, textWidth } from './text-width.ts';
import type { Theme } from './theme.ts';

/** New components that ask for the same are shown as a group from this many on, and so many of them by name. */
const GROUP_FROM = 4;
const MOST_NAMED = 30;

/** A push plan to be reviewed: a line a component, and under it what changes for callers and for the machine. */
export function planLines(plan: PushPlan, { theme }: View): string[] {
  const entries = plan.entries.filter((entry) => entry.action !== 'unchanged' || entry.newer !== undefined);
  const nameWidth = Math.min(40, Math.max(0, ...entries.map((entry) => textWidth(title(entry)))));
  const lines = groupsOf(entries).flatMap((group) => {
    if (group.length < GROUP_FROM) return group.flatMap((entry) => entryLines(entry, nameWidth, theme));
    const more = group.length - MOST_NAMED;
    return [
      ...group.slice(0, MOST_NAMED).map((entry) => headLine(entry, nameWidth, theme)),
      ...(more > 0 ? [theme.dim(`  and ${more} more, all new; --plan FILE has each of them`)] : []),
      ...permissionLines(group[0]!.permissions, theme, `each of these ${group.length} `),
    ];
  });
  lines.push(...countLine(plan, theme));
  const notes = [
    plan.breaking ? theme.bad('breaks callers') : '',
    plan.asksForPermissions ? theme.warn('asks for more permissions') : '',
  ].filter(Boolean);
  if (notes.length > 0) lines.push(`${theme.warn(theme.mark.warn)} This push ${notes.join(' and ')}`);
  return lines;
}

/** What is new and asks for the same stands together, at its first; everything else by itself. */
function groupsOf(entries: readonly PushEntry[]): PushEntry[][] {
  const alike = (entry: PushEntry): string | number =>
    entry.action === 'create' && !entry.reason && !entry.newer && entry.schema.length === 0
      ? JSON.stringify(entry.permissions)
      : entries.indexOf(entry);
  const groups = Map.groupBy(entries, alike);
  return [...groups.values()].flatMap((group) =>
    group.length < GROUP_FROM ? group.map((entry) => [entry]) : [group],
  );
}

/** How many of each: the only line about what is unchanged, and the sum of a plan that is longer than a screen. */
function countLine(plan: PushPlan, theme: Theme): string[] {
  const counts = [...Map.groupBy(plan.entries, (entry) => actionOf(entry, theme).word)];
  const unchanged = plan.entries.some((entry) => entry.action === 'unchanged');
  if (!unchanged && plan.entries.length < GROUP_FROM) return [];
  const all = counts.map(([word, { length }], i) =>
    i === 0 ? `${plural(length, 'component')} ${word}` : `${length} ${word}`,
  );
  return [theme.dim(`${theme.mark.dot} ${all.join(', ')}`)];
}

const title = (entry: PushEntry): string => `${entry.kind} ${entry.name}`;

function headLine(entry: PushEntry, nameWidth: number, theme: Theme): string {
  const { mark, paint, word } = actionOf(entry, theme);
  const version =
    entry.previous && entry.previous !== entry.version
      ? `${theme.dim(`${entry.previous} ${theme.mark.next}`)} ${theme.strong(entry.version)}`
      : theme.strong(entry.version);
  const name = `${theme.dim(entry.kind)} ${theme.strong(entry.name)}`;
  return `${paint(mark)} ${pad(name, nameWidth)}  ${version}  ${paint(word)}`;
}

function entryLines(entry: PushEntry, nameWidth: number, theme: Theme): string[] {
  const lines = [headLine(entry, nameWidth, theme)];
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

/** How a schema changed, a line a change; what breaks callers first. */
export function schemaChangeLines(changes: readonly SchemaChange[], theme: Theme): string[] {
  const breakingFirst = changes.toSorted((a, b) => Number(b.breaking) - Number(a.breaking));
  return breakingFirst.map((change) => {
    const where = oneLine(`${change.where} ${change.path}`);
    return change.breaking
      ? `    ${theme.bad('breaking  ')}  ${where}: ${oneLine(change.change)}`
      : `    ${theme.dim('compatible')}  ${theme.dim(`${where}: ${oneLine(change.change)}`)}`;
  });
}

/** What is newly asked for, and what no longer is. */
export function permissionLines(changes: readonly PermissionChange[], theme: Theme, who = ''): string[] {
  return changes.flatMap(({ what, added, removed }) => [
    ...(added.length > 0 ? [`    ${theme.warn(`${who}newly asks for ${what}:`)} ${entriesText(added)}`] : []),
    ...(removed.length > 0 ? [theme.dim(`    no longer asks for ${what}: ${entriesText(removed)}`)] : []),
  ]);
}

/** Hosts and the like: no letter of another alphabet poses as a host that is known. */
export const entriesText = (entries: readonly string[]): string => oneLine(entries.map(asciiHost).join(', '));

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
