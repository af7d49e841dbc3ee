import { IceError } from '../contracts/errors.ts';

/**
 * Cursors are opaque: base64url of the sort key of the last row that was shown. A page begins after that key, so
 * rows that come in meanwhile neither repeat nor hide others.
 */
export function encodeCursor(key: readonly (string | number)[]): string {
  const bytes = new TextEncoder().encode(JSON.stringify(key));
  return btoa(String.fromCharCode(...bytes))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace(/=+$/, '');
}

/** The key of a cursor; `types` is its form. Fails with `bad_request`. */
export function decodeCursor(cursor: string, types: readonly ('string' | 'number')[]): (string | number)[] {
  try {
    const text = atob(cursor.replace(/-/g, '+').replace(/_/g, '/'));
    const key = JSON.parse(
      new TextDecoder().decode(Uint8Array.from(text, (c) => c.charCodeAt(0))),
    ) as unknown;
    if (Array.isArray(key) && key.length === types.length && key.every((part, i) => typeof part === types[i]))
      return key as (string | number)[];
  } catch {
    // Falls through: a cursor that does not decode is no cursor.
  }
  throw new IceError('bad_request', 'The cursor is not one that this API gave', {
    hint: 'Use `next` of the page before, as it is, or leave it out for the first page',
  });
}

/** A page of rows that are all in memory: sorted by the key already, cut after the cursor. */
export function pageOf<T>(
  rows: readonly T[],
  query: { limit: number; cursor?: string | undefined },
  key: (row: T) => (string | number)[],
  compare: (a: (string | number)[], b: (string | number)[]) => number,
): { items: T[]; next: string | null } {
  let from = 0;
  if (query.cursor !== undefined) {
    const first = rows[0];
    const types = first ? key(first).map((part) => typeof part as 'string' | 'number') : undefined;
    const after = decodeCursor(query.cursor, types ?? []);
    while (from < rows.length && compare(key(rows[from]!), after) <= 0) from++;
  }
  const items = rows.slice(from, from + query.limit);
  const last = items.at(-1);
  return { items, next: last && from + items.length < rows.length ? encodeCursor(key(last)) : null };
}
