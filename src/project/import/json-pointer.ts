/** References inside a document: `#/components/schemas/Pet` (RFC 6901 in a URI fragment). */

export type JsonMap = { [key: string]: unknown };

export const isMap = (value: unknown): value is JsonMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The keys of a pointer; undefined when the text is none. */
export function pointerKeys(ref: string): string[] | undefined {
  if (ref === '#' || ref === '#/') return [];
  if (!ref.startsWith('#/')) return undefined;
  try {
    return ref
      .slice(2)
      .split('/')
      .map((part) => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~'));
  } catch {
    return undefined;
  }
}

/** What a pointer leads to; undefined when there is nothing. Own fields only. */
export function pointedAt(document: unknown, keys: readonly string[]): unknown {
  let value = document;
  for (const key of keys) {
    if (Array.isArray(value)) value = value[Number(key)];
    else if (isMap(value) && Object.hasOwn(value, key)) value = value[key];
    else return undefined;
  }
  return value;
}

/** The way of a pointer as people read it: `paths./pets.get`. */
export const shownPath = (keys: readonly (string | number)[]): string =>
  keys.reduce<string>(
    (path, key) =>
      typeof key === 'number' || /^\d+$/.test(String(key))
        ? `${path}[${key}]`
        : /^[\w$-]+$/.test(key)
          ? `${path}${path === '' ? '' : '.'}${key}`
          : `${path}[${JSON.stringify(key)}]`,
    '',
  );
