import type { BlueprintNode } from '../../contracts/blueprint.ts';

/** The names that one list of nodes can see: its own nodes, the variables of the loop around it, and what encloses it. */
export class Scope {
  readonly parent: Scope | undefined;
  /** The container that holds the list; undefined at the top. */
  readonly owner: BlueprintNode | undefined;
  readonly nodes = new Map<string, BlueprintNode>();
  readonly variables: ReadonlySet<string>;

  constructor(
    nodes: BlueprintNode[],
    parent?: Scope,
    owner?: BlueprintNode,
    variables: Iterable<string> = [],
  ) {
    this.parent = parent;
    this.owner = owner;
    this.variables = new Set(variables);
    for (const node of nodes) if (!this.nodes.has(node.id)) this.nodes.set(node.id, node);
  }

  /** The scope that holds the node of this id, from here outwards. */
  find(id: string): Scope | undefined {
    for (let scope: Scope | undefined = this; scope; scope = scope.parent) {
      if (scope.variables.has(id)) return undefined;
      if (scope.nodes.has(id)) return scope;
    }
    return undefined;
  }

  isVariable(name: string): boolean {
    for (let scope: Scope | undefined = this; scope; scope = scope.parent) {
      if (scope.variables.has(name)) return true;
      if (scope.nodes.has(name)) return false;
    }
    return false;
  }

  /** The nodes around this list, the nearest first. */
  owners(): BlueprintNode[] {
    const owners: BlueprintNode[] = [];
    for (let scope: Scope | undefined = this; scope; scope = scope.parent)
      if (scope.owner) owners.push(scope.owner);
    return owners;
  }

  /** Every node id in sight. */
  ids(): string[] {
    const ids: string[] = [];
    for (let scope: Scope | undefined = this; scope; scope = scope.parent) ids.push(...scope.nodes.keys());
    return ids;
  }
}
