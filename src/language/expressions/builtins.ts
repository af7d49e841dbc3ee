import type { Json } from './ast.ts';
import { listFunctions } from './functions/lists.ts';
import { numberFunctions } from './functions/numbers.ts';
import { stringFunctions } from './functions/strings.ts';
import type { Meter } from './meter.ts';

/** A type in a signature. `integer` is a number that must be whole. */
export type ParamType = 'any' | 'null' | 'boolean' | 'number' | 'integer' | 'string' | 'array' | 'object';

export interface Param {
  name: string;
  types: ParamType[];
  /** As written: `array<number>`. */
  text: string;
  optional: boolean;
  variadic: boolean;
}

/** One function or macro of the language; what the documentation and "did you mean" read. */
export interface Builtin {
  name: string;
  kind: 'function' | 'macro';
  /** How it is usually written, `f(x)` or `x.f()`. A function takes both; a macro only its own. */
  style: 'function' | 'method';
  group: 'values' | 'numbers' | 'text' | 'arrays and objects' | 'time' | 'macros';
  signature: string;
  doc: string;
  params: Param[];
  /** As written in the signature; `T` is the type of an item. */
  result: string;
  min: number;
  max: number;
}

export type Implementation = (meter: Meter, ...args: (Json | undefined)[]) => Json;

/** `name(param: type, …): result` -> its parts. The signature is the only place where they are written. */
function define(
  group: Builtin['group'],
  style: Builtin['style'],
  signature: string,
  doc: string,
  kind: Builtin['kind'] = 'function',
): Builtin {
  const [, name, inside, result] = /^(\w+)\((.*)\): (.+)$/.exec(signature)!;
  const params = inside!
    .split(', ')
    .filter((part) => part !== '')
    .map((part): Param => {
      const [, dots, paramName, mark, text] = /^(\.\.\.)?(\w+)(\?)?: (.+)$/.exec(part)!;
      const types = text!.split(' | ').map((type) => type.replace(/<.*/, '') as ParamType);
      return { name: paramName!, types, text: text!, optional: mark === '?', variadic: dots === '...' };
    });
  return {
    name: name!,
    kind,
    style,
    group,
    signature,
    doc,
    params,
    result: result!,
    min: params.filter((param) => !param.optional).length,
    max: params.at(-1)?.variadic ? 32 : params.length,
  };
}

const value = (style: Builtin['style'], signature: string, doc: string) =>
  define('values', style, signature, doc);
const number = (signature: string, doc: string) => define('numbers', 'function', signature, doc);
const text = (signature: string, doc: string) => define('text', 'method', signature, doc);
const list = (signature: string, doc: string) => define('arrays and objects', 'method', signature, doc);
const listFunction = (signature: string, doc: string) =>
  define('arrays and objects', 'function', signature, doc);
const time = (signature: string, doc: string) => define('time', 'function', signature, doc);
const macro = (style: Builtin['style'], signature: string, doc: string) =>
  define('macros', style, signature, doc, 'macro');

/** Every function and macro, in the order of the documentation. */
export const BUILTINS: readonly Builtin[] = [
  macro(
    'function',
    'has(field: any): boolean',
    'Whether a field is there: has(a.b); has(nodes.X): whether node X succeeded.',
  ),
  macro(
    'method',
    'all(list: array<T>, x: name, test: boolean): boolean',
    'Whether the test holds for every item.',
  ),
  macro(
    'method',
    'exists(list: array<T>, x: name, test: boolean): boolean',
    'Whether the test holds for some item.',
  ),
  macro(
    'method',
    'exists_one(list: array<T>, x: name, test: boolean): boolean',
    'Whether the test holds for exactly one item.',
  ),
  macro(
    'method',
    'map(list: array<T>, x: name, result: U): array<U>',
    'The result for every item; map(x, test, result) only for those that pass the test.',
  ),
  macro(
    'method',
    'filter(list: array<T>, x: name, test: boolean): array<T>',
    'The items for which the test holds.',
  ),
  macro(
    'method',
    'sortBy(list: array<T>, x: name, key: number | string): array<T>',
    'The items in the order of a key, which is a number or a text.',
  ),
  macro(
    'method',
    'bind(cel: name, x: name, value: T, body: U): U',
    'cel.bind(x, value, body): the body, with a name for a value that it needs more than once.',
  ),

  value(
    'function',
    'size(value: string | array | object): integer',
    'Characters of a text, items of an array, fields of an object.',
  ),
  value(
    'function',
    'type(value: any): string',
    "The type's name: 'null', 'boolean', 'number', 'string', 'array' or 'object'.",
  ),
  value(
    'function',
    'string(value: any): string',
    'The value as text: null is empty, arrays and objects are compact JSON.',
  ),
  value(
    'function',
    'int(value: number | string | boolean): integer',
    'A whole number: cuts off what follows the point, reads numbers in text.',
  ),
  value('function', 'double(value: number | string): number', 'A number, also from a text.'),
  value('function', 'bool(value: boolean | string): boolean', "A boolean, also from 'true' and 'false'."),
  value('function', 'parseJson(text: string): any', 'The value that a JSON text describes.'),
  value('function', 'toJson(value: any): string', 'The value as compact JSON; a text gets its quotes.'),
  value(
    'method',
    'orValue(value: any, fallback: any): any',
    'The value, or the fallback when it is null: a.?b.orValue(0).',
  ),
  value('method', 'hasValue(value: any): boolean', 'Whether the value is not null.'),

  number('min(...values: number | array<number>): number', 'The least of its arguments, or of an array.'),
  number('max(...values: number | array<number>): number', 'The greatest of its arguments, or of an array.'),
  number('abs(value: number): number', 'Without its sign.'),
  number(
    'round(value: number, digits?: integer): number',
    'To the nearest whole number, or to so many digits; half goes away from zero.',
  ),
  number('floor(value: number): integer', 'The next whole number below.'),
  number('ceil(value: number): integer', 'The next whole number above.'),
  number('sum(list: array<number>): number', 'The sum of an array; 0 when it is empty.'),
  number('avg(list: array<number>): number', 'The mean of an array; an error when it is empty.'),

  text(
    'contains(whole: string | array, part: any): boolean',
    'Whether a text has the part in it, or an array the item.',
  ),
  text('startsWith(text: string, part: string): boolean', 'Whether the text starts so.'),
  text('endsWith(text: string, part: string): boolean', 'Whether the text ends so.'),
  text(
    'matches(text: string, pattern: string): boolean',
    'Whether the pattern (RE2 syntax, linear time) is found in the text; ^ and $ anchor it.',
  ),
  text(
    'indexOf(whole: string | array, part: any): integer',
    'Where the part is first; -1 when it is not there.',
  ),
  text(
    'lastIndexOf(whole: string | array, part: any): integer',
    'Where the part is last; -1 when it is not there.',
  ),
  text(
    'substring(text: string, start: integer, end?: integer): string',
    'The characters from start up to end; an end beyond the text is its end.',
  ),
  text(
    'replace(text: string, part: string, by: string): string',
    'With every occurrence of the part replaced.',
  ),
  text(
    'split(text: string, separator: string): array<string>',
    "The parts between separators; split('') gives the characters.",
  ),
  text(
    'join(list: array, separator?: string): string',
    'The items as one text, with the separator between them.',
  ),
  text('trim(text: string): string', 'Without white space at both ends.'),
  text('lower(text: string): string', 'In lower case.'),
  text('upper(text: string): string', 'In upper case.'),
  text('lowerAscii(text: string): string', 'In lower case, A to Z only.'),
  text('upperAscii(text: string): string', 'In upper case, a to z only.'),
  define('text', 'function', 'urlEncode(text: string): string', 'As one part of a URL.'),

  list('first(list: array<T>): T | null', 'The first item; null when the array is empty.'),
  list('last(list: array<T>): T | null', 'The last item; null when the array is empty.'),
  list(
    'slice(list: array<T>, start: integer, end?: integer): array<T>',
    'The items from start up to end; negative counts from the end.',
  ),
  list('sort(list: array<T>): array<T>', 'In order: numbers or texts, not mixed.'),
  list('reverse(list: array<T>): array<T>', 'In the opposite order.'),
  list('distinct(list: array<T>): array<T>', 'Without repetitions.'),
  list('flatten(list: array): array', 'With the items of its inner arrays in their place, one level.'),
  listFunction('keys(object: object): array<string>', 'The names of the fields.'),
  listFunction('values(object: object): array', 'The values of the fields.'),
  listFunction('merge(first: object, second: object): object', 'The fields of both; the second wins.'),
  listFunction('range(count: integer): array<integer>', 'The numbers from 0 up to the count, without it.'),

  time(
    'timestamp(text: string): number',
    "Milliseconds since 1970 of a time such as '2026-03-01T12:00:00Z'.",
  ),
  time('duration(text: string): number', "Milliseconds of a duration such as '1h30m'."),
  time('isoTime(ms: number): string', 'The time at so many milliseconds since 1970, as text.'),
];

const BY_NAME = new Map(BUILTINS.map((builtin) => [builtin.name, builtin]));

/** The function or macro of this name; undefined when there is none. */
export const builtin = (name: string): Builtin | undefined => BY_NAME.get(name);

const IMPLEMENTATIONS = new Map<string, Implementation>(
  Object.entries({ ...stringFunctions, ...numberFunctions, ...listFunctions }) as unknown as [
    string,
    Implementation,
  ][],
);

/** The code of a function; undefined for a macro. Its arguments were checked against `params`. */
export const implementation = (name: string): Implementation | undefined => IMPLEMENTATIONS.get(name);

/** Words that the parser does not take as a name. */
export const RESERVED_WORDS: readonly string[] = (
  'as break const continue else false for function if import in let loop namespace null package prototype return true ' +
  'var void while __proto__'
).split(' ');

/** The variables that every expression may have, and `secrets`, which none has. */
export const VARIABLES: readonly string[] = ['inputs', 'nodes', 'run', 'index', 'secrets'];

/**
 * Ids may not be these: CEL's reserved words and types, the functions that are written `f(x)`, our variables. The
 * names of methods (`sort`, `first`) are free. So is `item`, the default name of a loop's variable: using it twice
 * is shadowing, which is found where scopes are known.
 */
export const RESERVED_IDS: ReadonlySet<string> = new Set([
  ...RESERVED_WORDS,
  ...VARIABLES,
  ...BUILTINS.filter((builtin) => builtin.style === 'function').map((builtin) => builtin.name),
  ...'bytes cel dyn google list map math optional uint'.split(' '),
]);
