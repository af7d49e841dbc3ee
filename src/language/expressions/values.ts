import type { Json } from './ast.ts';
import { MAX_OUTPUT_CHARS, type Meter } from './meter.ts';

export type JsonMap = { [key: string]: Json };
export type TypeName = 'null' | 'boolean' | 'number' | 'string' | 'array' | 'object';

export const isMap = (value: unknown): value is JsonMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The type of a value, in the words of JSON Schema. */
export function typeName(value: Json): TypeName {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value as TypeName;
}

/** `a string`, `an array`: for messages. */
export const aType = (value: Json): string => withArticle(typeName(value));
export const withArticle = (name: string): string =>
  name === 'null' ? name : `${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name}`;

/** Own fields only; a field that holds undefined (a value that never was JSON) is absent. */
export function field(object: JsonMap, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** Sets an own field, also one that is called `__proto__`. */
export function setField(object: JsonMap, name: string, value: Json): void {
  if (name === '__proto__') {
    Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
  } else {
    object[name] = value;
  }
}

/** Deep equality of JSON; values of different types are not equal. Pays a step for every pair compared. */
export function deepEqual(meter: Meter, a: Json, b: Json): boolean {
  meter.spend(1);
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, i) => deepEqual(meter, item, b[i]!));
  }
  if (Array.isArray(b)) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && deepEqual(meter, a[key]!, b[key]!));
}

/**
 * About how many characters the JSON of a value has; stops counting above `limit`. A value built by an expression may
 * hold one list many times, so its JSON may be far larger than what is in memory.
 */
export function jsonSize(value: Json, limit = MAX_OUTPUT_CHARS): number {
  let size = 0;
  const open: Json[] = [value];
  while (open.length > 0 && size <= limit) {
    const next = open.pop()!;
    if (next === null || typeof next !== 'object') {
      size += typeof next === 'string' ? next.length + 2 : 5;
    } else if (Array.isArray(next)) {
      size += next.length + 1;
      if (size <= limit) for (const item of next) open.push(item);
    } else {
      size += 1;
      for (const key in next) {
        size += key.length + 4;
        open.push(next[key]!);
      }
    }
  }
  return size;
}

/**
 * A value as text: null is empty, a list or an object is compact JSON, 12.0 is `12`. Bounded only where a meter is
 * given.
 */
export function toText(value: Json, meter?: Meter): string {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return '';
  if (typeof value !== 'object') return String(value === 0 ? 0 : value);
  if (meter) {
    const size = jsonSize(value);
    meter.grow(size);
    meter.spend(size >> 4);
  }
  return JSON.stringify(value);
}

const SURROGATES = /[\ud800-\udfff]/;

/** Characters are code points, so that no function cuts an emoji in half. */
export function characters(text: string): string[] | string {
  return SURROGATES.test(text) ? Array.from(text) : text;
}

export const textLength = (text: string): number => characters(text).length;
