import { modelNames, type Plan, type PlanNode, type SubPlan } from '../../contracts/plan.ts';
import type { OutlineNode } from '../../contracts/runs.ts';

/** Nodes that an outline has at most: a workflow that many nodes run is drawn at each of them. */
const MAX_OUTLINE = 20_000;

/** What a run is made of, for views that show nodes before they start; child workflows are drawn where they run. */
export function outlineOf(plan: Plan): OutlineNode[] {
  let left = MAX_OUTLINE;
  const list = (nodes: PlanNode[]): OutlineNode[] => {
    const outline: OutlineNode[] = [];
    for (const node of nodes) {
      if (left-- <= 0) break;
      outline.push(draw(node));
    }
    return outline;
  };
  const draw = (node: PlanNode): OutlineNode => {
    const label = labelOf(node, plan);
    const lists = listsOf(node, plan);
    return {
      id: node.id,
      type: node.type,
      ...(label === undefined ? {} : { label }),
      ...(node.after.length === 0 ? {} : { after: node.after }),
      ...(lists.length === 0
        ? {}
        : { lists: Object.fromEntries(lists.map(([name, nodes]) => [name, list(nodes)])) }),
    };
  };
  return list(plan.nodes);
}

function labelOf(node: PlanNode, plan: Plan): string | undefined {
  switch (node.type) {
    case 'tool':
    case 'agent':
    case 'llm':
    case 'code': {
      const component = node.config.component ? plan.components[node.config.component] : undefined;
      return component?.ref ?? node.config.model;
    }
    case 'workflow':
      return plan.components[node.workflow]?.ref ?? plan.workflows[node.workflow]?.name;
    default:
      return undefined;
  }
}

function listsOf(node: PlanNode, plan: Plan): [string, PlanNode[]][] {
  switch (node.type) {
    case 'condition':
      return [
        ['then', node.then] as [string, PlanNode[]],
        ['else', node.else] as [string, PlanNode[]],
      ].filter(([, nodes]) => nodes.length > 0);
    case 'loop':
      return [['body', node.body]];
    case 'parallel':
      return Object.entries(node.branches);
    // What it may call, under the names that its model writes.
    case 'agent':
      return [...modelNames(node.config.tools ?? {})].flatMap(([name, digest]) => {
        const callee: SubPlan | undefined = plan.workflows[digest];
        return callee ? [[name, callee.nodes] as [string, PlanNode[]]] : [];
      });
    case 'workflow': {
      const child: SubPlan | undefined = plan.workflows[node.workflow];
      return child ? [['nodes', child.nodes]] : [];
    }
    default:
      return [];
  }
}
