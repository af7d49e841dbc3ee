import type { Json } from '../../src/contracts/json.ts';
import type { EffectConfig, Plan, PlanNode, SubPlan } from '../../src/contracts/plan.ts';
import { parseTemplate } from '../../src/language/expressions/index.ts';

/** A node as tests write it: what the compiler would work out is worked out here. */
export type TestNode = {
  id: string;
  type: PlanNode['type'];
  needs?: string[];
  config?: EffectConfig;
  [field: string]: unknown;
};

export interface TestPlan {
  nodes: TestNode[];
  outputs?: Record<string, Json>;
  inputs?: Plan['inputs'];
  concurrency?: number;
  maxCost?: number;
  deadlineMs?: number;
  workflows?: Record<string, Omit<TestPlan, 'workflows' | 'concurrency'>>;
}

const TEMPLATES = ['if', 'args', 'values', 'expression', 'items', 'result', 'inputs'];

export function planOf(plan: TestPlan): Plan {
  return {
    ...subPlan(plan),
    plan: 1,
    concurrency: plan.concurrency ?? 100,
    components: {},
    workflows: Object.fromEntries(
      Object.entries(plan.workflows ?? {}).map(([name, child]) => [name, subPlan(child)]),
    ),
  };
}

function subPlan(plan: Omit<TestPlan, 'workflows'>): SubPlan & { plan: 1 } {
  return {
    plan: 1,
    name: 'flow',
    version: '1.0.0',
    digest: `sha256:${'a'.repeat(64)}`,
    inputs: plan.inputs ?? { type: 'object' },
    writeOnly: [],
    nodes: list(plan.nodes),
    outputs: plan.outputs ?? {},
    ...(plan.deadlineMs === undefined ? {} : { deadlineMs: plan.deadlineMs }),
    ...(plan.maxCost === undefined ? {} : { maxCost: plan.maxCost }),
  };
}

function list(nodes: TestNode[]): PlanNode[] {
  const ids = new Set(nodes.map((node) => node.id));
  return nodes.map((node) => {
    const own = refsOf(node).filter((ref) => !ref.soft || ids.has(ref.root));
    const nested = nestedOf(node).flatMap(allRefs);
    const needs = node.needs ?? [];
    const { needs: _, ...rest } = node;
    return {
      maxCrashes: 3,
      ...(node.type === 'loop' ? { as: 'item', concurrency: 10, onItemError: 'fail' } : {}),
      ...(node.type === 'parallel' ? { concurrency: 100 } : {}),
      ...(['tool', 'llm', 'agent', 'code'].includes(node.type) ? { args: {}, config: {} } : {}),
      ...rest,
      after: [...new Set([...own.map((ref) => ref.root), ...nested, ...needs])].filter(
        (id) => ids.has(id) && id !== node.id,
      ),
      reads: [...new Set([...own.filter((ref) => !ref.soft).map((ref) => ref.root), ...needs])].filter(
        (id) => !['inputs', 'run', 'index', 'item'].includes(id) && id !== node['as'],
      ),
      ...(node.type === 'condition'
        ? { then: list((node['then'] as TestNode[]) ?? []), else: list((node['else'] as TestNode[]) ?? []) }
        : {}),
      ...(node.type === 'loop' ? { body: list(node['body'] as TestNode[]) } : {}),
      ...(node.type === 'parallel'
        ? {
            branches: Object.fromEntries(
              Object.entries(node['branches'] as Record<string, TestNode[]>).map(([name, nodes]) => [
                name,
                list(nodes),
              ]),
            ),
          }
        : {}),
    } as unknown as PlanNode;
  });
}

/** A loop's `result` is read from inside of its body. */
function refsOf(node: TestNode) {
  const fields = TEMPLATES.filter((field) => field in node && !(node.type === 'loop' && field === 'result'));
  return fields.flatMap((field) => parseTemplate(node[field] as Json).refs);
}

function nestedOf(node: TestNode): TestNode[] {
  return [
    ...((node['then'] as TestNode[]) ?? []),
    ...((node['else'] as TestNode[]) ?? []),
    ...((node['body'] as TestNode[]) ?? []),
    ...Object.values((node['branches'] as Record<string, TestNode[]>) ?? {}).flat(),
  ];
}

function allRefs(node: TestNode): string[] {
  const result = node.type === 'loop' && 'result' in node ? parseTemplate(node['result'] as Json).refs : [];
  return [
    ...[...refsOf(node), ...result].map((ref) => ref.root),
    ...nestedOf(node).flatMap(allRefs),
    ...(node.needs ?? []),
  ];
}
