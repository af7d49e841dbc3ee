import type { JsonSchema } from '../contracts/json.ts';
import { isEqual, type SchemaObject, say } from './schema-alternatives.ts';

/** How the set of values that a schema takes moved: `narrower`, `wider`, `both` (not comparable) or `same`. */
export type Move = 'narrower' | 'wider' | 'both' | 'same';

/** One comparison under way: what it found, and where it stands. */
export interface SchemaDiff {
  readonly where: 'input' | 'output';
  readonly before: JsonSchema;
  readonly after: JsonSchema;
  note(path: string, change: string, move: Move): void;
  compare(before: JsonSchema, after: JsonSchema, path: string): void;
}

/** keyword -> whether a higher value takes less. */
const BOUNDS: Record<string, boolean> = {
  minimum: true,
  exclusiveMinimum: true,
  minLength: true,
  minItems: true,
  minProperties: true,
  maximum: false,
  exclusiveMaximum: false,
  maxLength: false,
  maxItems: false,
  maxProperties: false,
};
/** Compared part by part elsewhere. */
const STRUCTURE = new Set([
  'properties',
  'required',
  'additionalProperties',
  'items',
  'prefixItems',
  'default',
  '$ref',
]);

/** Limits of numbers, lengths and counts, and every keyword that can only be compared as a whole. */
export function diffBounds(diff: SchemaDiff, old: SchemaObject, now: SchemaObject, path: string): void {
  const keywords = new Set([...Object.keys(old), ...Object.keys(now)]);
  for (const keyword of [...keywords].sort()) {
    const [before, after] = [old[keyword], now[keyword]];
    if (isEqual(before, after)) continue;
    if (keyword === 'default') {
      if (diff.where === 'input') diff.note(path, sayChange('default', before, after), 'same');
      continue;
    }
    if (STRUCTURE.has(keyword)) continue;
    diff.note(path, sayChange(keyword, before, after), moveOf(keyword, before, after));
  }
}

function sayChange(keyword: string, before: unknown, after: unknown): string {
  if (before === undefined) return `${keyword} ${say(after)} is new`;
  if (after === undefined) return `${keyword} ${say(before)} is gone`;
  return `${keyword} ${say(before)} is now ${say(after)}`;
}

function moveOf(keyword: string, before: unknown, after: unknown): Move {
  if (before === undefined) return 'narrower';
  if (after === undefined) return 'wider';
  const higherTakesLess = BOUNDS[keyword];
  if (higherTakesLess === undefined || typeof before !== 'number' || typeof after !== 'number') return 'both';
  return after > before === higherTakesLess ? 'narrower' : 'wider';
}

const schemasOf = (value: unknown): { [name: string]: JsonSchema } =>
  (value ?? {}) as { [name: string]: JsonSchema };

/** Fields: which came, went, became required or optional, and how each that stayed has changed. */
export function diffObjects(diff: SchemaDiff, old: SchemaObject, now: SchemaObject, path: string): void {
  const [before, after] = [schemasOf(old.properties), schemasOf(now.properties)];
  const required = (schema: SchemaObject, name: string): boolean =>
    Array.isArray(schema.required) && schema.required.includes(name);
  const input = diff.where === 'input';

  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  for (const name of [...names].sort()) {
    const at = path === '' ? name : `${path}.${name}`;
    const [wasRequired, isRequired] = [required(old, name), required(now, name)];
    if (!Object.hasOwn(before, name)) {
      if (isRequired) diff.note(at, input ? 'is new and required' : 'is new', input ? 'narrower' : 'same');
      else diff.note(at, 'is new and optional', 'same');
    } else if (!Object.hasOwn(after, name)) {
      // Whoever gives it, or reads it, counts on it: gone is gone, whatever else the schema would let pass.
      diff.note(at, 'is gone', 'both');
    } else {
      if (!wasRequired && isRequired)
        diff.note(at, input ? 'is now required' : 'is now always there', 'narrower');
      if (wasRequired && !isRequired) diff.note(at, input ? 'is now optional' : 'may now be absent', 'wider');
      diff.compare(before[name]!, after[name]!, at);
    }
  }

  const [oldRest, newRest] = [old.additionalProperties ?? true, now.additionalProperties ?? true];
  if (isEqual(oldRest, newRest)) return;
  if (newRest === false) diff.note(path, 'no longer takes other fields', 'narrower');
  else if (oldRest === false) diff.note(path, 'may now have other fields', input ? 'wider' : 'same');
  else diff.compare(oldRest as JsonSchema, newRest as JsonSchema, path === '' ? '*' : `${path}.*`);
}

/** Items: those with a place of their own (`prefixItems`) one by one, then all the others. */
export function diffArrays(diff: SchemaDiff, old: SchemaObject, now: SchemaObject, path: string): void {
  const places = (schema: SchemaObject): JsonSchema[] =>
    Array.isArray(schema.prefixItems) ? (schema.prefixItems as JsonSchema[]) : [];
  const rest = (schema: SchemaObject): JsonSchema => (schema.items ?? true) as JsonSchema;
  const [before, after] = [places(old), places(now)];
  for (let index = 0; index < Math.max(before.length, after.length); index++)
    diff.compare(before[index] ?? rest(old), after[index] ?? rest(now), `${path}[${index}]`);
  diff.compare(rest(old), rest(now), `${path}[]`);
}
