import type { Blueprint, BlueprintNode } from '../../contracts/blueprint.ts';
import type { Path } from '../source/path.ts';

/**
 * A blueprint as far as it could be read. What is broken is left out and remembered, so that the later phases check
 * the rest and do not report what only follows from it.
 */
export class Draft {
  readonly blueprint: Blueprint;
  private readonly paths: WeakMap<object, Path>;
  private readonly broken: WeakMap<object, Set<string>>;

  constructor(blueprint: Blueprint, paths: WeakMap<object, Path>, broken: WeakMap<object, Set<string>>) {
    this.blueprint = blueprint;
    this.paths = paths;
    this.broken = broken;
  }

  /** Where a node stands in the document. */
  pathOf(node: BlueprintNode): Path {
    return this.paths.get(node) ?? [];
  }

  /** Whether a field of a node, or of the blueprint, was there but could not be read, or is missing. */
  isBroken(node: object, field: string): boolean {
    return this.broken.get(node)?.has(field) ?? false;
  }
}

/** Whether the type of a node is not known; the contract's union does not have such nodes. */
export const isOpaque = (node: BlueprintNode): boolean => (node.type as string) === 'opaque';

/** Every node of a list, each before those that are nested in it. */
export function* everyNode(nodes: readonly BlueprintNode[]): Generator<BlueprintNode> {
  for (const node of nodes) {
    yield node;
    for (const list of nestedLists(node)) yield* everyNode(list.nodes);
  }
}

/** The lists of nodes inside a node, with the keys that lead to them. */
export function nestedLists(node: BlueprintNode): { keys: string[]; nodes: BlueprintNode[] }[] {
  switch (node.type) {
    case 'condition':
      return [
        { keys: ['then'], nodes: node.then },
        { keys: ['else'], nodes: node.else },
      ];
    case 'loop':
      return [{ keys: ['body'], nodes: node.body }];
    case 'parallel':
      return Object.entries(node.branches).map(([name, nodes]) => ({ keys: ['branches', name], nodes }));
    default:
      return [];
  }
}
