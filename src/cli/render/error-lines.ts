import type { IceError } from '../../contracts/errors.ts';
import { docsOf } from '../../contracts/errors.ts';
import { oneLine, printable, textWidth, wrap } from './text-width.ts';
import type { Theme } from './theme.ts';

interface Finding {
  code?: string;
  message?: string;
  file?: string;
  range?: { start?: { line?: number; column?: number } };
}
const MOST_FINDINGS = 10;

/** An error as a person reads it: what happened, why, and the next step to paste. */
export function errorLines(
  error: IceError,
  theme: Theme,
  columns: number,
  { verbose = false, findings = true }: { verbose?: boolean; findings?: boolean } = {},
): string[] {
  const width = Math.max(30, Math.min(columns, 110)) - 2;
  const [first = '', ...rest] = printable(error.message).split('\n');
  const lines = wrap(oneLine(first), width - 2).map((line, i) =>
    i === 0 ? `${theme.bad(theme.mark.fail)} ${theme.strong(line)}` : `  ${theme.strong(line)}`,
  );
  const code = `(${error.code})`;
  // Whole, or on a line of its own: a code that is broken over two lines can't be searched for.
  if (textWidth(lines.at(-1)!) + 1 + code.length > width) lines.push(`  ${theme.dim(code)}`);
  else lines[lines.length - 1] += ` ${theme.dim(code)}`;
  for (const line of rest) lines.push(`  ${line}`);
  if (findings) for (const line of findingLines(error, theme)) lines.push(`  ${line}`);
  if (error.hint) {
    const hint = wrap(printable(error.hint), width - 2);
    hint.forEach((line, i) => {
      lines.push(`${i === 0 ? theme.dim(theme.mark.next) : ' '} ${theme.accent(line)}`);
    });
  }
  if (verbose) lines.push(theme.dim(`  ${docsOf(error.code)}`));
  return lines;
}

/** What a server found in a document that it was sent: its positions, without the source. */
function findingLines(error: IceError, theme: Theme): string[] {
  const found = error.details?.['diagnostics'];
  if (!Array.isArray(found)) return [];
  const lines = (found as Finding[]).slice(0, MOST_FINDINGS).map((one) => {
    const { line, column } = one.range?.start ?? {};
    const place = [one.file, line, column].filter((part) => part !== undefined).join(':');
    return oneLine(`${theme.dim(place)} ${one.message ?? ''}`) + theme.dim(` ${one.code ?? ''}`);
  });
  if (found.length > MOST_FINDINGS) lines.push(theme.dim(`and ${found.length - MOST_FINDINGS} more`));
  return lines;
}

/** A failure in one line: its code and what was said. */
export const failureLine = (error: { code: string; message: string }, theme: Theme): string =>
  theme.bad(`${theme.mark.fail} ${error.code}: ${oneLine(error.message)}`);
