import { join, relative, resolve } from 'node:path';
import type { Diagnostic } from '../contracts/diagnostics.ts';
import { IceError } from '../contracts/errors.ts';
import { formatDiagnostics } from '../language/diagnostics/format.ts';
import type { FolderPlan } from '../project/import/import-folder.ts';
import type { Outcome } from './outcome.ts';
import type { Output } from './output.ts';
import { plural } from './render/figures.ts';
import { table } from './render/table.ts';
import { oneLine } from './render/text-width.ts';
import { projectOf, type Workspace } from './workspace.ts';

/** Where an import goes: `--out`, else a folder below the project's `tools`. */
export function foldersOf(
  workspace: Workspace,
  out: string | undefined,
): { dir(name: string): string; outside: boolean } {
  if (out !== undefined) {
    const dir = resolve(workspace.cwd, out);
    const root = workspace.loaded?.project?.root;
    return { dir: () => dir, outside: root === undefined || relative(root, dir).startsWith('..') };
  }
  const { root } = projectOf(workspace);
  return { dir: (name) => join(root, 'tools', name), outside: false };
}

/** The findings on stderr, with their lines; and the error that ends the command. Nothing was written. */
export function importRefused(
  diagnostics: Diagnostic[],
  { name, text }: { name: string; text: string },
  output: Output,
): IceError {
  const errors = diagnostics.filter((each) => each.severity === 'error');
  const { color } = output.theme;
  // A line of a minified document is the whole of it: no frame is better than that.
  const frames = longestLine(text) < 2000 ? new Map([[name, text]]) : new Map<string, string>();
  output.note(formatDiagnostics(errors, frames, 'pretty', { color, width: output.screen.columns }).trimEnd());
  return new IceError(
    'validation_failed',
    `${name} can't be imported: ${plural(errors.length, 'error')}. Nothing was written.`,
    {
      hint: errors[0]?.help,
      details: output.mode === 'text' ? { file: name } : { file: name, diagnostics: errors },
    },
  );
}

function longestLine(text: string): number {
  let longest = 0;
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\n', at);
    longest = Math.max(longest, (end < 0 ? text.length : end) - at);
    if (end < 0) break;
    at = end + 1;
  }
  return longest;
}

export interface ImportReport {
  plan: FolderPlan;
  /** The folder, as the user would write it. */
  shown: string;
  dryRun: boolean;
  heading: string;
  tools: { name: string; from: string; file: string }[];
  left: { from: string; reason: string }[];
  facts: [string, string][];
  body: Record<string, unknown>;
  next: string[];
  /** Next steps need the tools to be in a project. */
  quiet: boolean;
}

const MOST_ROWS = 30;

/** What an import did, or would do. */
export function importOutcome(report: ImportReport): Outcome {
  const { plan, shown, dryRun, tools, left } = report;
  const counts = { create: 0, update: 0, unchanged: 0, changed: 0 };
  for (const { action } of plan.files) counts[action]++;
  const written = counts.create + counts.update + counts.changed;
  const said = [
    counts.create > 0 ? `${counts.create} new` : '',
    counts.update > 0 ? `${counts.update} updated` : '',
    counts.changed > 0
      ? `${counts.changed} ${dryRun ? 'changed by you, kept unless --force' : 'written over'}`
      : '',
    counts.unchanged > 0 ? `${counts.unchanged} unchanged` : '',
  ].filter(Boolean);
  return {
    body: {
      ...report.body,
      folder: shown,
      dryRun,
      files: { ...counts },
      tools,
      left,
    },
    text: ({ theme, columns }) => {
      const rows = table(
        tools.slice(0, MOST_ROWS),
        [
          { title: 'TOOL', cell: (tool) => tool.name },
          { title: 'FROM', cell: (tool) => theme.dim(oneLine(tool.from)), flex: true },
        ],
        theme,
        columns,
      );
      const lines = [
        `${theme.strong(oneLine(report.heading))}  ${plural(tools.length, 'tool')} in ${shown}`,
        ...report.facts.map(([name, value]) => `  ${theme.dim(name.padEnd(8))} ${oneLine(value)}`),
        '',
        ...rows,
      ];
      if (tools.length > MOST_ROWS) lines.push(theme.dim(`and ${tools.length - MOST_ROWS} more`));
      if (left.length > 0) {
        lines.push('', theme.warn(`${theme.mark.warn} ${plural(left.length, 'operation')} left out`));
        for (const { from, reason } of left.slice(0, 10))
          lines.push(`  ${oneLine(from)}: ${theme.dim(oneLine(reason))}`);
        if (left.length > 10) lines.push(theme.dim(`  and ${left.length - 10} more`));
      }
      const mark = dryRun
        ? theme.dim('Would write:')
        : written === 0
          ? theme.good(`${theme.mark.ok} Nothing to write:`)
          : theme.good(`${theme.mark.ok} Written:`);
      lines.push('', `${mark} ${plural(plan.files.length, 'file')} (${said.join(', ')})`);
      return lines;
    },
    ...(dryRun || report.quiet ? {} : { next: report.next }),
  };
}
