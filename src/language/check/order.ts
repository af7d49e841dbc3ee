import type { Diagnostic } from '../../contracts/diagnostics.ts';

const SEVERITY = { error: 0, warning: 1, info: 2 } as const;

/** What causes other findings comes first: the text, then the shape, references, expressions, types, the rest. */
const rank = (code: string): number => Number(code.slice(3, 5));

/** Errors before warnings, causes before what follows from them, then by place; the same finding only once. */
export function rootCauseFirst(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const seen = new Set<string>();
  return diagnostics
    .filter((each) => {
      const key = `${each.code} ${each.file} ${each.range?.start.offset ?? each.path} ${each.message}`;
      if (seen.has(key)) return false;
      seen.add(key);
      return true;
    })
    .sort(
      (a, b) =>
        SEVERITY[a.severity] - SEVERITY[b.severity] ||
        rank(a.code) - rank(b.code) ||
        (a.range?.start.offset ?? 0) - (b.range?.start.offset ?? 0) ||
        a.code.localeCompare(b.code),
    );
}
