import { type BundleRequest, bundle } from './bundle.ts';

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** A place in a file, relative to the project; line and column are counted from 1. */
export interface Position {
  file: string;
  line: number;
  column: number;
}

interface SourceMap {
  sources: string[];
  mappings: string;
}

/**
 * Where places in a bundle were written; those of which that can't be told are left out. The module is bundled once
 * more, with a map: only what failed is asked for this.
 */
export async function positionsInSource(
  options: BundleRequest,
  places: readonly { line: number; column: number }[],
): Promise<Position[]> {
  const { map } = await bundle({ ...options, map: true });
  if (map === undefined) return [];
  const read = JSON.parse(map) as SourceMap;
  return places.flatMap((at) => positionOf(read, at) ?? []);
}

function positionOf(
  { sources, mappings }: SourceMap,
  at: { line: number; column: number },
): Position | undefined {
  let [source, line, column] = [0, 0, 0];
  let found: Position | undefined;
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
