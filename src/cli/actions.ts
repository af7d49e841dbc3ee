import { appendFileSync, realpathSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import type { Diagnostic } from '../contracts/diagnostics.ts';
import type { IceError } from '../contracts/errors.ts';
import { annotation, github } from '../language/diagnostics/github.ts';
import type { CiReport } from './outcome.ts';

/** The runner takes a summary of 1 MiB a step; what would go over it is left out. */
const MOST_SUMMARY = 1024 * 1024;
/** The runner shows ten annotations of a level a step; more of them only fill the log. */
const MOST_FINDINGS = 50;

export interface ActionsReport {
  env: NodeJS.ProcessEnv;
  /** `validate`, `runs watch`. */
  command: string;
  /** The project's folder: files are named from it. */
  root: string | undefined;
  report: CiReport | undefined;
  error: IceError | undefined;
}

/**
 * The workflow commands for what went wrong (text for stderr, which the runner reads as it reads stdout), and the
 * step's summary, which is appended to its file. Only where the runner says that it is one.
 */
export function reportToActions({ env, command, root, report, error }: ActionsReport): string {
  const prefix = prefixOf(env, root);
  const findings = (report?.findings ?? findingsOf(error)).slice(0, MOST_FINDINGS);
  const notes = report?.notes ?? [];
  const lines = [
    github(findings.map((one) => ({ ...one, file: prefix + one.file }))),
    ...notes
      .slice(0, MOST_FINDINGS)
      .map((one) => `${annotation('error', prefix + one.file, one.title, one.line, one.message)}\n`),
  ];
  // What has no place in a file is still said, once.
  if (error && findings.length + notes.length === 0 && !report?.annotated)
    lines.push(
      `${annotation('error', undefined, `ice ${command}: ${error.code}`, undefined, sayError(error))}\n`,
    );
  const file = env['GITHUB_STEP_SUMMARY'];
  if (report && file) appendSummary(file, report.summary);
  return lines.join('');
}

function findingsOf(error: IceError | undefined): Diagnostic[] {
  const found = error?.details?.['diagnostics'];
  return Array.isArray(found) ? (found as Diagnostic[]).filter((one) => typeof one.file === 'string') : [];
}

const sayError = (error: IceError): string =>
  error.hint === undefined ? error.message : `${error.message}\n${error.hint}`;

/** Annotations name files from the checkout, diagnostics from the project, which may be a folder in it. */
function prefixOf(env: NodeJS.ProcessEnv, root: string | undefined): string {
  const checkout = env['GITHUB_WORKSPACE'];
  if (!checkout || root === undefined) return '';
  try {
    const path = relative(realpathSync(checkout), realpathSync(root));
    return path === '' || path.startsWith('..') ? '' : join(path, '/').split(sep).join('/');
  } catch {
    // A checkout that is not there names nothing: files stay as they are.
    return '';
  }
}

/** The summary is an extra: a file that can't be written spoils no command. */
function appendSummary(file: string, summary: readonly string[]): void {
  const text = `${summary.join('\n')}\n\n`;
  try {
    const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    if (size + Buffer.byteLength(text) <= MOST_SUMMARY) appendFileSync(file, text);
  } catch {
    // Nobody reads it then.
  }
}
