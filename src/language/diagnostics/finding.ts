import type { Diagnostic, Severity } from '../../contracts/diagnostics.ts';

/** Makes a finding. It is an error unless `severity` says otherwise; undefined fields are left out. */
export function finding(
  code: string,
  file: string,
  message: string,
  extra: Partial<Omit<Diagnostic, 'code' | 'file' | 'message'>> & { severity?: Severity } = {},
): Diagnostic {
  const diagnostic: Diagnostic = { code, severity: extra.severity ?? 'error', message, file };
  if (extra.range) diagnostic.range = extra.range;
  if (extra.path) diagnostic.path = extra.path;
  if (extra.help) diagnostic.help = extra.help;
  if (extra.related && extra.related.length > 0) diagnostic.related = extra.related;
  if (extra.fix) diagnostic.fix = extra.fix;
  return diagnostic;
}
