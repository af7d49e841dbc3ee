import type { Diagnostic, Fix } from '../../contracts/diagnostics.ts';
import type { DocumentSource } from '../source/document-source.ts';
import type { Path } from '../source/path.ts';

/**
 * Applies the fixes of findings to a text: only safe ones unless told otherwise. Of fixes that overlap the first
 * wins; run the check again for the rest. Findings of other files must be left out by the caller.
 */
export function applyFixes(
  text: string,
  diagnostics: readonly Diagnostic[],
  options: { safeOnly?: boolean } = {},
): { text: string; applied: number } {
  const taken: Fix['edits'] = [];
  let applied = 0;
  for (const { fix } of diagnostics) {
    if (!fix || (options.safeOnly !== false && !fix.safe)) continue;
    if (fix.edits.some((edit) => edit.start < 0 || edit.end > text.length || edit.end < edit.start)) continue;
    if (fix.edits.some((edit) => taken.some((other) => overlap(edit, other)))) continue;
    taken.push(...fix.edits);
    applied++;
  }
  let out = '';
  let at = 0;
  for (const edit of taken.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    out += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return { text: out + text.slice(at), applied };
}

/** Two insertions at one place overlap too: their order would be a guess. */
const overlap = (a: { start: number; end: number }, b: { start: number; end: number }): boolean =>
  a.start === b.start || (a.start < b.end && b.start < a.end);

/** Writes another key; undefined where the value comes through an alias. */
export function renameKey(source: DocumentSource, path: Path, name: string, safe: boolean): Fix | undefined {
  if (!source.hasText || source.shared(path)) return undefined;
  const { start, end } = source.keySpan(path);
  const quote = source.text[start];
  const quoted = quote === '"' || quote === "'";
  return {
    title: `Write '${name}'`,
    safe,
    edits: [{ start, end, text: quoted ? `${quote}${name}${quote}` : name }],
  };
}

/** Writes another value in the place of one on a single line; undefined where that would touch other places. */
export function replaceValue(
  source: DocumentSource,
  path: Path,
  text: string,
  title: string,
  safe: boolean,
): Fix | undefined {
  if (source.shared(path) || !source.has(path)) return undefined;
  const { start, end } = source.valueSpan(path);
  if (source.text.slice(start, end).includes('\n')) return undefined;
  return { title, safe, edits: [{ start, end, text }] };
}
