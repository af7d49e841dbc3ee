import type { BinaryNode, BinaryOperator, Json } from './ast.ts';
import type { Code } from './code.ts';
import type { Meter } from './meter.ts';
import { aType, deepEqual, field, isMap } from './values.ts';

/** Each operator gets its own closure, so that every site of the engine's hot path sees one shape. */
export function compileBinary(node: BinaryNode, left: Code, right: Code): Code {
  switch (node.operator) {
    case '+':
      return (m: Meter) => {
        if (--m.left < 0) m.exhausted();
        const a = left(m);
        const b = right(m);
        if (typeof a === 'number' && typeof b === 'number') return finite(m, node, a + b);
        return add(m, node, a, b);
      };
    case '-':
      return numeric(node, left, right, (a, b) => a - b);
    case '*':
      return numeric(node, left, right, (a, b) => a * b);
    case '/':
      return numeric(node, left, right, (a, b) => a / b, true);
    case '%':
      return numeric(node, left, right, (a, b) => a % b, true);
    case '<':
      return ordered(node, left, right, (a, b) => a < b);
    case '<=':
      return ordered(node, left, right, (a, b) => a <= b);
    case '>':
      return ordered(node, left, right, (a, b) => a > b);
    case '>=':
      return ordered(node, left, right, (a, b) => a >= b);
    case '==':
      return (m) => deepEqual(m, left(m), right(m));
    case '!=':
      return (m) => !deepEqual(m, left(m), right(m));
    case 'in':
      return (m: Meter) => {
        if (--m.left < 0) m.exhausted();
        return contains(m, node, left(m), right(m));
      };
  }
}

function finite(m: Meter, node: BinaryNode, value: number): number {
  if (Number.isFinite(value)) return value;
  m.fail('ICE1317', `The result of '${node.operator}' is too large for a number`, { at: node });
}

function add(m: Meter, node: BinaryNode, a: Json, b: Json): Json {
  if (typeof a === 'string' && typeof b === 'string') {
    const size = a.length + b.length;
    m.grow(size);
    m.left -= size >> 6;
    return a + b;
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    const size = a.length + b.length;
    m.spend(size);
    m.grow(size);
    return a.concat(b);
  }
  unfit(m, node, a, b);
}

function numeric(
  node: BinaryNode,
  left: Code,
  right: Code,
  apply: (a: number, b: number) => number,
  divides = false,
): Code {
  return (m: Meter) => {
    if (--m.left < 0) m.exhausted();
    const a = left(m);
    const b = right(m);
    if (typeof a !== 'number' || typeof b !== 'number') unfit(m, node, a, b);
    if (divides && b === 0)
      m.fail('ICE1317', 'Division by zero', { at: node, help: 'Guard it: b == 0 ? 0 : a / b.' });
    return finite(m, node, apply(a, b));
  };
}

function ordered(node: BinaryNode, left: Code, right: Code, apply: (a: never, b: never) => boolean): Code {
  const compare = apply as (a: Json, b: Json) => boolean;
  return (m: Meter) => {
    if (--m.left < 0) m.exhausted();
    const a = left(m);
    const b = right(m);
    if (typeof a === typeof b && (typeof a === 'number' || typeof a === 'string')) return compare(a, b);
    unfit(m, node, a, b);
  };
}

function contains(m: Meter, node: BinaryNode, item: Json, whole: Json): boolean {
  if (Array.isArray(whole)) return whole.some((each) => deepEqual(m, item, each));
  if (isMap(whole)) return typeof item === 'string' && field(whole, item) !== undefined;
  unfit(m, node, item, whole);
}

function unfit(m: Meter, node: BinaryNode, a: Json, b: Json): never {
  m.fail('ICE1405', `'${node.operator}' does not work for ${aType(a)} and ${aType(b)}`, {
    at: node,
    help: operatorHelp(
      node.operator,
      typeof a === 'string' || typeof b === 'string',
      a === null || b === null,
    ),
  });
}

/** What to write instead, for the operand types that an operator does not take. */
export function operatorHelp(operator: BinaryOperator, text: boolean, empty: boolean): string | undefined {
  if (empty) return 'A value that may be null needs a default: x.orValue(0).';
  if (operator === 'in')
    return text
      ? "Write text.contains('part')."
      : 'It looks for an item in an array, or a field in an object.';
  if (operator === '+' && text) return 'Join texts: string(a) + string(b), or a template: {{ a }} {{ b }}.';
  if (text) return 'A text becomes a number with double(x).';
  return undefined;
}
