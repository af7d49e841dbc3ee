import type { Blueprint, BlueprintNode } from '../../contracts/blueprint.ts';
import { nestedLists } from '../shape/draft.ts';
import type { Path } from '../source/path.ts';
import { Scope } from './scope.ts';
import type { FieldTemplate, Templates } from './templates.ts';

/** One place where a node (or the outputs) reads another node. */
export interface Reading {
  /** The node that is read. */
  id: string;
  /** Through `nodes.X`, or guarded by `has(nodes.X)`: the reader isn't skipped with it. */
  soft: boolean;
  /** The node in whose fields it stands; undefined in the outputs. */
  reader: BlueprintNode | undefined;
  /** From the reader's fields to the text, and the characters in it; a `needs` has no characters. */
  keys: Path;
  start?: number;
  end?: number;
}

export interface NodeInfo {
  node: BlueprintNode;
  /** The scope of the list that the node stands in. */
  scope: Scope;
  /** Scopes of its nested lists by their keys joined with `.`. */
  inner: Map<string, Scope>;
  /** What the node itself reads of nodes in its scope, in the order of the text. */
  own: Reading[];
  /** What is read from inside it of nodes around it. */
  nested: Reading[];
  /** Siblings that must have settled before it starts. */
  after: Set<string>;
  /** Nodes of any level that it itself reads or needs, and is skipped with. */
  reads: Set<string>;
}

/** Who reads whom in a blueprint: dependencies are read off the expressions, `needs` adds more. */
export class Graph {
  readonly infos = new Map<BlueprintNode, NodeInfo>();
  readonly top: Scope;
  readonly outputs: Reading[];
  private readonly templates: Templates;

  constructor(blueprint: Blueprint, templates: Templates) {
    this.templates = templates;
    this.top = new Scope(blueprint.nodes);
    this.list(blueprint.nodes, this.top);
    this.outputs = templates.outputs(blueprint).flatMap((field) => this.readings(field, undefined, this.top));
  }

  of(node: BlueprintNode): NodeInfo {
    return this.infos.get(node)!;
  }

  /** Gives what the list reads of nodes outside of it. */
  private list(nodes: BlueprintNode[], scope: Scope): Reading[] {
    const outside: Reading[] = [];
    for (const node of nodes) {
      const info: NodeInfo = {
        node,
        scope,
        inner: new Map(),
        own: [],
        nested: [],
        after: new Set(),
        reads: new Set(),
      };
      this.infos.set(node, info);
      for (const list of nestedLists(node)) {
        const inner = new Scope(list.nodes, scope, node, node.type === 'loop' ? [node.as, 'index'] : []);
        info.inner.set(list.keys.join('.'), inner);
        info.nested.push(...this.list(list.nodes, inner));
      }
      this.ownReadings(node, info);
      for (const reading of info.own) {
        if (!reading.soft && scope.find(reading.id)) info.reads.add(reading.id);
      }
      for (const reading of [...info.own, ...info.nested]) {
        if (scope.nodes.has(reading.id)) {
          if (reading.id !== node.id) info.after.add(reading.id);
        } else outside.push(reading);
      }
    }
    return outside;
  }

  private ownReadings(node: BlueprintNode, info: NodeInfo): void {
    for (const [index, id] of (node.needs ?? []).entries()) {
      if (info.scope.find(id)) info.own.push({ id, soft: false, reader: node, keys: ['needs', index] });
    }
    for (const field of this.templates.of(node)) {
      // The result of a loop is made once an item: it sees the body, and what it reads of it is no dependency.
      const scope = field.role === 'result' ? info.inner.get('body')! : info.scope;
      for (const reading of this.readings(field, node, scope)) {
        if (scope === info.scope || !scope.nodes.has(reading.id)) info.own.push(reading);
      }
    }
  }

  private readings(field: FieldTemplate, reader: BlueprintNode | undefined, scope: Scope): Reading[] {
    const readings: Reading[] = [];
    for (const ref of field.parsed.refs) {
      if (!scope.find(ref.root)) continue;
      readings.push({
        id: ref.root,
        soft: ref.soft,
        reader,
        keys: [...field.keys, ...ref.at],
        start: ref.start,
        end: ref.end,
      });
    }
    return readings;
  }
}
