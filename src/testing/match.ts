import type { Json } from '../contracts/json.ts';

/** One place where what came is not what was expected. `undefined` = it is not there, or was not expected. */
export interface Difference {
  /** `rows[2].price`; empty for the whole. */
  path: string;
  expected?: Json;
  got?: Json;
  /** Of what is missing: the names that are there in its place. */
  there?: string[];
}

export type MatchMode = 'partial' | 'exact';

/** Differences are counted on, but not kept beyond this. */
export const MOST_DIFFERENCES = 50;
const DEEPEST = 200;

/**
 * Where two values differ. With `partial`, objects (at any depth) may hold more than is expected; lists have as many
 * items, in order. Numbers are compared as numbers, keys in any order.
 */
export function differences(expected: Json, got: Json | undefined, mode: MatchMode): Difference[] {
  const found: Difference[] = [];
  compare(expected, got, mode, '', found, 0);
  return found;
}

function compare(
  expected: Json,
  got: Json | undefined,
  mode: MatchMode,
  path: string,
  found: Difference[],
  depth: number,
): void {
  if (found.length >= MOST_DIFFERENCES) return;
  if (got === undefined) {
    found.push({ path, expected });
    return;
  }
  if (Array.isArray(expected) && Array.isArray(got) && depth < DEEPEST) {
    for (let i = 0; i < Math.max(expected.length, got.length); i++) {
      const at = `${path}[${i}]`;
      if (i >= expected.length) more(found, { path: at, got: got[i]! });
      else compare(expected[i]!, got[i], mode, at, found, depth + 1);
    }
    return;
  }
  if (isObject(expected) && isObject(got) && depth < DEEPEST) {
    for (const [key, value] of Object.entries(expected))
      if (Object.hasOwn(got, key)) compare(value, got[key], mode, under(path, key), found, depth + 1);
      else more(found, { path: under(path, key), expected: value, there: Object.keys(got) });
    if (mode === 'exact')
      for (const key of Object.keys(got))
        if (!Object.hasOwn(expected, key)) more(found, { path: under(path, key), got: got[key]! });
    return;
  }
  // `0` and `-0` are the same JSON number.
  if (expected === got || (depth >= DEEPEST && JSON.stringify(expected) === JSON.stringify(got))) return;
  found.push({ path, expected, got });
}

const more = (found: Difference[], one: Difference): void => {
  if (found.length < MOST_DIFFERENCES) found.push(one);
};

const isObject = (value: Json): value is { [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const under = (path: string, key: string): string =>
  /^[\w$-]+$/.test(key) ? (path === '' ? key : `${path}.${key}`) : `${path}[${JSON.stringify(key)}]`;

/** More names than this do not help to find the one that was meant. */
const MOST_NAMES = 10;

/** A difference in words. */
export function sayDifference({ path, expected, got, there = [] }: Difference): string {
  const where = path === '' ? 'the result' : path;
  if (got === undefined) {
    const names = there.length > 0 && there.length <= MOST_NAMES ? `; there is ${there.join(', ')}` : '';
    return `${where} is missing, expected ${short(expected!)}${names}`;
  }
  if (expected === undefined) return `${where} is there and was not expected: ${short(got)}`;
  return `${where} is ${short(got)}, expected ${short(expected)}`;
}

const LONGEST = 200;

/** A value on one line; a long one is cut. */
export function short(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}… (${text.length} characters)` : text;
}
