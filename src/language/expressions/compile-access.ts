import type { HasNode, IndexNode, Json, MemberNode, Node, NodeStateNode, VariableNode } from './ast.ts';
import type { Code } from './code.ts';
import type { Meter } from './meter.ts';
import { hint } from './suggest.ts';
import { aType, field, isMap, type JsonMap } from './values.ts';

export function compileVariable(node: VariableNode): Code {
  const { name } = node;
  // A scope over a plain object answers to `constructor`; what it gives then is no JSON.
  if (inherited(name)) {
    return (m: Meter) => {
      if (--m.left < 0) m.exhausted();
      const value: unknown = m.scope.get(name);
      if (value === undefined || typeof value === 'function')
        m.fail('ICE1324', `'${name}' has no value here`, { at: node });
      return value as Json;
    };
  }
  return (m: Meter) => {
    if (--m.left < 0) m.exhausted();
    const value = m.scope.get(name);
    if (value === undefined) m.fail('ICE1324', `'${name}' has no value here`, { at: node });
    return value;
  };
}

/** `nodes.X` as an object; its fields are made only when it is read. */
export function compileNode(node: NodeStateNode): Code {
  const { id } = node;
  return (m: Meter) => {
    if (--m.left < 0) m.exhausted();
    const known = m.scope.node?.(id);
    if (known === undefined) m.fail('ICE1324', `Node '${id}' has no state here`, { at: node });
    const view: JsonMap = { state: known.state };
    if (known.error) view['error'] = { code: known.error.code, message: known.error.message };
    if (known.failed) view['failed'] = known.failed;
    if (known.result !== undefined) view['result'] = known.result;
    return view;
  };
}

/** Names that every object has from JavaScript; reading them directly would leave JSON. */
const inherited = (name: string): boolean => name in {};

export function compileMember(node: MemberNode, object: Code): Code {
  const { name, optional } = node;
  const slow = (m: Meter, value: Json): Json => {
    if (isMap(value)) {
      const found = field(value, name);
      if (found !== undefined) return found;
      if (optional) return null;
      missing(m, node, name, value);
    }
    if (optional && value === null) return null;
    notAnObject(m, node, name, value);
  };
  if (inherited(name)) {
    return (m: Meter) => {
      if (--m.left < 0) m.exhausted();
      return slow(m, object(m));
    };
  }
  return (m: Meter) => {
    if (--m.left < 0) m.exhausted();
    const value = object(m);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      const found = value[name];
      if (found !== undefined) return found;
    }
    return slow(m, value);
  };
}

function missing(m: Meter, node: MemberNode | IndexNode, name: string, object: JsonMap): never {
  const at = node.op === 'member' ? { start: node.nameStart, end: node.end } : node.index;
  m.fail('ICE1401', `There is no field '${name}' in ${spell(m, node.object)}`, {
    at,
    help:
      hint(name, Object.keys(object)) ?? 'The object is empty. A field that may be absent is read with a.?b.',
  });
}

function notAnObject(m: Meter, node: MemberNode | IndexNode, name: string, value: Json): never {
  const at = node.op === 'member' ? { start: node.nameStart, end: node.end } : node.index;
  const help =
    name === 'length' || name === 'size'
      ? 'Write size(x).'
      : value === null
        ? 'Read a field of what may be null with a.?b.'
        : Array.isArray(value)
          ? 'Read an item with list[0], or a field of every item with list.map(x, x.field).'
          : undefined;
  m.fail('ICE1402', `${spell(m, node.object)} is ${aType(value)}, which has no field '${name}'`, {
    at,
    help,
  });
}

/** How the expression itself calls the thing; long ones are cut. */
function spell(m: Meter, node: Node): string {
  const text = m.source.slice(node.start, node.end).replace(/\s+/g, ' ');
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}

export function compileIndex(node: IndexNode, object: Code, index: Code): Code {
  const { optional } = node;
  return (m: Meter) => {
    if (--m.left < 0) m.exhausted();
    const value = object(m);
    const at = index(m);
    if (Array.isArray(value)) {
      if (typeof at !== 'number') {
        m.fail('ICE1409', `The index of an array must be a number, and this is ${aType(at)}`, {
          at: node.index,
        });
      }
      if (!Number.isInteger(at)) {
        m.fail('ICE1318', `The index must be a whole number, and this is ${at}`, {
          at: node.index,
          help: 'Write list[int(x)].',
        });
      }
      const item = value[at];
      if (item !== undefined) return item;
      if (optional) return null;
      m.fail('ICE1319', `There is no item ${at}: ${spell(m, node.object)} has ${value.length}`, {
        at: node.index,
        help: 'An item that may be absent is read with list[?0], the last one with list.last().',
      });
    }
    if (isMap(value)) {
      if (typeof at !== 'string') {
        m.fail('ICE1409', `The name of a field must be a text, and this is ${aType(at)}`, { at: node.index });
      }
      const found = field(value, at);
      if (found !== undefined) return found;
      if (optional) return null;
      missing(m, node, at, value);
    }
    if (optional && value === null) return null;
    m.fail('ICE1402', `${spell(m, node.object)} is ${aType(value)}, which has no items`, {
      at: node.index,
      help: typeof value === 'string' ? 'Write text.substring(0, 1).' : undefined,
    });
  };
}

/** Whether every step of the path is there; only the root must have a value. `compile` is for what the path holds. */
export function compileHas(node: HasNode, compile: (part: Node) => Code): Code {
  const probe = compileProbe(node.arg, compile);
  return (m: Meter) => {
    if (--m.left < 0) m.exhausted();
    return probe(m) !== undefined;
  };
}

type Probe = (m: Meter) => Json | undefined;

function compileProbe(node: Node, compile: (part: Node) => Code): Probe {
  if (node.op === 'node') {
    return (m: Meter) => {
      const known = m.scope.node?.(node.id);
      if (known === undefined) m.fail('ICE1324', `Node '${node.id}' has no state here`, { at: node });
      return known.state === 'succeeded' ? true : undefined;
    };
  }
  if (node.op === 'member') {
    const object = compileObject(node.object, compile);
    return (m: Meter) => {
      const value = object(m);
      return isMap(value) ? field(value, node.name) : undefined;
    };
  }
  if (node.op === 'index') {
    const object = compileObject(node.object, compile);
    const index = compile(node.index);
    return (m: Meter) => {
      const value = object(m);
      const at = index(m);
      if (Array.isArray(value)) return typeof at === 'number' ? value[at] : undefined;
      return isMap(value) && typeof at === 'string' ? field(value, at) : undefined;
    };
  }
  return compile(node);
}

/** Inside a path `nodes.X` is its object; only as the whole of `has(nodes.X)` it asks for success. */
const compileObject = (node: Node, compile: (part: Node) => Code): Probe =>
  node.op === 'node' ? compile(node) : compileProbe(node, compile);
