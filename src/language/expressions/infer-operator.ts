import type { JsonSchema } from '../../contracts/json.ts';
import { describe, isUnknown, itemType, shapesOf, union } from '../types/index.ts';
import type { BinaryNode, Node, UnaryNode } from './ast.ts';
import type { Checker } from './checker.ts';
import { operatorHelp } from './compile-operator.ts';
import { constant } from './infer-access.ts';
import { canBe, describeBriefly } from './kinds.ts';
import { suggest } from './suggest.ts';

type Kind = 'null' | 'boolean' | 'number' | 'string' | 'array' | 'object' | 'unknown';

/** The kinds of value that a type allows; integers are numbers. */
function kinds(type: JsonSchema): Set<Kind> {
  return new Set(shapesOf(type).map((shape): Kind => (shape.type === 'integer' ? 'number' : shape.type)));
}

export function inferNegate(checker: Checker, node: UnaryNode, arg: JsonSchema): JsonSchema {
  const value = constant(arg);
  if (value !== undefined) return { type: Number.isInteger(value) ? 'integer' : 'number', const: -value };
  if (canBe(arg, 'number')) return isWhole(arg) ? { type: 'integer' } : { type: 'number' };
  checker.error('ICE1405', `'-' needs a number, and got ${describeBriefly(arg)}`, node);
  return { type: 'number' };
}

export function inferBinary(
  checker: Checker,
  node: BinaryNode,
  left: JsonSchema,
  right: JsonSchema,
): JsonSchema {
  switch (node.operator) {
    case '==':
    case '!=':
      equality(checker, node, left, right);
      return { type: 'boolean' };
    case '<':
    case '<=':
    case '>':
    case '>=':
      order(checker, node, left, right);
      return { type: 'boolean' };
    case 'in':
      membership(checker, node, left, right);
      return { type: 'boolean' };
    case '+':
      return plus(checker, node, left, right);
    default:
      return arithmetic(checker, node, left, right);
  }
}

const isWhole = (type: JsonSchema): boolean => {
  const shapes = shapesOf(type);
  return shapes.length > 0 && shapes.every((shape) => shape.type === 'integer');
};

/** The kinds that both sides may have together; nothing means that the operator never works. */
function together(left: JsonSchema, right: JsonSchema, allowed: readonly Kind[]): Kind[] {
  const a = kinds(left);
  const b = kinds(right);
  return allowed.filter((kind) => (a.has(kind) || a.has('unknown')) && (b.has(kind) || b.has('unknown')));
}

function unfit(
  checker: Checker,
  node: BinaryNode,
  left: JsonSchema,
  right: JsonSchema,
  code = 'ICE1405',
): void {
  const text = canBe(left, 'string', true) || canBe(right, 'string', true);
  const empty = canBe(left, 'null', true) || canBe(right, 'null', true);
  checker.error(
    code,
    `'${node.operator}' does not work for ${describeBriefly(left)} and ${describeBriefly(right)}`,
    node,
    operatorHelp(node.operator, text, empty),
  );
}

function operandsMayBeNull(checker: Checker, node: BinaryNode, left: JsonSchema, right: JsonSchema): void {
  for (const [operand, type] of [
    [node.left, left],
    [node.right, right],
  ] as [Node, JsonSchema][]) {
    if (canBe(type, 'null', true)) checker.mayBeNull(operand, `'${node.operator}'`);
  }
}

function arithmetic(checker: Checker, node: BinaryNode, left: JsonSchema, right: JsonSchema): JsonSchema {
  if (together(left, right, ['number']).length === 0) unfit(checker, node, left, right);
  else operandsMayBeNull(checker, node, left, right);
  if ((node.operator === '/' || node.operator === '%') && constant(right) === 0) {
    checker.error('ICE1317', 'Division by zero', node);
  }
  return node.operator !== '/' && isWhole(left) && isWhole(right) ? { type: 'integer' } : { type: 'number' };
}

function plus(checker: Checker, node: BinaryNode, left: JsonSchema, right: JsonSchema): JsonSchema {
  const found = together(left, right, ['number', 'string', 'array']);
  if (found.length === 0) {
    unfit(checker, node, left, right);
    return {};
  }
  operandsMayBeNull(checker, node, left, right);
  if (isUnknown(left) && isUnknown(right)) return {};
  return union(
    ...found.map((kind): JsonSchema => {
      if (kind === 'string') return { type: 'string' };
      if (kind === 'number')
        return isWhole(left) && isWhole(right) ? { type: 'integer' } : { type: 'number' };
      return { type: 'array', items: union(itemType(left).type, itemType(right).type) };
    }),
  );
}

function order(checker: Checker, node: BinaryNode, left: JsonSchema, right: JsonSchema): void {
  if (together(left, right, ['number', 'string']).length > 0) {
    operandsMayBeNull(checker, node, left, right);
    return;
  }
  const orderable = (type: JsonSchema): boolean => canBe(type, 'number') || canBe(type, 'string');
  unfit(checker, node, left, right, orderable(left) && orderable(right) ? 'ICE1406' : 'ICE1405');
}

const ALL: readonly Kind[] = ['null', 'boolean', 'number', 'string', 'array', 'object'];

function equality(checker: Checker, node: BinaryNode, left: JsonSchema, right: JsonSchema): void {
  // `x == null` is how one asks, whatever the type says.
  if (isNull(node.left) || isNull(node.right)) return;
  if (shapesOf(left).length === 0 || shapesOf(right).length === 0) return;
  const constantResult = node.operator === '==' ? 'never' : 'always';
  if (together(left, right, ALL).length === 0) {
    checker.error(
      'ICE1406',
      `${describeBriefly(left)} and ${describeBriefly(right)} are never equal, so this is ${constantResult} true`,
      node,
      canBe(left, 'number', true) || canBe(right, 'number', true)
        ? 'A text becomes a number with double(x), a number a text with string(x).'
        : undefined,
    );
    return;
  }
  neverOccurs(checker, node, left, right);
}

const isNull = (node: Node): boolean => node.op === 'literal' && node.value === null;

/** A text that is compared to a known list of others: most likely a slip in one letter. */
function neverOccurs(checker: Checker, node: BinaryNode, left: JsonSchema, right: JsonSchema): void {
  const [literal, type] = node.right.op === 'literal' ? [node.right, left] : [node.left, right];
  if (literal.op !== 'literal' || typeof literal.value !== 'string') return;
  const values: string[] = [];
  for (const shape of shapesOf(type)) {
    if (shape.type === 'unknown' || (shape.type === 'string' && !shape.values)) return;
    if (shape.type === 'string')
      for (const value of shape.values!) if (typeof value === 'string') values.push(value);
  }
  if (values.length === 0 || values.includes(literal.value)) return;
  const near = suggest(literal.value, values);
  const help = near === undefined ? `It is ${describe(type)}.` : `Did you mean '${near}'?`;
  checker.error(
    'ICE1411',
    `${checker.spell(literal === node.right ? node.left : node.right)} is never '${literal.value.slice(0, 40)}'`,
    literal,
    help,
  );
}

function membership(checker: Checker, node: BinaryNode, left: JsonSchema, right: JsonSchema): void {
  const whole = kinds(right);
  if (whole.size === 0 || whole.has('unknown')) return;
  if (whole.has('null')) checker.mayBeNull(node.right, "'in'");
  if (whole.has('object') && canBe(left, 'string')) return;
  if (!whole.has('array')) {
    unfit(checker, node, left, right);
    return;
  }
  const items = itemType(right).type;
  if (shapesOf(items).length > 0 && shapesOf(left).length > 0 && together(left, items, ALL).length === 0) {
    checker.error('ICE1406', `${describeBriefly(left)} is never in an array of ${describe(items)}`, node);
  }
}
