/** Longer names are not compared: the table grows with the product of the lengths. */
const MAX_LENGTH = 64;
const MAX_CANDIDATES = 2_000;

/**
 * The candidate that was probably meant by `name`, or undefined when none is near: at most a third of the letters
 * differ (case aside). Bounded: 2,000 candidates, 64 letters.
 */
export function suggest(name: string, candidates: Iterable<string>): string | undefined {
  if (name.length > MAX_LENGTH) return undefined;
  const wanted = name.toLowerCase();
  const joined = wanted.replaceAll('_', '');
  let best: string | undefined;
  // Of a single letter nothing would be left that is alike.
  let bestDistance = name.length === 1 ? 1 : Math.max(1, Math.floor(name.length / 3)) + 1;
  let left = MAX_CANDIDATES;
  for (const candidate of candidates) {
    if (left-- === 0 || bestDistance === 0) break;
    if (candidate.length > MAX_LENGTH || candidate === name) continue;
    const other = candidate.toLowerCase();
    // snake_case for camelCase is the commonest slip of all, and costs many edits.
    const distance = other.replaceAll('_', '') === joined ? 0 : editDistance(wanted, other, bestDistance);
    if (distance < bestDistance) {
      bestDistance = distance;
      best = candidate;
    }
  }
  return best;
}

/**
 * Insertions, deletions, replacements and swaps of neighbours that make `b` out of `a` (the restricted
 * Damerau-Levenshtein distance), or `limit` when it takes as many or more: most names are far off, which shows early.
 */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let same = 0;
  while (same < a.length && a[same] === b[same]) same++;
  if (same > 0) return editDistance(a.slice(same), b.slice(same), limit);
  let before = rows[0]!;
  let last = rows[1]!;
  let row = rows[2]!;
  for (let j = 0; j <= b.length; j++) last[j] = j;
  for (let i = 1; i <= a.length; i++) {
    row[0] = i;
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, before[j - 2]! + 1);
      row[j] = cost;
      if (cost < least) least = cost;
    }
    // What follows is no less: a swap reaches one row further back, which is at most one less, and adds one.
    if (least >= limit) return limit;
    [before, last, row] = [last, row, before];
  }
  return Math.min(limit, last[b.length]!);
}

/** The rows of the table that are needed at a time. */
const rows = [0, 1, 2].map(() => new Uint8Array(MAX_LENGTH + 1));

/** `did you mean 'x'?`, else the names that there are, else nothing. */
export function hint(name: string, known: readonly string[]): string | undefined {
  const near = suggest(name, known);
  if (near !== undefined) return `Did you mean '${near}'?`;
  if (known.length === 0) return undefined;
  const shown = known.slice(0, 8).join(', ');
  return `There ${known.length === 1 ? 'is' : 'are'}: ${shown}${known.length > 8 ? `, and ${known.length - 8} more` : ''}.`;
}
