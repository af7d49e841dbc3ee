import type { JsonSchema } from '../../contracts/json.ts';
import { shapesOf } from '../types/index.ts';

const MAX_TYPE_NODES = 5_000;

/** Why a type cannot be a condition: it is never true or false, or it may be null. */
export function conditionProblem(type: JsonSchema): 'type' | 'null' | undefined {
  if (!canBe(type, 'boolean')) return 'type';
  return canBe(type, 'null', true) ? 'null' : undefined;
}

/** Whether a value of the type may be of a kind; `certain` leaves out what is unknown. Nothing can be anything. */
export function canBe(
  type: JsonSchema,
  kind: 'null' | 'boolean' | 'number' | 'string' | 'array' | 'object',
  certain = false,
): boolean {
  const shapes = shapesOf(type);
  if (shapes.length === 0) return !certain;
  return shapes.some(
    (shape) =>
      shape.type === kind ||
      (kind === 'number' && shape.type === 'integer') ||
      (!certain && shape.type === 'unknown'),
  );
}

/** A type as its kinds only: `a number or null`. */
export function describeBriefly(type: JsonSchema): string {
  const kinds = new Set(shapesOf(type).map((shape) => (shape.type === 'integer' ? 'number' : shape.type)));
  if (kinds.size === 0) return 'nothing';
  return [...kinds]
    .map((kind) =>
      kind === 'null' || kind === 'unknown' ? kind : `${/^[aeiou]/.test(kind) ? 'an' : 'a'} ${kind}`,
    )
    .join(' or ');
}

/**
 * A type that stays small when it is written out: parts may be shared many times (`cel.bind(v, [w, w], [v, v])`), so
 * what is beyond 5,000 nodes is only an array or an object.
 */
export function bounded(type: JsonSchema): JsonSchema {
  let left = MAX_TYPE_NODES;
  const open: unknown[] = [type];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next !== 'object' || next === null) continue;
    if (--left < 0) {
      const kinds = new Set(shapesOf(type).map((shape) => shape.type));
      return kinds.size === 1 && (kinds.has('array') || kinds.has('object')) ? { type: [...kinds][0] } : {};
    }
    for (const each of Object.values(next)) open.push(each);
  }
  return type;
}
