import type { JsonSchema } from '../../contracts/json.ts';
import { describe, isUnknown, itemType, memberType, resolveRefs, shapesOf, union } from '../types/index.ts';
import type { HasNode, IndexNode, MemberNode, Node, NodeStateNode, VariableNode } from './ast.ts';
import type { Checker } from './checker.ts';
import { type Facts, isPresent, nodeSucceeded, pathKey } from './guards.ts';
import { canBe, describeBriefly } from './kinds.ts';
import { hint, suggest } from './suggest.ts';

const NULL: JsonSchema = { type: 'null' };

export function inferVariable(checker: Checker, node: VariableNode): JsonSchema {
  const type = checker.env.variable(node.name);
  if (type !== undefined) return resolveRefs(type);
  const { name } = node;
  const loop = name === 'item' || name === 'index';
  const help = checker.env.nodeNames().includes(name)
    ? `Write nodes.${name}.`
    : (loop ? `'${name}' exists inside a loop. ` : '') +
      (hint(name, checker.env.names()) ?? '') +
      asText(checker, name);
  checker.error('ICE1307', `There is no variable '${name}' here`, node, help.trim() || undefined);
  return {};
}

/** Where no name is like it, it may be a text that lacks its quotes. */
const asText = (checker: Checker, name: string): string =>
  suggest(name, checker.env.names()) === undefined ? ` A text stands in quotes: '${name}'.` : '';

const STATES = ['succeeded', 'failed', 'skipped'];
const ERROR: JsonSchema = {
  type: 'object',
  properties: { code: { type: 'string' }, message: { type: 'string' } },
  required: ['code', 'message'],
  additionalProperties: false,
};
const FAILED: JsonSchema = {
  type: 'array',
  items: {
    type: 'object',
    properties: { index: { type: 'integer', minimum: 0 }, error: ERROR },
    required: ['index', 'error'],
    additionalProperties: false,
  },
};

export function inferNode(checker: Checker, node: NodeStateNode, facts: Facts): JsonSchema {
  const known = checker.env.node(node.id);
  if (known === undefined) {
    checker.error(
      'ICE1307',
      `There is no node '${node.id}' before this one`,
      { start: node.idStart, end: node.end },
      hint(node.id, checker.env.nodeNames()),
    );
    return {};
  }
  const failed = checker.env.listsFailed?.(node.id) === true;
  return {
    type: 'object',
    properties: {
      state: { enum: STATES },
      error: ERROR,
      result: resolveRefs(known),
      ...(failed ? { failed: FAILED } : {}),
    },
    required: ['state', ...(nodeSucceeded(facts, node.id) ? ['result'] : []), ...(failed ? ['failed'] : [])],
    additionalProperties: false,
  };
}

/** `read` warns of what may be absent, `optional` gives null for it, `probe` only asks. */
type Mode = 'read' | 'optional' | 'probe';

export function inferMember(
  checker: Checker,
  node: MemberNode,
  object: JsonSchema,
  facts: Facts,
): JsonSchema {
  return field(
    checker,
    node,
    node.name,
    { start: node.nameStart, end: node.end },
    object,
    facts,
    node.optional ? 'optional' : 'read',
  );
}

/** The way to a field that `has` asks for: nothing on it needs to be there. */
export function inferProbe(checker: Checker, node: Node, facts: Facts): JsonSchema {
  if (node.op === 'member') {
    const object = inferProbe(checker, node.object, facts);
    return field(checker, node, node.name, { start: node.nameStart, end: node.end }, object, facts, 'probe');
  }
  if (node.op === 'index') {
    const object = inferProbe(checker, node.object, facts);
    return indexed(checker, node, object, checker.infer(node.index, facts), facts, 'probe');
  }
  return checker.infer(node as Exclude<HasNode['arg'], MemberNode>, facts);
}

function field(
  checker: Checker,
  node: MemberNode | IndexNode,
  name: string,
  at: { start: number; end: number },
  object: JsonSchema,
  facts: Facts,
  mode: Mode,
): JsonSchema {
  if (isUnknown(object)) return {};
  const member = memberType(object, name);
  if (!member.fits) {
    // Nothing but null is fine to ask and to read optionally.
    if (member.nullable && mode !== 'read') return NULL;
    checker.error(
      'ICE1402',
      `${checker.spell(node.object)} is ${describeBriefly(object)}, which has no field '${name}'`,
      at,
      notAnObject(object, name),
    );
    return {};
  }
  if (!member.found) {
    const of = node.object.op === 'node' ? `nodes.${node.object.id}` : checker.spell(node.object);
    const help =
      node.object.op === 'node'
        ? nodeHelp(name)
        : (resultHelp(checker, node, name, member.known) ??
          deeperHelp(checker, node, name, object) ??
          hint(name, member.known));
    checker.report(
      mode === 'read' ? 'error' : 'warning',
      'ICE1401',
      `There is no field '${name}' in ${of}`,
      at,
      help,
    );
    return mode === 'read' ? {} : NULL;
  }
  const present = isPresent(facts, pathKey(node));
  if (mode === 'read') {
    if (member.nullable) checker.mayBeNull(node.object, 'Reading a field');
    if (member.optional && !present) {
      checker.warn(
        'ICE1403',
        `The field '${name}' may be absent`,
        at,
        `Write ${optionalSpelling(checker, node, name)}, or guard it with has(${checker.spell(node)}).`,
      );
    }
    return member.type;
  }
  return mode === 'optional' && ((member.optional && !present) || member.nullable)
    ? union(member.type, NULL)
    : member.type;
}

function optionalSpelling(checker: Checker, node: MemberNode | IndexNode, name: string): string {
  return node.op === 'member'
    ? `${checker.spell(node.object)}.?${name}`
    : `${checker.spell(node.object)}[?'${name}']`;
}

const nodeHelp = (name: string): string =>
  name === 'failed'
    ? 'A loop with onItemError: continue lists the items that failed; other nodes have state, error and result.'
    : `A node has state, error and result: write .result.${name} for its result, or its id alone.`;

/** What other tools call the result of a step, which here is read by the id alone. */
const RESULT_WORDS = ['result', 'results', 'output', 'outputs', 'response', 'data', 'value'];

function resultHelp(
  checker: Checker,
  node: MemberNode | IndexNode,
  name: string,
  known: readonly string[],
): string | undefined {
  const { object } = node;
  if (object.op !== 'variable' || !RESULT_WORDS.includes(name)) return undefined;
  if (!checker.env.nodeNames().includes(object.name)) return undefined;
  const fields = hint(name, known);
  return `${object.name} is its result already.${fields === undefined ? '' : ` ${fields}`}`;
}

/** The way to a field that stands one level deeper: `c.then.a` for `c.a`. */
function deeperHelp(
  checker: Checker,
  node: MemberNode | IndexNode,
  name: string,
  object: JsonSchema,
): string | undefined {
  if (suggest(name, memberType(object, name).known) !== undefined) return undefined;
  for (const shape of shapesOf(object)) {
    if (shape.type !== 'object') continue;
    for (const [between, type] of shape.properties) {
      const member = memberType(type, name);
      // A map of any names has every field, so that it tells nothing.
      if (!member.known.includes(name) || !member.found) continue;
      const optional = shape.required.has(between) ? '' : '?';
      const last = member.nullable || optional ? `?${name}` : name;
      return `It stands under '${between}': write ${checker.spell(node.object)}.${optional}${between}.${last}.`;
    }
  }
  return undefined;
}

function notAnObject(object: JsonSchema, name: string): string | undefined {
  if (name === 'length' || name === 'size') return 'Write size(x).';
  if (canBe(object, 'array', true))
    return 'Read an item with list[0], or a field of every item with list.map(x, x.field).';
  return undefined;
}

export function inferIndex(
  checker: Checker,
  node: IndexNode,
  object: JsonSchema,
  index: JsonSchema,
  facts: Facts,
): JsonSchema {
  return indexed(checker, node, object, index, facts, node.optional ? 'optional' : 'read');
}

function indexed(
  checker: Checker,
  node: IndexNode,
  object: JsonSchema,
  index: JsonSchema,
  facts: Facts,
  mode: Mode,
): JsonSchema {
  if (isUnknown(object)) return {};
  const at = node.index;
  const array = canBe(object, 'array', true);
  const map = canBe(object, 'object', true);
  if (!array && !map) {
    if (canBe(object, 'null', true) && !canBe(object, 'string', true) && mode !== 'read') return NULL;
    const help = canBe(object, 'string', true) ? 'Write text.substring(0, 1).' : undefined;
    checker.error(
      'ICE1402',
      `${checker.spell(node.object)} is ${describeBriefly(object)}, which has no items`,
      at,
      help,
    );
    return {};
  }
  // Which of the two it is, only the value knows.
  if (array && map) return {};
  if (map) {
    if (!canBe(index, 'string')) {
      checker.error(
        'ICE1409',
        `The name of a field must be a text, and this is ${describeBriefly(index)}`,
        at,
      );
      return {};
    }
    if (at.op === 'literal' && typeof at.value === 'string')
      return field(checker, node, at.value, at, object, facts, mode);
    const all = shapesOf(object).flatMap((shape) =>
      shape.type === 'object' ? [...shape.properties.values(), shape.additional ?? false] : [],
    );
    const type = all.length === 0 || all.every((each) => each === false) ? {} : union(...all);
    return mode === 'optional' ? union(type, NULL) : type;
  }
  return item(checker, node, object, index, mode);
}

function item(
  checker: Checker,
  node: IndexNode,
  object: JsonSchema,
  index: JsonSchema,
  mode: Mode,
): JsonSchema {
  const at = node.index;
  const items = itemType(object);
  if (!canBe(index, 'number')) {
    checker.error(
      'ICE1409',
      `The index of an array must be a number, and this is ${describeBriefly(index)}`,
      at,
    );
    return items.type;
  }
  const known = constant(index);
  if (known !== undefined && !Number.isInteger(known)) {
    checker.error(
      'ICE1318',
      `The index must be a whole number, and this is ${known}`,
      at,
      'Write list[int(x)].',
    );
  } else if (known !== undefined && known < 0) {
    checker.error(
      'ICE1319',
      `There is no item ${known}: items are counted from 0`,
      at,
      'The last item is list.last().',
    );
  }
  if (items.nullable && mode === 'read') checker.mayBeNull(node.object, 'Reading an item');
  const shapes = shapesOf(object).filter((shape) => shape.type === 'array');
  const exact = known === undefined ? [] : shapes.map((shape) => shape.prefix[known] ?? shape.items);
  const type = exact.length > 0 ? union(...exact) : items.type;
  if (type === false) {
    if (mode === 'read')
      checker.error(
        'ICE1319',
        `There is no item ${known ?? ''} in ${describe(object)}`.replace('  ', ' '),
        at,
      );
    return mode === 'read' ? {} : NULL;
  }
  return mode === 'optional' ? union(type, NULL) : type;
}

/** The only number that a type allows. */
export function constant(type: JsonSchema): number | undefined {
  const shapes = shapesOf(type);
  const [shape] = shapes;
  if (shapes.length !== 1 || !shape || (shape.type !== 'number' && shape.type !== 'integer'))
    return undefined;
  const value = shape.values?.length === 1 ? shape.values[0] : undefined;
  return typeof value === 'number' ? value : undefined;
}
