/** Longer names are not compared: the table grows with the product of the lengths. */
const MAX_LENGTH = 64;
const MAX_CANDIDATES = 500;

/**
 * The candidate that was probably meant by `name`, or undefined when none is near: at most a third of the letters
 * differ (case aside). Bounded: 500 candidates, 64 letters.
 */
export function suggest(name: string, candidates: Iterable<string>): string | undefined {
  if (name.length > MAX_LENGTH) return undefined;
  const wanted = name.toLowerCase();
  let best: string | undefined;
  // Of a single letter nothing would be left that is alike.
  let bestDistance = name.length === 1 ? 1 : Math.max(1, Math.floor(name.length / 3)) + 1;
  let left = MAX_CANDIDATES;
  for (const candidate of candidates) {
    if (left-- === 0) break;
    if (candidate.length > MAX_LENGTH || candidate === name) continue;
    const other = candidate.toLowerCase();
    // snake_case for camelCase is the commonest slip of all, and costs many edits.
    const distance =
      other.replaceAll('_', '') === wanted.replaceAll('_', '') ? 0 : editDistance(wanted, other);
    if (distance < bestDistance) {
      bestDistance = distance;
      best = candidate;
    }
  }
  return best;
}

/** Insertions, deletions, replacements and swaps of neighbours that make `b` out of `a`. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, before[j - 2]! + 1);
      row.push(cost);
    }
    before = last;
    last = row;
  }
  return last[b.length]!;
}

/** `did you mean 'x'?`, else the names that there are, else nothing. */
export function hint(name: string, known: readonly string[]): string | undefined {
  const near = suggest(name, known);
  if (near !== undefined) return `Did you mean '${near}'?`;
  if (known.length === 0) return undefined;
  const shown = known.slice(0, 8).join(', ');
  return `There ${known.length === 1 ? 'is' : 'are'}: ${shown}${known.length > 8 ? `, and ${known.length - 8} more` : ''}.`;
}
