import type { Diagnostic } from '../../contracts/diagnostics.ts';
import { MAX_FINDINGS } from '../diagnostics/collector.ts';
import { finding } from '../diagnostics/finding.ts';

const SEVERITY = { error: 0, warning: 1, info: 2 } as const;

/** What causes other findings comes first: the text, then the shape, references, expressions, types, the rest. */
const rank = (code: string): number => Number(code.slice(3, 5));

const MORE = 'ICE1025';
const moreMessage = (more: number): string =>
  more === 1 ? 'There is 1 more finding' : `There are ${more} more findings`;
const moreOf = (note: Diagnostic): number => Number(/\d+/.exec(note.message)?.[0] ?? 0);

/**
 * Errors before warnings, causes before what follows from them, then by place; the same finding only once. At most
 * 500; `dropped` are those that were not kept before, and the last finding says how many there are besides. Lists that
 * were shortened before may be put together and given again.
 */
export function rootCauseFirst(diagnostics: readonly Diagnostic[], dropped = 0): Diagnostic[] {
  const seen = new Set<string>();
  const shortened = diagnostics.filter(({ code }) => code === MORE);
  const sorted = diagnostics
    .filter((each) => {
      if (each.code === MORE) return false;
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
        (a.code < b.code ? -1 : a.code > b.code ? 1 : 0),
    );

  const more =
    Math.max(0, sorted.length - MAX_FINDINGS) +
    dropped +
    shortened.reduce((sum, note) => sum + moreOf(note), 0);
  if (more === 0) return sorted;
  const shown = sorted.slice(0, MAX_FINDINGS);
  shown.push(
    finding(MORE, shown[0]!.file, moreMessage(more), {
      severity: 'info',
      range: shown.at(-1)!.range,
      help: 'Mend the first ones, and look again.',
    }),
  );
  return shown;
}
