import type { BinaryOperator, ExprFinding, MacroName, Node } from './ast.ts';
import { builtin, RESERVED_WORDS, VARIABLES } from './builtins.ts';
import { functionHelp, usage, wants } from './function-names.ts';
import { LIMITS } from './limits.ts';
import { regexProblem } from './regex.ts';

/** The parser's tree, as far as it is read here. */
export interface ParserNode {
  op: string;
  args: unknown;
  pos: number;
  start: number;
  end: number;
}

export class TooDeep extends Error {}

const BINARY = new Set<string>(['+', '-', '*', '/', '%', '<', '<=', '>', '>=', '==', '!=', 'in']);
const MACROS = new Set<string>(['all', 'exists', 'exists_one', 'map', 'filter', 'sortBy']);

/**
 * The parser's tree as ours, with everything that can be said without types. Throws TooDeep beyond LIMITS.depth.
 * With findings the tree must not be evaluated.
 */
export function translate(
  root: ParserNode,
  source: string,
): { ast: Node; slots: number; findings: ExprFinding[] } {
  const translation = new Translation(source);
  const ast = translation.node(root, 0);
  return { ast, slots: translation.slots, findings: translation.findings };
}

class Translation {
  readonly source: string;
  readonly findings: ExprFinding[] = [];
  readonly locals: { name: string; slot: number }[] = [];
  slots = 0;

  constructor(source: string) {
    this.source = source;
  }

  report(code: string, message: string, at: { start: number; end: number }, help?: string): void {
    const finding: ExprFinding = { code, severity: 'error', message, start: at.start, end: at.end };
    this.findings.push(help === undefined ? finding : { ...finding, help });
  }

  node(from: ParserNode, depth: number): Node {
    if (depth > LIMITS.depth) throw new TooDeep();
    const { start, end } = from;
    const down = (each: ParserNode): Node => this.node(each, depth + 1);
    switch (from.op) {
      case 'value':
        return { op: 'literal', value: this.literal(from), start, end };
      case 'id':
        return this.name(from);
      case '.':
      case '.?': {
        const [object, name] = from.args as [ParserNode, string];
        return this.member(object, name, from.op === '.?', from, depth);
      }
      case '[]':
      case '[?]': {
        const [object, index] = from.args as [ParserNode, ParserNode];
        const optional = from.op === '[?]';
        if (isNodes(object) && !this.isLocal('nodes')) {
          if (index.op === 'value' && typeof index.args === 'string') {
            return { op: 'node', id: index.args, idStart: index.start, start, end };
          }
          this.report(
            'ICE1312',
            '`nodes` is read with an id that stands in the expression',
            index,
            'Write nodes.price.',
          );
          return { op: 'node', id: '', idStart: index.start, start, end };
        }
        const target = down(object);
        return {
          op: 'index',
          object: target,
          index: down(index),
          optional: optional || isOptional(target),
          start,
          end,
        };
      }
      case '!_':
        return { op: 'not', arg: down(from.args as ParserNode), start, end };
      case '-_':
        return { op: 'negate', arg: down(from.args as ParserNode), start, end };
      case '&&':
      case '||': {
        const [left, right] = from.args as [ParserNode, ParserNode];
        return { op: from.op === '&&' ? 'and' : 'or', left: down(left), right: down(right), start, end };
      }
      case '?:': {
        const [test, yes, no] = from.args as [ParserNode, ParserNode, ParserNode];
        return { op: 'conditional', test: down(test), yes: down(yes), no: down(no), start, end };
      }
      case 'list':
        return { op: 'list', items: (from.args as ParserNode[]).map(down), start, end };
      case 'map':
        return this.map(from, depth);
      case 'call': {
        const [name, args] = from.args as [string, ParserNode[]];
        return this.call(name, from.start, undefined, args, from, depth);
      }
      case 'rcall': {
        const [name, receiver, args] = from.args as [string, ParserNode, ParserNode[]];
        return this.call(name, this.source.indexOf(name, receiver.end), receiver, args, from, depth);
      }
      default: {
        if (!BINARY.has(from.op)) throw new Error(`The parser gave an unknown operator: ${from.op}`);
        const [left, right] = from.args as [ParserNode, ParserNode];
        return {
          op: 'binary',
          operator: from.op as BinaryOperator,
          left: down(left),
          right: down(right),
          start,
          end,
        };
      }
    }
  }

  literal(from: ParserNode): null | boolean | number | string {
    const value = from.args;
    if (typeof value === 'bigint') {
      if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
        this.report(
          'ICE1306',
          'Whole numbers beyond 9007199254740991 (2^53 - 1) are not exact',
          from,
          'Write it as a text.',
        );
      }
      return Number(value);
    }
    if (value instanceof Uint8Array) {
      this.report('ICE1305', 'There are no bytes, only texts', from, 'Leave out the b before the quote.');
      return '';
    }
    if (typeof value === 'object' && value !== null) {
      this.report('ICE1305', 'There is one type of number, without u', from, 'Leave out the u.');
      return 0;
    }
    return value as null | boolean | number | string;
  }

  isLocal(name: string): boolean {
    return this.locals.some((local) => local.name === name);
  }

  name(from: ParserNode): Node {
    const { start, end } = from;
    const name = from.args as string;
    const local = this.locals.findLast((each) => each.name === name);
    if (local) return { op: 'local', name, slot: local.slot, start, end };
    if (name === 'nodes') {
      this.report(
        'ICE1312',
        '`nodes` is not a value: it must be followed by an id',
        from,
        'Write nodes.price.state or has(nodes.price).',
      );
    } else if (name === 'secrets') {
      this.report(
        'ICE1323',
        '`secrets` cannot be read in an expression',
        from,
        'No value of a secret stands in a document: a tool declares it in its permissions, and reads ctx.secrets.',
      );
    }
    return { op: 'variable', name, start, end };
  }

  member(object: ParserNode, name: string, optional: boolean, from: ParserNode, depth: number): Node {
    const { start, end } = from;
    if (isNodes(object) && !this.isLocal('nodes'))
      return { op: 'node', id: name, idStart: from.pos, start, end };
    const target = this.node(object, depth + 1);
    // The parser gives `.?x` no place of its own for the name.
    const nameStart = end - name.length;
    return {
      op: 'member',
      object: target,
      name,
      nameStart,
      optional: optional || isOptional(target),
      start,
      end,
    };
  }

  map(from: ParserNode, depth: number): Node {
    const seen = new Set<string>();
    const entries = (from.args as [ParserNode, ParserNode][]).map(([key, value]) => {
      if (key.op === 'id' && !this.isLocal(key.args as string)) {
        this.report(
          'ICE1321',
          `The field name ${key.args} must be in quotes`,
          key,
          `Write '${key.args}': …, or string(${key.args}) for the value of a variable.`,
        );
        return {
          key: { op: 'literal' as const, value: key.args as string, start: key.start, end: key.end },
          value: this.node(value, depth + 1),
        };
      }
      const keyNode = this.node(key, depth + 1);
      if (keyNode.op === 'literal') {
        if (typeof keyNode.value !== 'string')
          this.report('ICE1321', 'The names of fields are texts', key, `Write '${keyNode.value}'.`);
        else if (seen.has(keyNode.value))
          this.report('ICE1321', `The field '${keyNode.value}' is given twice`, key);
        else seen.add(keyNode.value);
      }
      return { key: keyNode, value: this.node(value, depth + 1) };
    });
    return { op: 'map', entries, start: from.start, end: from.end };
  }

  call(
    name: string,
    nameStart: number,
    receiver: ParserNode | undefined,
    args: ParserNode[],
    from: ParserNode,
    depth: number,
  ): Node {
    const { start, end } = from;
    const at = { start: nameStart, end: nameStart + name.length };
    if (receiver && name === 'bind' && receiver.op === 'id' && receiver.args === 'cel')
      return this.bind(args, from, at, depth);
    if (receiver && MACROS.has(name)) return this.macro(name as MacroName, receiver, args, from, at, depth);
    if (!receiver && name === 'has') return this.has(args, from, depth);
    const all = (receiver ? [receiver, ...args] : args).map((arg) => this.node(arg, depth + 1));
    const known = builtin(name);
    if (!known || known.kind === 'macro') {
      const macro = known?.kind === 'macro';
      this.report(
        'ICE1308',
        macro ? `${name} is not called like this` : `There is no function ${name}()`,
        at,
        macro ? `Write ${usage(name)}.` : functionHelp(name),
      );
    } else if (all.length < known.min || all.length > known.max) {
      this.report(
        'ICE1309',
        `${name}() ${wants(known.min, known.max, receiver !== undefined)}, and got ${all.length - (receiver ? 1 : 0)}`,
        { start: at.start, end },
        `It is ${known.signature}.`,
      );
    } else if (name === 'matches' && all[1]?.op === 'literal' && typeof all[1].value === 'string') {
      const problem = regexProblem(all[1].value);
      if (problem) this.report('ICE1313', problem, all[1]);
    }
    return { op: 'call', name, nameStart, args: all, start, end };
  }

  has(args: ParserNode[], from: ParserNode, depth: number): Node {
    const { start, end } = from;
    const arg = args.length === 1 ? this.node(args[0]!, depth + 1) : undefined;
    if (arg && (arg.op === 'member' || arg.op === 'index' || arg.op === 'node'))
      return { op: 'has', arg, start, end };
    this.report(
      'ICE1311',
      'has() needs one field: has(a.b)',
      from,
      'For a node write has(nodes.price); a variable is always there.',
    );
    return { op: 'literal', value: false, start, end };
  }

  /** Declares the variable of a macro while `inside` runs. */
  withLocal<T>(variable: ParserNode | undefined, inside: () => T): { name: string; slot: number; value: T } {
    let name = '';
    if (variable?.op === 'id') {
      name = variable.args as string;
      if (VARIABLES.includes(name) || RESERVED_WORDS.includes(name)) {
        this.report('ICE1322', `'${name}' is already a variable`, variable, 'Choose another name.');
      } else if (this.isLocal(name)) {
        this.report(
          'ICE1322',
          `'${name}' is already the variable of the expression around it`,
          variable,
          'Choose another name.',
        );
      }
    } else if (variable) {
      this.report('ICE1310', 'The first argument must be a name', variable, 'Write list.map(x, x.price).');
    }
    const slot = this.slots++;
    this.locals.push({ name, slot });
    const value = inside();
    this.locals.pop();
    return { name, slot, value };
  }

  macro(
    name: MacroName,
    receiver: ParserNode,
    args: ParserNode[],
    from: ParserNode,
    at: { start: number; end: number },
    depth: number,
  ): Node {
    const { start, end } = from;
    const target = this.node(receiver, depth + 1);
    const max = name === 'map' ? 3 : 2;
    if (args.length < 2 || args.length > max) {
      this.report(
        'ICE1309',
        `${name}() needs a name and a body`,
        { start: at.start, end },
        `Write ${usage(name)}.`,
      );
      return { op: 'literal', value: null, start, end };
    }
    const inside = this.withLocal(args[0], () => args.slice(1).map((arg) => this.node(arg, depth + 1)));
    const [first, second] = inside.value;
    return {
      op: 'macro',
      name,
      nameStart: at.start,
      target,
      variable: inside.name,
      variableStart: args[0]!.start,
      slot: inside.slot,
      ...(second ? { test: first! } : {}),
      body: second ?? first!,
      start,
      end,
    };
  }

  bind(args: ParserNode[], from: ParserNode, at: { start: number; end: number }, depth: number): Node {
    const { start, end } = from;
    if (args.length !== 3) {
      this.report('ICE1309', 'cel.bind() needs a name, a value and a body', { start: at.start, end });
      return { op: 'literal', value: null, start, end };
    }
    const value = this.node(args[1]!, depth + 1);
    const inside = this.withLocal(args[0], () => this.node(args[2]!, depth + 1));
    return {
      op: 'bind',
      variable: inside.name,
      variableStart: args[0]!.start,
      slot: inside.slot,
      value,
      body: inside.value,
      start,
      end,
    };
  }
}

const isNodes = (from: ParserNode): boolean => from.op === 'id' && from.args === 'nodes';

/** What follows an optional access is optional too: `a.?b.c` is null when `b` is absent. */
const isOptional = (node: Node): boolean => (node.op === 'member' || node.op === 'index') && node.optional;
