import type { BlueprintNode } from '../../contracts/blueprint.ts';

/** The names that one list of nodes can see: its own nodes, the variables of the loop around it, and what encloses it. */
export class Scope {
  readonly parent: Scope | undefined;
  /** The container that holds the list; undefined at the top. */
  readonly owner: BlueprintNode | undefined;
  readonly nodes = new Map<string, BlueprintNode>();
  private readonly places = new Map<string, number>();
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
    for (const [place, node] of nodes.entries()) {
      if (this.nodes.has(node.id)) continue;
      this.nodes.set(node.id, node);
      this.places.set(node.id, place);
    }
  }

  /** The scope that holds the node of this id, from here outwards. */
  find(id: string): Scope | undefined {
    for (let scope: Scope | undefined = this; scope; scope = scope.parent) {
      if (scope.variables.has(id)) return undefined;
      if (scope.nodes.has(id)) return scope;
    }
    return undefined;
  }

  /** Ids of this list in the order of the document. */
  inOrder(ids: Iterable<string>): string[] {
    return [...ids].sort((a, b) => (this.places.get(a) ?? 0) - (this.places.get(b) ?? 0));
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
