import { type BundleOptions, bundle } from './bundle.ts';

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/**
 * Where a place in a bundle was written; undefined where that can't be told. The module is bundled once more, with a
 * map: only what failed is asked for this. Lines and columns are counted from 1.
 */
export async function positionInSource(
  options: BundleOptions,
  at: { line: number; column: number },
): Promise<{ file: string; line: number; column: number } | undefined> {
  const { map } = await bundle({ ...options, map: true });
  if (map === undefined) return undefined;
  const { sources, mappings } = JSON.parse(map) as { sources: string[]; mappings: string };
  let [source, line, column] = [0, 0, 0];
  let found: { file: string; line: number; column: number } | undefined;
  for (const [index, segments] of mappings.split(';').slice(0, at.line).entries()) {
    let generated = 0;
    for (const segment of segments.split(',')) {
      const [move = 0, ...from] = numbersOf(segment);
      generated += move;
      if (from.length < 3) continue;
      source += from[0]!;
      line += from[1]!;
      column += from[2]!;
      if (index === at.line - 1 && (generated < at.column || !found))
        found = { file: sources[source] ?? '', line: line + 1, column: column + 1 };
    }
  }
  return found;
}

/** The numbers of a segment: base 64, least digits first, the sign in the lowest bit. */
function numbersOf(segment: string): number[] {
  const numbers: number[] = [];
  let value = 0;
  let shift = 0;
  for (const char of segment) {
    const digit = DIGITS.indexOf(char);
    value += (digit & 31) << shift;
    shift += 5;
    if (digit & 32) continue;
    numbers.push(value & 1 ? -(value >> 1) : value >> 1);
    value = 0;
    shift = 0;
  }
  return numbers;
}
