import type { JsonSchema } from '../../contracts/json.ts';
import { describe, isUnknown, itemType, memberType, resolveRefs, shapesOf, union } from '../types/index.ts';
import type { HasNode, IndexNode, MemberNode, Node, NodeStateNode, VariableNode } from './ast.ts';
import { type Facts, isPresent, nodeSucceeded, pathKey } from './guards.ts';
import { canBe, describeBriefly, type Inference } from './infer.ts';
import { hint } from './suggest.ts';

const NULL: JsonSchema = { type: 'null' };

export function inferVariable(inference: Inference, node: VariableNode): JsonSchema {
  const type = inference.env.variable(node.name);
  if (type !== undefined) return resolveRefs(type);
  const { name } = node;
  const loop = name === 'item' || name === 'index';
  const help = inference.env.nodeNames().includes(name)
    ? `Write nodes.${name}.`
    : (loop ? `'${name}' exists inside a loop. ` : '') + (hint(name, inference.env.names()) ?? '');
  inference.error('ICE1307', `There is no variable '${name}' here`, node, help.trim() || undefined);
  return {};
}

const STATES = ['succeeded', 'failed', 'skipped'];
const ERROR: JsonSchema = {
  type: 'object',
  properties: { code: { type: 'string' } },
  required: ['code'],
  additionalProperties: false,
};

export function inferNode(inference: Inference, node: NodeStateNode, facts: Facts): JsonSchema {
  const known = inference.env.node(node.id);
  if (known === undefined) {
    inference.error(
      'ICE1307',
      `There is no node '${node.id}' before this one`,
      { start: node.idStart, end: node.end },
      hint(node.id, inference.env.nodeNames()),
    );
    return {};
  }
  return {
    type: 'object',
    properties: { state: { enum: STATES }, error: ERROR, result: resolveRefs(known) },
    required: nodeSucceeded(facts, node.id) ? ['state', 'result'] : ['state'],
    additionalProperties: false,
  };
}

/** `read` warns of what may be absent, `optional` gives null for it, `probe` only asks. */
type Mode = 'read' | 'optional' | 'probe';

export function inferMember(
  inference: Inference,
  node: MemberNode,
  object: JsonSchema,
  facts: Facts,
): JsonSchema {
  return field(
    inference,
    node,
    node.name,
    { start: node.nameStart, end: node.end },
    object,
    facts,
    node.optional ? 'optional' : 'read',
  );
}

/** The way to a field that `has` asks for: nothing on it needs to be there. */
export function inferProbe(inference: Inference, node: Node, facts: Facts): JsonSchema {
  if (node.op === 'member') {
    const object = inferProbe(inference, node.object, facts);
    return field(
      inference,
      node,
      node.name,
      { start: node.nameStart, end: node.end },
      object,
      facts,
      'probe',
    );
  }
  if (node.op === 'index') {
    const object = inferProbe(inference, node.object, facts);
    return indexed(inference, node, object, inference.infer(node.index, facts), facts, 'probe');
  }
  return inference.infer(node as Exclude<HasNode['arg'], MemberNode>, facts);
}

function field(
  inference: Inference,
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
    inference.error(
      'ICE1402',
      `${inference.spell(node.object)} is ${describeBriefly(object)}, which has no field '${name}'`,
      at,
      notAnObject(object, name),
    );
    return {};
  }
  if (!member.found) {
    const of = node.object.op === 'node' ? `nodes.${node.object.id}` : inference.spell(node.object);
    const help = node.object.op === 'node' ? nodeHelp(name) : hint(name, member.known);
    inference.report(
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
    if (member.nullable) inference.mayBeNull(node.object, 'Reading a field');
    if (member.optional && !present) {
      inference.warn(
        'ICE1403',
        `The field '${name}' may be absent`,
        at,
        `Write ${optionalSpelling(inference, node, name)}, or guard it with has(${inference.spell(node)}).`,
      );
    }
    return member.type;
  }
  return mode === 'optional' && ((member.optional && !present) || member.nullable)
    ? union(member.type, NULL)
    : member.type;
}

function optionalSpelling(inference: Inference, node: MemberNode | IndexNode, name: string): string {
  return node.op === 'member'
    ? `${inference.spell(node.object)}.?${name}`
    : `${inference.spell(node.object)}[?'${name}']`;
}

const nodeHelp = (name: string): string =>
  `A node has state, error and result: write .result.${name} for its result, or its id alone.`;

function notAnObject(object: JsonSchema, name: string): string | undefined {
  if (name === 'length' || name === 'size') return 'Write size(x).';
  if (canBe(object, 'array', true))
    return 'Read an item with list[0], or a field of every item with list.map(x, x.field).';
  return undefined;
}

export function inferIndex(
  inference: Inference,
  node: IndexNode,
  object: JsonSchema,
  index: JsonSchema,
  facts: Facts,
): JsonSchema {
  return indexed(inference, node, object, index, facts, node.optional ? 'optional' : 'read');
}

function indexed(
  inference: Inference,
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
    inference.error(
      'ICE1402',
      `${inference.spell(node.object)} is ${describeBriefly(object)}, which has no items`,
      at,
      help,
    );
    return {};
  }
  // Which of the two it is, only the value knows.
  if (array && map) return {};
  if (map) {
    if (!canBe(index, 'string')) {
      inference.error(
        'ICE1409',
        `The name of a field must be a text, and this is ${describeBriefly(index)}`,
        at,
      );
      return {};
    }
    if (at.op === 'literal' && typeof at.value === 'string')
      return field(inference, node, at.value, at, object, facts, mode);
    const all = shapesOf(object).flatMap((shape) =>
      shape.type === 'object' ? [...shape.properties.values(), shape.additional ?? false] : [],
    );
    const type = all.length === 0 || all.every((each) => each === false) ? {} : union(...all);
    return mode === 'optional' ? union(type, NULL) : type;
  }
  return item(inference, node, object, index, mode);
}

function item(
  inference: Inference,
  node: IndexNode,
  object: JsonSchema,
  index: JsonSchema,
  mode: Mode,
): JsonSchema {
  const at = node.index;
  const items = itemType(object);
  if (!canBe(index, 'number')) {
    inference.error(
      'ICE1409',
      `The index of an array must be a number, and this is ${describeBriefly(index)}`,
      at,
    );
    return items.type;
  }
  const known = constant(index);
  if (known !== undefined && !Number.isInteger(known)) {
    inference.error(
      'ICE1318',
      `The index must be a whole number, and this is ${known}`,
      at,
      'Write list[int(x)].',
    );
  } else if (known !== undefined && known < 0) {
    inference.error(
      'ICE1319',
      `There is no item ${known}: items are counted from 0`,
      at,
      'The last item is list.last().',
    );
  }
  if (items.nullable && mode === 'read') inference.mayBeNull(node.object, 'Reading an item');
  const shapes = shapesOf(object).filter((shape) => shape.type === 'array');
  const exact = known === undefined ? [] : shapes.map((shape) => shape.prefix[known] ?? shape.items);
  const type = exact.length > 0 ? union(...exact) : items.type;
  if (type === false) {
    if (mode === 'read')
      inference.error(
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
