import type { Json, Node } from './ast.ts';
import type { Meter } from './meter.ts';
import { aType } from './values.ts';

/** A node of the tree as a function of our own; nothing is ever made from text. */
export type Code = (meter: Meter) => Json;

/** The value as a condition: only true and false are conditions. */
export function condition(m: Meter, value: Json, node: Node): boolean {
  if (value === true) return true;
  if (value === false) return false;
  m.fail('ICE1407', `A condition must be true or false, and this is ${aType(value)}`, {
    at: node,
    help: 'Compare it: x != null, size(x) > 0.',
  });
}
