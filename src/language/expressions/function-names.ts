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

const CLOCK = 'Write run.startedAt: an expression has no clock, so that a run can be repeated.';
const CHANCE = 'An expression is no place for chance: run.id is another one in each run.';

/** What to do instead of functions that there are not, since an expression gives the same value each time. */
const INSTEAD: Record<string, string> = {
  now: CLOCK,
  today: CLOCK,
  uuid: CHANCE,
  random: CHANCE,
  randomUUID: CHANCE,
  env: 'Expressions read no environment: give the value as an input, or as a secret that a tool declares.',
  secret: 'Expressions read no secrets: a tool gets those that it declares, as ctx.secrets.',
  fetch: 'Use a `tool` node with std/http.',
};

/** What to write for a function that there is not; undefined when nothing is like it. */
export function functionHelp(name: string): string | undefined {
  if (Object.hasOwn(INSTEAD, name)) return INSTEAD[name];
  const near = meantFunction(name);
  return near === undefined ? undefined : `Did you mean ${usage(near)}?`;
}

/** The function that was probably meant. */
const meantFunction = (name: string): string | undefined =>
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
