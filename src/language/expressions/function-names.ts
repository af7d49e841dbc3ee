import { BUILTINS, builtin } from './builtins.ts';
import { suggest } from './suggest.ts';

const FUNCTION_NAMES = BUILTINS.map((each) => each.name);

/** Names of other languages and of CEL's extensions for what we call otherwise. */
const OTHER_NAMES: Record<string, string> = {
  len: 'size',
  length: 'size',
  count: 'size',
  includes: 'contains',
  some: 'exists',
  any: 'exists',
  every: 'all',
  find: 'filter',
  toLowerCase: 'lower',
  toUpperCase: 'upper',
  lowercase: 'lower',
  uppercase: 'upper',
  toString: 'string',
  str: 'string',
  number: 'double',
  float: 'double',
  parseInt: 'int',
  parseFloat: 'double',
  typeof: 'type',
  default: 'orValue',
  or: 'orValue',
  coalesce: 'orValue',
  unique: 'distinct',
  concat: 'flatten',
  substr: 'substring',
  test: 'matches',
  stringify: 'toJson',
  average: 'avg',
  mean: 'avg',
  existsOne: 'exists_one',
};

/** The function that was probably meant. */
export const meantFunction = (name: string): string | undefined =>
  Object.hasOwn(OTHER_NAMES, name) ? OTHER_NAMES[name] : suggest(name, FUNCTION_NAMES);

/** How a function is written: `size(value)`, `text.trim()`. */
export function usage(name: string): string {
  const known = builtin(name);
  if (!known) return name;
  const names = known.params.map((param) => param.name);
  return known.style === 'method'
    ? `${names[0]}.${name}(${names.slice(1).join(', ')})`
    : `${name}(${names.join(', ')})`;
}

/** `takes 1 to 2 arguments`; as a method the receiver is not counted. */
export function wants(min: number, max: number, asMethod: boolean): string {
  const less = asMethod ? 1 : 0;
  const [low, high] = [Math.max(0, min - less), max - less];
  const count = low === high ? String(low) : `${low} to ${high}`;
  return `takes ${count} argument${low === 1 && high === 1 ? '' : 's'}`;
}
