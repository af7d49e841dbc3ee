import type { Plan, PlanNode } from '../../contracts/plan.ts';

/** What a plan can't do without: each is met by any one of `names`. */
export interface NeededSecret {
  names: readonly string[];
  /** What needs it: `price@1.0.0`, or a model. */
  by: string;
}

/**
 * The secrets that the components of a plan declare, and the keys of its models. `keysOf` names the keys of a model's
 * provider; undefined when it needs none. A model with a fallback needs the key of one of them only.
 */
export function neededSecrets(
  plan: Plan,
  keysOf: (model: string) => readonly string[] | undefined,
): NeededSecret[] {
  const needed: NeededSecret[] = [];
  for (const { ref, manifest } of Object.values(plan.components))
    for (const name of manifest.permissions.secrets) needed.push({ names: [name], by: ref });
  for (const models of modelsOf(plan)) {
    const keys = models.map(keysOf);
    if (keys.every((names) => names !== undefined)) needed.push({ names: keys.flat(), by: models[0]! });
  }
  return needed;
}

/** The models of each node that calls one, its fallbacks after it; each list once. */
export function modelsOf(plan: Pick<Plan, 'nodes' | 'workflows'>): string[][] {
  const found = new Map<string, string[]>();
  const visit = (nodes: readonly PlanNode[]): void => {
    for (const node of nodes) {
      if (node.type === 'llm' || node.type === 'agent') {
        const { model, fallback = [] } = node.config;
        if (model !== undefined) found.set([model, ...fallback].join('\n'), [model, ...fallback]);
      } else if (node.type === 'condition') {
        visit(node.then);
        visit(node.else);
      } else if (node.type === 'loop') visit(node.body);
      else if (node.type === 'parallel') Object.values(node.branches).forEach(visit);
    }
  };
  visit(plan.nodes);
  for (const child of Object.values(plan.workflows)) visit(child.nodes);
  return [...found.values()];
}
