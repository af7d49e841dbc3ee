import type { Diagnostic } from '../../contracts/diagnostics.ts';

const LEVEL = { error: 'error', warning: 'warning', info: 'notice' } as const;

const data = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');

/** One annotation, of a file or of the whole step, as a workflow command; `title` and `message` are any text. */
export function annotation(
  level: 'error' | 'warning' | 'notice',
  file: string | undefined,
  title: string,
  line: number | undefined,
  message: string,
): string {
  const where = [
    ...(file === undefined ? [] : [`file=${property(file)}`]),
    ...(line === undefined ? [] : [`line=${line}`]),
    `title=${property(title)}`,
  ];
  return `::${level} ${where.join(',')}::${data(message)}`;
}

/** Findings as workflow commands of GitHub Actions, one a line; they become annotations of the files. */
export function github(diagnostics: readonly Diagnostic[]): string {
  return diagnostics
    .map((each) => {
      const { start, end } = each.range ?? {};
      const where = [
        `file=${property(each.file)}`,
        ...(start && end ? [`line=${start.line}`, `endLine=${end.line}`] : []),
        // Columns are only understood within one line.
        ...(start && end && start.line === end.line
          ? [`col=${start.column}`, `endColumn=${end.column}`]
          : []),
        `title=${property(`ice ${each.code}`)}`,
      ];
      return `::${LEVEL[each.severity]} ${where.join(',')}::${data(each.help ? `${each.message}\n${each.help}` : each.message)}\n`;
    })
    .join('');
}
