import type { Json } from '../ast.ts';
import type { Meter } from '../meter.ts';
import { aType, type JsonMap, jsonSize, setField } from '../values.ts';

/** A list built by a function: a step an item, and room for it. */
function built(m: Meter, list: Json[]): Json[] {
  m.spend(list.length);
  m.grow(list.length);
  return list;
}

/** Sorts texts or numbers, which may not be mixed; `keys[i]` belongs to `items[i]`. */
export function sortByKeys(m: Meter, items: Json[], keys: Json[], what: string): Json[] {
  const first = typeof keys[0];
  if (keys.length > 0 && first !== 'number' && first !== 'string') {
    m.fail('ICE1410', `${what}() sorts by numbers or texts, and got ${aType(keys[0]!)}`);
  }
  const odd = keys.findIndex((key) => typeof key !== first);
  if (odd >= 0) m.fail('ICE1410', `${what}() cannot order ${aType(keys[0]!)} and ${aType(keys[odd]!)}`);
  // n log n comparisons, paid before they are made.
  m.spend(Math.ceil(items.length * Math.log2(items.length + 1)));
  const order = keys as (string | number)[];
  return Array.from(items.keys())
    .sort((a, b) => (order[a]! < order[b]! ? -1 : order[a]! > order[b]! ? 1 : a - b))
    .map((at) => items[at]!);
}

/** A text that is the same for equal values only: the order of fields does not matter. */
function canonical(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key]!)}`).join(',')}}`;
}

export const listFunctions = {
  first: (_m: Meter, list: Json[]): Json => list[0] ?? null,
  last: (_m: Meter, list: Json[]): Json => list.at(-1) ?? null,
  sort: (m: Meter, list: Json[]): Json => built(m, sortByKeys(m, list, list, 'sort')),
  distinct(m: Meter, list: Json[]): Json {
    const seen = new Set<string>();
    const kept: Json[] = [];
    for (const item of list) {
      const size = jsonSize(item);
      m.spend(1 + (size >> 4));
      m.grow(size);
      const key = canonical(item);
      if (seen.has(key)) continue;
      seen.add(key);
      kept.push(item);
    }
    return kept;
  },
  flatten(m: Meter, list: Json[]): Json {
    let size = 0;
    for (const item of list) size += Array.isArray(item) ? item.length : 1;
    m.spend(size);
    m.grow(size);
    return list.flat(1) as Json[];
  },
  reverse: (m: Meter, list: Json[]): Json => built(m, list.toReversed()),
  slice: (m: Meter, list: Json[], start: number, end?: number): Json => built(m, list.slice(start, end)),
  range(m: Meter, count: number): Json {
    if (count < 0) m.fail('ICE1319', 'range() needs a count of 0 or more');
    m.spend(count);
    m.grow(count);
    return Array.from({ length: count }, (_, i) => i);
  },
  keys: (m: Meter, object: JsonMap): Json => built(m, Object.keys(object)),
  values: (m: Meter, object: JsonMap): Json => built(m, Object.values(object)),
  merge(m: Meter, first: JsonMap, second: JsonMap): Json {
    const merged: JsonMap = {};
    for (const part of [first, second]) {
      const keys = Object.keys(part);
      m.spend(keys.length);
      m.grow(keys.length);
      for (const key of keys) setField(merged, key, part[key]!);
    }
    return merged;
  },
  orValue: (_m: Meter, value: Json, fallback: Json): Json => value ?? fallback,
  hasValue: (_m: Meter, value: Json): Json => value !== null,
};
