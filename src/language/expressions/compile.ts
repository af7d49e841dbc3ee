import type { ConditionalNode, LogicalNode, MapNode, Node, UnaryNode } from './ast.ts';
import { type Code, condition } from './code.ts';
import { compileHas, compileIndex, compileMember, compileNode, compileVariable } from './compile-access.ts';
import { compileCall } from './compile-call.ts';
import { compileMacro } from './compile-macro.ts';
import { compileBinary } from './compile-operator.ts';
import type { Meter } from './meter.ts';
import { aType, type JsonMap, setField } from './values.ts';

export function compile(node: Node): Code {
  switch (node.op) {
    case 'literal': {
      const { value } = node;
      return () => value;
    }
    case 'variable':
      return compileVariable(node);
    case 'local': {
      const { slot } = node;
      return (m) => m.locals[slot]!;
    }
    case 'node':
      return compileNode(node);
    case 'member':
      return compileMember(node, compile(node.object));
    case 'index':
      return compileIndex(node, compile(node.object), compile(node.index));
    case 'has':
      return compileHas(node, compile);
    case 'not':
      return compileNot(node);
    case 'negate':
      return compileNegate(node);
    case 'and':
    case 'or':
      return compileLogical(node);
    case 'conditional':
      return compileConditional(node);
    case 'binary':
      return compileBinary(node, compile(node.left), compile(node.right));
    case 'list': {
      const items = node.items.map(compile);
      return (m: Meter) => {
        m.spend(items.length + 1);
        return items.map((item) => item(m));
      };
    }
    case 'map':
      return compileMap(node);
    case 'call':
      return compileCall(node, node.args.map(compile));
    case 'macro':
      return compileMacro(
        node,
        compile(node.target),
        node.test ? compile(node.test) : undefined,
        compile(node.body),
      );
    case 'bind': {
      const value = compile(node.value);
      const body = compile(node.body);
      const { slot } = node;
      return (m: Meter) => {
        m.spend(1);
        m.locals[slot] = value(m);
        return body(m);
      };
    }
  }
}

function compileNot(node: UnaryNode): Code {
  const arg = compile(node.arg);
  return (m: Meter) => {
    if (--m.left < 0) m.exhausted();
    return !condition(m, arg(m), node.arg);
  };
}

function compileNegate(node: UnaryNode): Code {
  if (node.arg.op === 'literal' && typeof node.arg.value === 'number') {
    const value = -node.arg.value;
    return () => value;
  }
  const arg = compile(node.arg);
  return (m: Meter) => {
    if (--m.left < 0) m.exhausted();
    const value = arg(m);
    if (typeof value === 'number') return -value;
    m.fail('ICE1405', `'-' needs a number, and got ${aType(value)}`, { at: node });
  };
}

/** From left to right, and no further than needed. */
function compileLogical(node: LogicalNode): Code {
  const left = compile(node.left);
  const right = compile(node.right);
  const decided = node.op === 'or';
  return (m: Meter) => {
    if (--m.left < 0) m.exhausted();
    return condition(m, left(m), node.left) === decided ? decided : condition(m, right(m), node.right);
  };
}

function compileConditional(node: ConditionalNode): Code {
  const test = compile(node.test);
  const yes = compile(node.yes);
  const no = compile(node.no);
  return (m: Meter) => {
    if (--m.left < 0) m.exhausted();
    return condition(m, test(m), node.test) ? yes(m) : no(m);
  };
}

function compileMap(node: MapNode): Code {
  const entries = node.entries.map(({ key, value }) => ({
    key: compile(key),
    value: compile(value),
    at: key,
  }));
  return (m: Meter) => {
    m.spend(entries.length + 1);
    const object: JsonMap = {};
    for (const entry of entries) {
      const key = entry.key(m);
      if (typeof key !== 'string') {
        m.fail('ICE1321', `The name of a field must be a text, and this is ${aType(key)}`, { at: entry.at });
      }
      setField(object, key, entry.value(m));
    }
    return object;
  };
}
