import { longestText } from './pattern.ts';

/**
 * Puts before each pattern that some texts are too long for the length up to which it is tried, in place; of patterns
 * of names (`patternProperties`) it says how long a name may be.
 */
export function boundPatterns<T>(schema: T): { schema: T; longestKey: number } {
  let longestKey = Number.POSITIVE_INFINITY;
  const visit = (at: unknown, isMap: boolean): void => {
    if (typeof at !== 'object' || at === null) return;
    for (const [key, inner] of Object.entries(at)) {
      // The values of these are data; in a map of schemas they are names.
      const data = key === 'enum' || key === 'const' || key === 'default' || key === 'examples';
      if (!isMap && data) continue;
      visit(inner, !isMap && MAPS.has(key));
    }
    if (!isMap) longestKey = Math.min(longestKey, boundOne(at as Record<string, unknown>));
  };
  visit(schema, false);
  return { schema, longestKey };
}

const MAPS = new Set(['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas']);

/** Bounds the `pattern` of one schema; the longest name that its `patternProperties` are tried on. */
function boundOne(schema: Record<string, unknown>): number {
  const { pattern, patternProperties, maxLength, allOf } = schema;
  const most = typeof pattern === 'string' ? longestText(pattern) : Number.POSITIVE_INFINITY;
  if (most !== Number.POSITIVE_INFINITY && !(typeof maxLength === 'number' && maxLength <= most)) {
    const tried = { if: { maxLength: most }, then: { pattern } };
    Object.assign(schema, { maxLength: most, allOf: [...(Array.isArray(allOf) ? allOf : []), tried] });
    delete schema['pattern'];
  }
  if (typeof patternProperties !== 'object' || patternProperties === null) return Number.POSITIVE_INFINITY;
  return Math.min(...Object.keys(patternProperties).map(longestText));
}

/** Whether a field at any depth has a longer name. */
export function hasKeyOver(value: unknown, most: number): boolean {
  const open = [value];
  while (open.length > 0) {
    const at = open.pop();
    if (typeof at !== 'object' || at === null) continue;
    if (!Array.isArray(at) && Object.keys(at).some((key) => key.length > most)) return true;
    for (const inner of Object.values(at)) open.push(inner);
  }
  return false;
}
