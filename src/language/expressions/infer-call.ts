import type { JsonSchema } from '../../contracts/json.ts';
import {
  describe,
  isUnknown,
  itemType,
  type ObjectShape,
  shapesOf,
  union,
  widened,
  withoutNull,
} from '../types/index.ts';
import type { CallNode, MacroNode, Span } from './ast.ts';
import { type Builtin, builtin } from './builtins.ts';
import type { Checker } from './checker.ts';
import { expected, paramOf } from './compile-call.ts';
import { assume, type Facts, NO_FACTS } from './guards.ts';
import { constant } from './infer-access.ts';
import { canBe, describeBriefly } from './kinds.ts';

const NULL: JsonSchema = { type: 'null' };
const arrayOf = (items: JsonSchema): JsonSchema => ({ type: 'array', items });

export function inferCall(checker: Checker, node: CallNode, args: JsonSchema[]): JsonSchema {
  const known = builtin(node.name)!;
  args.forEach((type, i) => {
    checkArgument(checker, node, known, i, type);
  });
  checkTogether(checker, node, known, args);
  return resultOf(known, args);
}

function checkArgument(checker: Checker, node: CallNode, known: Builtin, i: number, type: JsonSchema): void {
  const param = paramOf(known, i);
  const at = node.args[i]!;
  if (param.types.includes('any') || shapesOf(type).length === 0) return;
  const fits = param.types.some((each) => canBe(type, each === 'integer' ? 'number' : (each as 'string')));
  if (!fits) {
    checker.error(
      'ICE1410',
      `${known.name}() needs ${expected(param)} for '${param.name}', and got ${describeBriefly(type)}`,
      at,
      argumentHelp(known, type),
    );
    return;
  }
  if (canBe(type, 'null', true)) checker.mayBeNull(at, `${known.name}()`);
  const value = constant(type);
  if (param.types.includes('integer') && value !== undefined && !Number.isInteger(value)) {
    checker.error(
      'ICE1318',
      `${known.name}() needs a whole number for '${param.name}', and got ${value}`,
      at,
    );
  }
}

function argumentHelp(known: Builtin, type: JsonSchema): string {
  return canBe(type, 'null', true)
    ? 'A value that may be null needs a default: x.orValue(…).'
    : `It is ${known.signature}.`;
}

/** What the kinds of single arguments do not say. */
function checkTogether(checker: Checker, node: CallNode, known: Builtin, args: JsonSchema[]): void {
  const [first = {}, second] = args;
  if (
    SEARCHES.has(known.name) &&
    second !== undefined &&
    !canBe(first, 'array') &&
    !canBe(second, 'string')
  ) {
    checker.error(
      'ICE1410',
      `${known.name}() of a text needs a text, and got ${describeBriefly(second)}`,
      node.args[1]!,
    );
  }
  if (known.name === 'sort') orderable(checker, node.args[0]!, itemType(first).type, 'sort()');
  if (!known.params[0]?.text.includes('array<number>')) return;
  args.forEach((type, i) => {
    // `min(a, b)` takes numbers; only a lone argument may be an array of them.
    if (args.length > 1 && !canBe(type, 'number') && canBe(type, 'array', true)) {
      checker.error('ICE1410', `${known.name}() takes numbers, or one array of numbers`, node.args[i]!);
      return;
    }
    const items = canBe(type, 'array', true) ? itemType(type).type : false;
    if (shapesOf(items).length > 0 && !canBe(items, 'number')) {
      const found = `${known.name}() needs an array of numbers, and its items are ${describe(items)}`;
      checker.error('ICE1410', found, node.args[i]!);
    }
  });
}

const SEARCHES = new Set(['contains', 'indexOf', 'lastIndexOf']);

/** Sorting needs numbers or texts. */
function orderable(checker: Checker, at: Span, key: JsonSchema, what: string): void {
  if (shapesOf(key).length === 0) return;
  if (!canBe(key, 'number') && !canBe(key, 'string')) {
    checker.error('ICE1410', `${what} sorts by numbers or texts, and this is ${describeBriefly(key)}`, at);
  } else if (canBe(key, 'null', true)) checker.mayBeNull(at, what);
}

const SIMPLE: Record<string, JsonSchema> = {
  any: {},
  boolean: { type: 'boolean' },
  integer: { type: 'integer' },
  number: { type: 'number' },
  string: { type: 'string' },
  array: { type: 'array' },
  object: { type: 'object' },
  'array<string>': arrayOf({ type: 'string' }),
  'array<integer>': arrayOf({ type: 'integer' }),
};

function resultOf(known: Builtin, args: JsonSchema[]): JsonSchema {
  const [first = {}, second] = args;
  switch (known.name) {
    case 'orValue':
      return union(withoutNull(first), second!);
    case 'first':
    case 'last':
      return union(itemType(first).type, NULL);
    case 'flatten':
      return arrayOf(flattened(itemType(first).type));
    case 'values':
      return arrayOf(valuesOf(first));
    case 'merge':
      return merged(first, second!);
    case 'round':
      return args.length === 1 ? { type: 'integer' } : { type: 'number' };
    case 'abs':
    case 'min':
    case 'max':
    case 'sum':
      return wholeNumbers(args) ? { type: 'integer' } : { type: 'number' };
    case 'type':
      return { enum: ['null', 'boolean', 'number', 'string', 'array', 'object'] };
  }
  if (known.result === 'array<T>') return arrayOf(itemType(first).type);
  return SIMPLE[known.result] ?? {};
}

function wholeNumbers(args: JsonSchema[]): boolean {
  return args.every((arg) => {
    const numbers = canBe(arg, 'array', true) ? itemType(arg).type : arg;
    const shapes = shapesOf(numbers);
    return shapes.length > 0 && shapes.every((shape) => shape.type === 'integer');
  });
}

/** The items of items that are arrays; other items stay. */
function flattened(item: JsonSchema): JsonSchema {
  const shapes = shapesOf(item);
  if (shapes.some((shape) => shape.type === 'unknown')) return {};
  if (shapes.every((shape) => shape.type === 'array')) return itemType(item).type;
  return canBe(item, 'array', true) ? {} : item;
}

function valuesOf(object: JsonSchema): JsonSchema {
  const types: JsonSchema[] = [];
  for (const shape of shapesOf(object)) {
    if (shape.type === 'unknown') return {};
    if (shape.type !== 'object') continue;
    types.push(...shape.properties.values());
    if (shape.additional !== undefined) types.push(shape.additional);
    else if (shape.properties.size === 0) return {};
  }
  return union(...types.map(widened));
}

function merged(first: JsonSchema, second: JsonSchema): JsonSchema {
  const [a, b] = [only(first), only(second)];
  if (!a || !b) return { type: 'object' };
  const properties: { [name: string]: JsonSchema } = Object.fromEntries(a.properties);
  for (const [name, type] of b.properties) {
    const before = a.properties.get(name);
    const value = before !== undefined && !b.required.has(name) ? union(before, type) : type;
    Object.defineProperty(properties, name, { value, enumerable: true, configurable: true, writable: true });
  }
  const closed = a.additional === false && b.additional === false;
  return {
    type: 'object',
    properties,
    required: [...new Set([...a.required, ...b.required])],
    ...(closed ? { additionalProperties: false } : {}),
  };
}

/** The object that a type is, when it is one, with fields that are known. */
function only(type: JsonSchema): ObjectShape | undefined {
  const shapes = shapesOf(type);
  const [shape] = shapes;
  if (shapes.length !== 1 || shape?.type !== 'object') return undefined;
  return shape.properties.size > 0 || shape.additional === false ? shape : undefined;
}

export function inferMacro(checker: Checker, node: MacroNode, facts: Facts): JsonSchema {
  const target = checker.infer(node.target, facts);
  checker.shadowing(node.variable, node.variableStart);
  const item = macroItem(checker, node, target);
  checker.locals[node.slot] = item;
  if (node.name === 'map') {
    if (node.test) checker.condition(node.test, facts);
    const result = checker.infer(node.body, node.test ? assume(facts, node.test, true) : facts);
    return arrayOf(result);
  }
  if (node.name === 'sortBy') {
    orderable(checker, node.body, checker.infer(node.body, facts), 'sortBy()');
    return arrayOf(item);
  }
  checker.condition(node.body, facts);
  return node.name === 'filter' ? arrayOf(refined(item, node)) : { type: 'boolean' };
}

/** What the variable of a macro holds: an item, or the name of a field. */
function macroItem(checker: Checker, node: MacroNode, target: JsonSchema): JsonSchema {
  if (isUnknown(target)) return {};
  const array = canBe(target, 'array', true);
  const map = canBe(target, 'object', true);
  if (!array && !map) {
    checker.error(
      'ICE1408',
      `${node.name}() needs an array, and ${checker.spell(node.target)} is ${describeBriefly(target)}`,
      node.target,
    );
    return {};
  }
  if (canBe(target, 'null', true)) checker.mayBeNull(node.target, `${node.name}()`);
  const types: JsonSchema[] = [];
  if (array) types.push(itemType(target).type);
  if (map) types.push({ type: 'string' });
  const item = union(...types);
  // The items of a list that is known to be empty.
  return item === false ? {} : item;
}

/** `list.filter(x, has(x.price))` gives items that have a price. */
function refined(item: JsonSchema, node: MacroNode): JsonSchema {
  const prefix = `#${node.slot}\n`;
  const properties: { [name: string]: JsonSchema } = {};
  const required: string[] = [];
  let value = false;
  for (const fact of assume(NO_FACTS, node.body, true)) {
    const [kind, key] = [fact.slice(0, fact.indexOf(' ')), fact.slice(fact.indexOf(' ') + 1)];
    if (kind === 'value' && key === `#${node.slot}`) value = true;
    const name = key.startsWith(prefix) ? key.slice(prefix.length) : '';
    if (name === '' || name.includes('\n') || name.startsWith('#')) continue;
    if (kind === 'present') required.push(name);
    if (kind === 'value')
      Object.defineProperty(properties, name, {
        value: NOT_NULL,
        enumerable: true,
        configurable: true,
        writable: true,
      });
  }
  const base = value ? withoutNull(item) : item;
  if (required.length === 0 || !canBe(base, 'object', true)) return base;
  return { allOf: [base, { type: 'object', required, properties }] };
}

const NOT_NULL: JsonSchema = { type: ['boolean', 'number', 'string', 'array', 'object'] };
