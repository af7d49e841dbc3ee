import type { Json } from '../ast.ts';
import { MAX_OUTPUT_CHARS, type Meter } from '../meter.ts';
import { matchRegex } from '../regex.ts';
import { aType, characters, deepEqual, textLength, toText } from '../values.ts';

/** Reading a text costs a step for every 64 characters. */
const read = (m: Meter, text: string): void => m.spend(text.length >> 6);

/** Pays for a new text. */
function built(m: Meter, text: string): string {
  m.grow(text.length);
  m.spend(text.length >> 6);
  return text;
}

const join = (parts: string[] | string, separator = ''): string =>
  typeof parts === 'string' ? parts : parts.join(separator);

/** `indexOf` in units to an index in characters. */
const inCharacters = (text: string, units: number): number =>
  units < 0 ? -1 : textLength(text.slice(0, units));

export const stringFunctions = {
  contains(m: Meter, whole: string | Json[], part: Json): Json {
    if (Array.isArray(whole)) return whole.some((item) => deepEqual(m, item, part));
    if (typeof part !== 'string')
      m.fail('ICE1410', `contains() of a text needs a text, and got ${aType(part)}`);
    read(m, whole);
    return whole.includes(part);
  },
  startsWith: (_m: Meter, text: string, part: string): Json => text.startsWith(part),
  endsWith: (_m: Meter, text: string, part: string): Json => text.endsWith(part),
  indexOf(m: Meter, whole: string | Json[], part: Json): Json {
    if (Array.isArray(whole)) return whole.findIndex((item) => deepEqual(m, item, part));
    if (typeof part !== 'string')
      m.fail('ICE1410', `indexOf() of a text needs a text, and got ${aType(part)}`);
    read(m, whole);
    return inCharacters(whole, whole.indexOf(part));
  },
  lastIndexOf(m: Meter, whole: string | Json[], part: Json): Json {
    if (Array.isArray(whole)) return whole.findLastIndex((item) => deepEqual(m, item, part));
    if (typeof part !== 'string')
      m.fail('ICE1410', `lastIndexOf() of a text needs a text, and got ${aType(part)}`);
    read(m, whole);
    return inCharacters(whole, whole.lastIndexOf(part));
  },
  lowerAscii: (m: Meter, text: string): Json =>
    built(
      m,
      text.replace(/[A-Z]+/g, (part) => part.toLowerCase()),
    ),
  upperAscii: (m: Meter, text: string): Json =>
    built(
      m,
      text.replace(/[a-z]+/g, (part) => part.toUpperCase()),
    ),
  lower: (m: Meter, text: string): Json => built(m, text.toLowerCase()),
  upper: (m: Meter, text: string): Json => built(m, text.toUpperCase()),
  trim(m: Meter, text: string): Json {
    read(m, text);
    return text.trim();
  },
  replace(m: Meter, text: string, part: string, by: string): Json {
    if (part === '') m.fail('ICE1320', 'replace() needs a text to look for, and it is empty');
    read(m, text);
    const parts = text.split(part);
    m.spend(parts.length);
    m.grow(text.length + (parts.length - 1) * (by.length - part.length));
    return parts.join(by);
  },
  split(m: Meter, text: string, separator: string): Json {
    m.grow(text.length);
    read(m, text);
    if (separator === '') m.spend(text.length);
    const parts = separator === '' ? Array.from(text) : text.split(separator);
    m.spend(parts.length);
    return parts;
  },
  join(m: Meter, list: Json[], separator = ''): Json {
    m.spend(list.length);
    const parts: string[] = [];
    let size = separator.length * list.length;
    for (const item of list) {
      const part = toText(item, m);
      size += part.length;
      parts.push(part);
      // Checked while it grows: the parts may be one long text, many times.
      if (size > MAX_OUTPUT_CHARS) break;
    }
    m.grow(size);
    return parts.join(separator);
  },
  substring(m: Meter, text: string, start: number, end?: number): Json {
    if (start < 0) m.fail('ICE1319', `substring() starts at ${start}: before the text`);
    read(m, text);
    return join(characters(text).slice(start, end === undefined ? undefined : Math.max(start, end)));
  },
  matches(m: Meter, text: string, pattern: string): Json {
    return matchRegex(m, pattern, text);
  },
  urlEncode(m: Meter, text: string): Json {
    m.grow(text.length * 3);
    read(m, text);
    return encodeURIComponent(text.toWellFormed());
  },
};
