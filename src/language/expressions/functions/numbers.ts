import type { Json } from '../ast.ts';
import type { Meter } from '../meter.ts';
import { aType, characters, jsonSize, toText, typeName } from '../values.ts';

/** The number that a text is, as JSON writes it; undefined when it is none. */
function numberOf(text: string): number | undefined {
  const trimmed = text.trim();
  if (!/^[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?$/.test(trimmed)) return undefined;
  const value = Number(trimmed);
  return Number.isFinite(value) ? value : undefined;
}

/** The numbers of a list; an item that is none is an error. */
function numbers(m: Meter, list: Json[], what: string): number[] {
  m.spend(list.length);
  const at = list.findIndex((item) => typeof item !== 'number');
  if (at >= 0) m.fail('ICE1410', `${what}() needs numbers, and item ${at} is ${aType(list[at]!)}`);
  return list as number[];
}

function finite(m: Meter, value: number): number {
  if (!Number.isFinite(value)) m.fail('ICE1317', 'The result is too large for a number');
  return value;
}

function extreme(m: Meter, name: 'min' | 'max', args: Json[]): Json {
  const list = args.length === 1 && Array.isArray(args[0]) ? args[0] : args;
  if (list.length === 0) m.fail('ICE1320', `${name}() of an empty array has no value`);
  const all = numbers(m, list, name);
  let found = all[0]!;
  for (const value of all) if (name === 'min' ? value < found : value > found) found = value;
  return found;
}

/** Half away from zero, in decimal: `round(1.005, 2)` is 1.01, as it is written. */
function round(value: number, digits: number): number {
  const [mantissa, exponent = '0'] = String(Math.abs(value)).split('e') as [string, string?];
  const shifted = Math.round(Number(`${mantissa}e${Number(exponent) + digits}`));
  // A number too large to shift has no digits after the point, or none that a double could drop.
  if (!Number.isFinite(shifted)) return value;
  const [shiftedMantissa, shiftedExponent = '0'] = String(shifted).split('e') as [string, string?];
  return Math.sign(value) * Number(`${shiftedMantissa}e${Number(shiftedExponent) - digits}`);
}

const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

export const numberFunctions = {
  int(m: Meter, value: number | string | boolean): Json {
    if (typeof value === 'number') return Math.trunc(value);
    if (typeof value === 'boolean') return value ? 1 : 0;
    const number = numberOf(value);
    if (number === undefined) m.fail('ICE1320', 'int() cannot read this text as a number');
    return Math.trunc(number);
  },
  double(m: Meter, value: number | string): Json {
    if (typeof value === 'number') return value;
    return numberOf(value) ?? m.fail('ICE1320', 'double() cannot read this text as a number');
  },
  bool(m: Meter, value: boolean | string): Json {
    if (typeof value === 'boolean') return value;
    if (value === 'true') return true;
    if (value === 'false') return false;
    m.fail('ICE1320', "bool() reads 'true' and 'false', and this text is neither");
  },
  string: (m: Meter, value: Json): Json => toText(value, m),
  type: (_m: Meter, value: Json): Json => typeName(value),
  size(m: Meter, value: string | Json[] | { [key: string]: Json }): Json {
    if (typeof value === 'string') {
      m.spend(value.length >> 6);
      return characters(value).length;
    }
    if (Array.isArray(value)) return value.length;
    const size = Object.keys(value).length;
    m.spend(size);
    return size;
  },
  min: (m: Meter, ...values: Json[]): Json => extreme(m, 'min', values),
  max: (m: Meter, ...values: Json[]): Json => extreme(m, 'max', values),
  abs: (_m: Meter, value: number): Json => Math.abs(value),
  floor: (_m: Meter, value: number): Json => Math.floor(value),
  ceil: (_m: Meter, value: number): Json => Math.ceil(value),
  round(m: Meter, value: number, digits = 0): Json {
    if (digits < 0 || digits > 15) m.fail('ICE1319', 'round() keeps 0 to 15 digits');
    return round(value, digits);
  },
  sum: (m: Meter, list: Json[]): Json =>
    finite(
      m,
      numbers(m, list, 'sum').reduce((a, b) => a + b, 0),
    ),
  avg(m: Meter, list: Json[]): Json {
    if (list.length === 0) m.fail('ICE1320', 'avg() of an empty array has no value');
    return (
      finite(
        m,
        numbers(m, list, 'avg').reduce((a, b) => a + b, 0),
      ) / list.length
    );
  },
  timestamp(m: Meter, text: string): Json {
    // Only RFC 3339: Date.parse takes more, and not the same everywhere.
    const valid = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[-+]\d\d:\d\d))?$/.test(text);
    const ms = valid ? Date.parse(text) : Number.NaN;
    if (Number.isNaN(ms)) m.fail('ICE1320', "timestamp() reads times such as '2026-03-01T12:00:00Z'");
    return ms;
  },
  duration(m: Meter, text: string): Json {
    let ms = 0;
    const parts = text.matchAll(/(\d{1,15}(?:\.\d{1,9})?)(ms|s|m|h|d)/g);
    let read = 0;
    for (const part of parts) {
      if (part.index !== read) break;
      ms += Number(part[1]) * UNITS[part[2]!]!;
      read += part[0].length;
    }
    if (read === 0 || read !== text.length)
      m.fail('ICE1320', "duration() reads durations such as '1h30m' or '250ms'");
    return ms;
  },
  isoTime(m: Meter, ms: number): Json {
    const date = new Date(ms);
    if (Number.isNaN(date.getTime())) m.fail('ICE1320', 'isoTime() got a number outside the calendar');
    return date.toISOString();
  },
  parseJson(m: Meter, text: string): Json {
    m.grow(text.length);
    m.spend(text.length >> 3);
    try {
      return JSON.parse(text) as Json;
    } catch {
      m.fail('ICE1320', 'parseJson() got a text that is not JSON');
    }
  },
  toJson(m: Meter, value: Json): Json {
    const size = jsonSize(value);
    m.grow(size);
    m.spend(size >> 4);
    return JSON.stringify(value);
  },
};
