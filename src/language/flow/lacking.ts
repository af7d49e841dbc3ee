import type { BlueprintNode } from '../../contracts/blueprint.ts';
import { assume, NO_FACTS, nodeSucceeded } from '../expressions/guards.ts';
import type { Graph } from '../graph/graph.ts';
import type { Templates } from '../graph/templates.ts';

/**
 * Which nodes may end without a value: skipped, or failed and continued. Nodes are noted after those that they read, so
 * that this never has to look further than one step; of a cycle nothing is known.
 */
export class Lacking {
  private readonly graph: Graph;
  private readonly templates: Templates;
  private readonly known = new Map<BlueprintNode, boolean>();

  constructor(graph: Graph, templates: Templates) {
    this.graph = graph;
    this.templates = templates;
  }

  may(node: BlueprintNode): boolean {
    return this.known.get(node) ?? false;
  }

  note(node: BlueprintNode): void {
    const info = this.graph.of(node);
    const lacks =
      (node.if !== undefined && node.if !== true) ||
      node.onError === 'continue' ||
      [...info.reads].some((id) => {
        const other = info.scope.find(id)?.nodes.get(id);
        return other !== undefined && this.may(other) && !this.assured(node, id);
      });
    this.known.set(node, lacks);
  }

  /** Whether a node runs only where a condition around it has asked that another one succeeded: `has(nodes.X)`. */
  private assured(node: BlueprintNode, id: string): boolean {
    let inner = node;
    for (let { owner } = this.graph.of(node).scope; owner; { owner } = this.graph.of(owner).scope) {
      if (owner.type === 'condition') {
        const asked = this.templates.of(owner).find((field) => field.role === 'condition')?.parsed.template;
        if (
          asked?.kind === 'single' &&
          nodeSucceeded(assume(NO_FACTS, asked.part.expression.ast, owner.then.includes(inner)), id)
        )
          return true;
      }
      inner = owner;
    }
    return false;
  }
}
