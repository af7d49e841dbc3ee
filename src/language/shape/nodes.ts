import { type BlueprintNode, NODE_SCHEMAS, NODE_TYPES, type NodeType } from '../../contracts/blueprint.ts';
import { nodeBase } from '../../contracts/nodes/base.ts';
import type { Collector } from '../diagnostics/collector.ts';
import { renameKey, replaceValue } from '../diagnostics/fixes.ts';
import { typeWithArticle } from '../diagnostics/type-words.ts';
import { suggest } from '../expressions/suggest.ts';
import type { Path } from '../source/path.ts';
import { checkId } from './ids.ts';
import { LATER_TYPES, renameOf, TELLING_FIELDS, TYPE_WORDS } from './renames.ts';
import { BROKEN, type Map as Fields, isMap, sameName, Walk } from './walk.ts';
import { describeValue, type Shape, shapeOf } from './zod-shape.ts';

/** What stands in for a required field that could not be read, so that a node always has its form. */
const STAND_INS: Record<string, unknown> = {
  tool: '', workflow: '', model: '', args: {}, inputs: {}, values: {}, items: [], expression: true, body: [],
  branches: {}, as: 'item',
}; // biome-ignore format: a table

/** How other tools say in which order nodes run. */
const ORDER_WORDS = /^(?:next|goto|then_to|on_success|onSuccess|edges|connections|links|transitions)$/;

const BASE_FIELDS = new Set(Object.keys(nodeBase));
const fieldsOf = (type: NodeType) => shapeOf(NODE_SCHEMAS[type]) as Extract<Shape, { kind: 'object' }>;

/** Reads lists of nodes: each node on its own, so that one wrong node hides nothing of the others. */
export class NodeWalk extends Walk {
  readonly paths = new WeakMap<object, Path>();
  readonly broken = new WeakMap<object, Set<string>>();
  /** Whose fields are being read: for the help about unknown ones. */
  private type = '';

  constructor(out: Collector) {
    super(out, (value, path) => this.nodeList(value, path));
  }

  private nodeList(value: unknown, path: Path): BlueprintNode[] | typeof BROKEN {
    if (Array.isArray(value)) {
      return value.flatMap((item, index) => this.node(item, [...path, index]) ?? []);
    }
    if (isMap(value) && Object.values(value).every(isMap) && Object.keys(value).length > 0) {
      const single = 'type' in value || 'id' in value;
      this.out.atKey('ICE1132', path, `\`${String(path.at(-1))}\` must be a list of nodes, and is a map`, {
        help: single
          ? 'Begin the node with a dash and a blank: `- id: …`.'
          : 'Write each node as an item with its name as id: `- id: load`.',
      });
      // The keys are what is meant as ids.
      return Object.entries(value).flatMap(
        ([id, item]) => this.node({ id, ...(item as Fields) }, [...path, id]) ?? [],
      );
    }
    if (isMap(value) && ('type' in value || 'id' in value)) {
      this.out.atKey('ICE1132', path, `\`${String(path.at(-1))}\` must be a list of nodes, and is one node`, {
        help: 'Begin the node with a dash and a blank: `- id: …`.',
      });
      const only = this.node(value, path);
      return only ? [only] : BROKEN;
    }
    return this.wrongType({ kind: 'nodes' }, value, path) as typeof BROKEN;
  }

  override unknownHelp(key: string, names: string[]): string {
    if (ORDER_WORDS.test(key))
      return 'Nodes wait for what their expressions read. One that has to wait for another says `needs: [id]`.';
    if (this.type === '') return super.unknownHelp(key, names);
    const owners = NODE_TYPES.filter((type) => type !== this.type && fieldsOf(type).fields.has(key));
    const own = names.filter((name) => !BASE_FIELDS.has(name) && name !== 'type');
    const elsewhere =
      owners.length > 0
        ? `It is a field of ${owners.map((type) => `\`${type}\``).join(' and ')} nodes. `
        : '';
    // An argument that is written beside the list of arguments.
    const inside = { tool: 'args', code: 'args', set: 'values', workflow: 'inputs' }[this.type as string];
    const deeper =
      inside !== undefined && owners.length === 0
        ? `If it is one of the \`${inside}\`, write it below: ${inside}: { ${key.slice(0, 40)}: … }. `
        : '';
    return `${elsewhere}${deeper}Its own fields are ${own.join(', ')}; every node has ${[...BASE_FIELDS].join(', ')}.`;
  }

  private node(value: unknown, path: Path): BlueprintNode | undefined {
    if (!isMap(value)) {
      this.out.atValue('ICE1101', path, `A node is a map, and this is ${describeValue(value)}`, {
        help:
          typeof value === 'string'
            ? `Write \`- id: ${value.split(/\W/)[0] || 'name'}\` and its fields below.`
            : 'Write `- id: …` and its fields below.',
      });
      return undefined;
    }
    const type = this.typeOf(value, path);
    if (type === undefined) return this.opaque(value, path);
    const outer = this.type;
    this.type = type;
    const read = this.object(
      fieldsOf(type),
      this.asked(type, type === value['type'] ? value : { ...value, type }, path),
      path,
      {
        place: { kind: 'node', type },
        what: `${typeWithArticle(type)} node`,
      },
    );
    this.type = outer;
    const node = read.value;
    for (const name of read.broken) {
      if (name in STAND_INS && node[name] === undefined) node[name] = STAND_INS[name];
      // The lists of a condition; an object with a `then` of its own could be taken for a promise.
      else if ((name === 'then' || name === 'else') && node[name] === undefined) node[name] = [];
    }
    node['id'] = this.idOf(node['id'] ?? value['id'], path, read.broken);
    this.paths.set(node, path);
    if (read.broken.size > 0) this.broken.set(node, read.broken);
    return node as unknown as BlueprintNode;
  }

  /** `if` in a condition that has no `expression` is what it asks. */
  private asked(type: NodeType, value: Fields, path: Path): Fields {
    if (type !== 'condition' || typeof value['if'] !== 'string') return value;
    if (Object.keys(value).some((key) => key !== 'if' && isExpression(key))) return value;
    this.out.atKey(
      'ICE1117',
      [...path, 'if'],
      'A `condition` node asks with `expression`; `if` says whether it runs at all',
      {
        help: 'Write `expression`.',
        fix: renameKey(this.out.source, [...path, 'if'], 'expression', true),
      },
    );
    this.out.source.rename([...path, 'expression'], 'if');
    const { if: expression, ...others } = value;
    return { ...others, expression };
  }

  /** A node of which only the id, `if` and `needs` can be used. */
  private opaque(value: Fields, path: Path): BlueprintNode {
    const node: Fields = { type: 'opaque', id: this.idOf(value['id'], path, new Set(), true) };
    if (typeof value['if'] === 'string') node['if'] = value['if'];
    const needs = value['needs'];
    if (Array.isArray(needs) && needs.every((each) => typeof each === 'string')) node['needs'] = needs;
    this.paths.set(node, path);
    return node as unknown as BlueprintNode;
  }

  private idOf(id: unknown, path: Path, broken: Set<string>, report = false): string {
    if (typeof id === 'string') return id;
    if (report && id === undefined) {
      this.out.atKey('ICE1102', path, 'A node needs the field `id`', {
        help: 'Add `id:` with a name for it.',
      });
    }
    broken.add('id');
    return '';
  }

  /** The type of a node, also where it has to be guessed; undefined when it can't be. */
  private typeOf(node: Fields, path: Path): NodeType | undefined {
    const written = node['type'];
    if (typeof written === 'string' && Object.hasOwn(NODE_SCHEMAS, written)) return written as NodeType;
    const at = [...path, 'type'];
    if (written === undefined) {
      const told = TELLING_FIELDS.find(([field]) => Object.hasOwn(node, field))?.[1] as NodeType | undefined;
      const alias = ['kind', 'uses'].find(
        (field) => typeof node[field] === 'string' && Object.hasOwn(NODE_SCHEMAS, node[field] as string),
      );
      const guess = alias ? (node[alias] as NodeType) : told;
      if (alias && renameOf({ kind: 'node', type: '' }, alias)?.to === 'type') return guess;
      this.out.atKey('ICE1102', path, 'A node needs the field `type`', {
        help: guess
          ? `By its fields it is a \`${guess}\` node: add \`type: ${guess}\`.`
          : `It is one of ${NODE_TYPES.join(', ')}.`,
        fix: guess ? this.insertType(node, path, guess) : undefined,
      });
      return guess;
    }
    if (typeof written !== 'string') {
      this.out.atValue('ICE1104', at, `\`type\` must be a text, and is ${describeValue(written)}`, {
        help: `It is one of ${NODE_TYPES.join(', ')}.`,
      });
      return undefined;
    }
    if (LATER_TYPES.includes(written)) {
      this.out.atValue('ICE1107', at, `This version has no \`${written}\` nodes yet`, {
        help: `It has ${NODE_TYPES.join(', ')}.`,
      });
      return undefined;
    }
    const word = TYPE_WORDS[written] ?? TYPE_WORDS[written.toLowerCase()];
    const near = word ?? suggest(written, NODE_TYPES);
    this.out.atValue('ICE1106', at, `There is no node type '${written.slice(0, 60)}'`, {
      help: near
        ? `Did you mean '${near}'? There are ${NODE_TYPES.join(', ')}.`
        : `There are ${NODE_TYPES.join(', ')}.`,
      fix: near
        ? replaceValue(this.out.source, at, near, `Write ${near}`, sameName(written, near))
        : undefined,
    });
    // A word of another language says what is meant, yet the fields may differ: only a slip of the pen is read on.
    return word === undefined ? (near as NodeType | undefined) : undefined;
  }

  private insertType(node: Fields, path: Path, type: string) {
    const first = Object.keys(node)[0];
    if (first === undefined || this.out.source.shared([...path, first])) return undefined;
    const { start } = this.out.source.keySpan([...path, first]);
    const { text } = this.out.source;
    const line = text.lastIndexOf('\n', start - 1) + 1;
    const before = text.slice(line, start);
    // On a line of its own the node's fields are indented as its first one; inside braces a comma does it.
    const block = /^[ \t-]*$/.test(before);
    const insert = block ? `type: ${type}\n${' '.repeat(before.length)}` : `type: ${type}, `;
    return { title: `Add type: ${type}`, safe: true, edits: [{ start, end: start, text: insert }] };
  }
}

const isExpression = (key: string): boolean =>
  key === 'expression' || renameOf({ kind: 'node', type: 'condition' }, key)?.to === 'expression';

/** Ids of a list and of what encloses it; checks their form and that none hides another. */
export function checkIds(out: Collector, walk: NodeWalk, nodes: BlueprintNode[]): void {
  checkList(out, walk, nodes, new Map());
}

function checkList(
  out: Collector,
  walk: NodeWalk,
  nodes: BlueprintNode[],
  enclosing: Map<string, Path>,
): void {
  const own = new Map<string, Path>();
  for (const node of nodes) {
    if (walk.broken.get(node)?.has('id')) continue;
    const at = [...(walk.paths.get(node) ?? []), 'id'];
    node.id = checkId(out, node.id, at, 'node id');
    const before = own.get(node.id);
    const outer = enclosing.get(node.id);
    if (before) {
      out.atValue('ICE1109', at, `There are two nodes '${node.id}' in this list`, {
        help: 'Give one of them another id; expressions read a node by its id.',
        related: [out.related(before, 'The other one')],
      });
    } else if (outer) {
      out.atValue(
        'ICE1111',
        at,
        `'${node.id}' hides ${outer.at(-1) === 'as' ? 'the item of a loop around it' : 'a node outside of this list'}`,
        {
          help: 'Give it an id that nothing around it has.',
          related: [out.related(outer, 'The name is given here')],
        },
      );
    }
    if (!before) own.set(node.id, at);
  }
  const visible = new Map([...enclosing, ...own]);
  for (const node of nodes) {
    const path = walk.paths.get(node) ?? [];
    if (node.type === 'condition') {
      checkList(out, walk, node.then, visible);
      checkList(out, walk, node.else, visible);
    } else if (node.type === 'parallel') {
      for (const list of Object.values(node.branches)) checkList(out, walk, list, visible);
    } else if (node.type === 'loop') {
      checkList(
        out,
        walk,
        node.body,
        new Map([...visible, [loopItem(out, node, path, visible), [...path, 'as']]]),
      );
    }
  }
}

function loopItem(
  out: Collector,
  node: Extract<BlueprintNode, { type: 'loop' }>,
  path: Path,
  visible: Map<string, Path>,
): string {
  const at = [...path, 'as'];
  const written = out.source.has(at);
  if (written) node.as = checkId(out, node.as, at, 'item name');
  const outer = visible.get(node.as);
  if (outer) {
    const message = `The item of this loop is called '${node.as}', as ${outer.at(-1) === 'as' ? 'that of the loop around it' : 'a node outside'}`;
    const extra = {
      help: written ? 'Give it another name.' : 'Name it, as `as: row`.',
      related: [
        out.related(
          outer.at(-1) === 'as' && !out.source.has(outer) ? outer.slice(0, -1) : outer,
          'The name is taken here',
          out.source.has(outer) ? 'value' : 'key',
        ),
      ],
    };
    if (written) out.atValue('ICE1111', at, message, extra);
    else out.atKey('ICE1111', path, message, extra);
  }
  return node.as;
}
