import type { Json, JsonSchema } from '../../contracts/json.ts';
import { describe } from './describe.ts';
import { resolveRefs } from './refs.ts';
import {
  type ArrayShape,
  isNumeric,
  isScalar,
  type ObjectShape,
  type ScalarShape,
  type Shape,
  shapesOf,
} from './shapes.ts';

/** Why a type does not fit: another type, a required field that is missing or may be absent, a field too many, a value. */
export type MisfitKind = 'type' | 'missing' | 'optional' | 'extra' | 'value';

export interface Misfit {
  ok: false;
  kind: MisfitKind;
  /** Where in the value; `*` stands for every item of an array. */
  path: (string | number)[];
  /** A clause for people: `a string, where a number is needed`. */
  reason: string;
}
export type Fit = { ok: true } | Misfit;

const FITS: Fit = { ok: true };
const MAX_DEPTH = 32;
/** Pairs of shapes compared; what is beyond is taken to fit. */
const MAX_COMPARED = 20_000;

interface Comparison {
  left: number;
}

/**
 * Whether a value of type `from` may stand where `to` is needed. Lenient on purpose, a finding must be certain:
 * unknown fits both ways, and a union is a misfit only when none of its members fits. A number fits an integer unless
 * its value is known not to be whole.
 */
export function assignable(from: JsonSchema, to: JsonSchema): Fit {
  return compare(resolveRefs(from), resolveRefs(to), [], 0, { left: MAX_COMPARED });
}

function compare(
  from: JsonSchema,
  to: JsonSchema,
  path: (string | number)[],
  depth: number,
  comparison: Comparison,
): Fit {
  const sources = shapesOf(from);
  const targets = shapesOf(to);
  // An empty list has items of no type, which fit everywhere.
  if (sources.length === 0 || depth > MAX_DEPTH) return FITS;
  if (sources.some(isUnknown) || targets.some(isUnknown)) return FITS;
  if (targets.length === 0) return misfit('type', path, 'nothing can stand here');
  let best: Misfit | undefined;
  for (const source of sources) {
    for (const target of targets) {
      if (--comparison.left < 0) return FITS;
      const found = fitShape(source, target, path, depth, comparison);
      if (found.ok) return FITS;
      // The pair that came nearest has the most to say: `items[*].price` rather than "object, not string".
      if (!best || rank(found) > rank(best)) best = found;
    }
  }
  if (best && best.kind !== 'type') return best;
  if (best && best.path.length > path.length) return best;
  return misfit('type', path, `${describe(from)}, where ${describe(to)} is needed`);
}

const isUnknown = (shape: Shape): boolean => shape.type === 'unknown';
const misfit = (kind: MisfitKind, path: (string | number)[], reason: string): Misfit => ({
  ok: false,
  kind,
  path,
  reason,
});
const rank = (found: Misfit): number => found.path.length * 2 + (found.kind === 'type' ? 0 : 1);

function fitShape(
  from: Shape,
  to: Shape,
  path: (string | number)[],
  depth: number,
  comparison: Comparison,
): Fit {
  if (from.type === 'object' && to.type === 'object') return fitObject(from, to, path, depth, comparison);
  if (from.type === 'array' && to.type === 'array') return fitArray(from, to, path, depth, comparison);
  if (isScalar(from) && isScalar(to)) return fitScalar(from, to, path);
  return misfit('type', path, `${from.type}, where ${to.type} is needed`);
}

function fitScalar(from: ScalarShape, to: ScalarShape, path: (string | number)[]): Fit {
  if (from.type !== to.type && !(isNumeric(from) && isNumeric(to))) {
    return misfit('type', path, `${from.type}, where ${to.type} is needed`);
  }
  if (!from.values) return FITS;
  let why = '';
  for (const value of from.values) {
    const problem = valueProblem(value, to);
    if (problem === undefined) return FITS;
    why = problem;
  }
  return misfit('value', path, why);
}

/** Why a known value does not fit; undefined when it does. Patterns and formats are left to validation at run time. */
function valueProblem(value: Json, to: ScalarShape): string | undefined {
  const shown = JSON.stringify(value);
  if (to.values) {
    return to.values.includes(value)
      ? undefined
      : `${shown}, where ${to.values
          .slice(0, 8)
          .map((each) => JSON.stringify(each))
          .join(' | ')} is needed`;
  }
  if (to.type === 'integer' && !Number.isInteger(value)) return `${shown}, where a whole number is needed`;
  for (const [keyword, text, broken] of LIMITS) {
    const limit = to.limits?.[keyword];
    if (typeof limit === 'number' && broken(value, limit))
      return `${shown}, where ${text} ${limit} is needed`;
  }
  return undefined;
}

const length = (value: Json): number =>
  typeof value === 'string' ? [...value.slice(0, 100_000)].length : Number.NaN;
const LIMITS: [keyword: string, text: string, broken: (value: Json, limit: number) => boolean][] = [
  ['minimum', 'at least', (value, limit) => typeof value === 'number' && value < limit],
  ['maximum', 'at most', (value, limit) => typeof value === 'number' && value > limit],
  ['exclusiveMinimum', 'more than', (value, limit) => typeof value === 'number' && value <= limit],
  ['exclusiveMaximum', 'less than', (value, limit) => typeof value === 'number' && value >= limit],
  ['minLength', 'a length of at least', (value, limit) => length(value) < limit],
  ['maxLength', 'a length of at most', (value, limit) => length(value) > limit],
];

function fitArray(
  from: ArrayShape,
  to: ArrayShape,
  path: (string | number)[],
  depth: number,
  comparison: Comparison,
): Fit {
  const known = from.items === false ? from.prefix.length : undefined;
  if (known !== undefined && known < to.minItems)
    return misfit('value', path, `${known} items, where at least ${to.minItems} are needed`);
  if (known !== undefined && known > to.maxItems)
    return misfit('value', path, `${known} items, where at most ${to.maxItems} are needed`);
  const at = (shape: ArrayShape, i: number): JsonSchema => shape.prefix[i] ?? shape.items;
  for (let i = 0; i < from.prefix.length; i++) {
    const found = compare(at(from, i), at(to, i), [...path, i], depth + 1, comparison);
    if (!found.ok) return found;
  }
  if (from.items === false) return FITS;
  for (let i = from.prefix.length; i < to.prefix.length; i++) {
    const found = compare(from.items, at(to, i), [...path, i], depth + 1, comparison);
    if (!found.ok) return found;
  }
  // A list that may be empty fits where no further items are allowed.
  if (to.items === false) return FITS;
  return compare(from.items, to.items, [...path, '*'], depth + 1, comparison);
}

function fitObject(
  from: ObjectShape,
  to: ObjectShape,
  path: (string | number)[],
  depth: number,
  comparison: Comparison,
): Fit {
  // An object of which nothing is known may have every field.
  const open = from.properties.size === 0 && from.additional === undefined;
  const rest = from.additional === undefined ? open : from.additional;
  for (const name of to.required) {
    if (from.properties.has(name) || from.required.has(name) || rest !== false) continue;
    return misfit('missing', path, `the field '${name}' is missing`);
  }
  for (const [name, type] of from.properties) {
    const target = to.properties.get(name) ?? (to.additional === undefined ? true : to.additional);
    if (target === false) {
      // A field that is mostly absent is not a certain mistake.
      if (!from.required.has(name)) continue;
      return misfit('extra', path, `the field '${name}' is not known here`);
    }
    const found = compare(type, target, [...path, name], depth + 1, comparison);
    if (!found.ok) return found;
    if (to.required.has(name) && !from.required.has(name)) {
      return misfit('optional', [...path, name], `the field '${name}' may be absent, and it is required`);
    }
  }
  if (rest === false || rest === true) return FITS;
  for (const [name, target] of to.properties) {
    if (from.properties.has(name)) continue;
    const found = compare(rest, target, [...path, name], depth + 1, comparison);
    if (!found.ok) return found;
  }
  if (to.additional === undefined || to.additional === false) return FITS;
  return compare(rest, to.additional, [...path, '*'], depth + 1, comparison);
}
