import type { Blueprint, BlueprintNode } from '../../contracts/blueprint.ts';
import { durationMs } from '../../contracts/durations.ts';
import { IceError } from '../../contracts/errors.ts';
import type { Json, JsonSchema } from '../../contracts/json.ts';
import type {
  EffectConfig,
  Plan,
  PlanComponent,
  PlanNode,
  PlanRetry,
  SubPlan,
} from '../../contracts/plan.ts';
import { checkDocument } from '../check/check-document.ts';
import type { Graph } from '../graph/graph.ts';
import { type Catalog, type CatalogEntry, type NodeReference, referencesIn } from '../references/catalog.ts';
import { MAX_NESTING } from '../references/check-nesting.ts';
import { agentOf, agentWorkflow, type CallContext } from './agent.ts';
import { addComponent } from './components.ts';
import { PLAN_DEFAULTS } from './defaults.ts';
import { inputSchemaOf, writeOnlyInputs } from './input-schema.ts';

/** Workflows inside workflows, and agents that agents call; recursion is refused before this is reached. */
const MAX_WORKFLOWS = 500;

interface Context extends CallContext {
  workflows: Record<string, SubPlan>;
}

/** A context with nothing in it yet; `within` are the `kind/name` of what is being compiled, outermost first. */
export function contextOf(catalog: Catalog, within: string[]): Context {
  const components: Record<string, PlanComponent> = {};
  const workflows: Record<string, SubPlan> = {};
  const context: Context = {
    catalog,
    components,
    workflows,
    callee(entry) {
      if (workflows[entry.digest]) return;
      if (Object.keys(workflows).length >= MAX_WORKFLOWS)
        throw new IceError(
          'validation_failed',
          `The plan has more than ${MAX_WORKFLOWS} workflows and agents`,
        );
      const key = `${entry.manifest.kind}/${entry.manifest.name}`;
      // The check of a document finds this at its place; an agent that is run by itself was not checked.
      if (within.includes(key) || within.length > MAX_NESTING)
        throw new IceError('validation_failed', `${within.join(' -> ')} -> ${key} does not end`, {
          hint: `Nothing may call itself, and ${MAX_NESTING} levels are the most. Take ${key} out of the tools of ${within.at(-1)}.`,
        });
      within.push(key);
      workflows[entry.digest] = subPlanOf(entry, context);
      within.pop();
    },
  };
  return context;
}

function subPlanOf(entry: CatalogEntry, context: Context): SubPlan {
  if (entry.manifest.kind === 'agent') return agentWorkflow(entry, context);
  if (!entry.blueprint)
    throw new IceError('internal', `The catalog has no document of ${entry.manifest.name}`);
  return compileOne({ ...entry.blueprint, version: entry.version }, entry.digest, context);
}

/**
 * Compiles a blueprint whose references the catalog answers. `digest` is the workflow component's. Fails with
 * `validation_failed` and the diagnostics in `details` when the blueprint, or a workflow that it runs, is not valid.
 */
export function compilePlan(blueprint: Blueprint, digest: string, catalog: Catalog): Plan {
  const context = contextOf(catalog, [`workflow/${blueprint.name}`]);
  const sub = compileOne(blueprint, digest, context);
  return {
    ...sub,
    concurrency: blueprint.concurrency ?? PLAN_DEFAULTS.concurrency,
    components: context.components,
    workflows: context.workflows,
  };
}

function compileOne(blueprint: Blueprint, digest: string, context: Context): SubPlan {
  const checked = checkDocument(blueprint, context.catalog);
  const errors = checked.diagnostics.filter((each) => each.severity === 'error');
  if (errors.length > 0 || !checked.draft || !checked.graph) {
    const [first] = errors;
    const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
    throw new IceError(
      'validation_failed',
      `The workflow ${blueprint.name} is not valid: ${first?.message ?? 'it cannot be read'}${more}`,
      { hint: first?.help, details: { diagnostics: checked.diagnostics } },
    );
  }
  const document = checked.draft.blueprint;
  return {
    plan: 1,
    name: document.name,
    version: document.version,
    digest,
    inputs: inputSchemaOf(document),
    writeOnly: writeOnlyInputs(document),
    nodes: compileList(document.nodes, checked.graph, context),
    outputs: document.outputs,
    ...(document.deadline === undefined ? {} : { deadlineMs: durationMs(document.deadline)! }),
    ...(document.maxCost === undefined ? {} : { maxCost: document.maxCost }),
  };
}

const compileList = (nodes: BlueprintNode[], graph: Graph, context: Context): PlanNode[] =>
  nodes.map((node) => compileNode(node, graph, context));

function compileNode(node: BlueprintNode, graph: Graph, context: Context): PlanNode {
  const info = graph.of(node);
  const base = {
    id: node.id,
    after: info.scope.inOrder(info.after),
    reads: [...info.reads].sort(),
    ...(node.if === undefined || node.if === true ? {} : { if: node.if as Json }),
    ...(node.retry === undefined ? {} : { retry: retryOf(node.retry) }),
    ...(node.timeout === undefined ? {} : { timeoutMs: durationMs(node.timeout)! }),
    ...(node.onError === undefined ? {} : { onError: node.onError as PlanNode['onError'] }),
    ...cacheOf(node.cache),
    maxCrashes: node.maxCrashes ?? PLAN_DEFAULTS.maxCrashes,
    ...('output' in node && node.output !== undefined ? { output: node.output as JsonSchema } : {}),
  };
  switch (node.type) {
    case 'tool': {
      const component = register(referencesIn(node)[0]!, context).digest;
      return { ...base, type: 'tool', args: node.args, config: { component } };
    }
    case 'code':
      return { ...base, type: 'code', args: node.args, config: { code: node.code } };
    case 'agent': {
      const references = referencesIn(node);
      const named = references.find((each) => each.keys[0] === 'agent');
      const entry = named && register(named, context);
      return { ...base, ...agentOf(node, entry, context) };
    }
    case 'llm':
      return { ...base, type: 'llm', args: modelArgs(node), config: modelConfig(node) };
    case 'set':
      return { ...base, type: 'set', values: node.values };
    case 'condition':
      return {
        ...base,
        type: 'condition',
        expression: node.expression,
        then: compileList(node.then, graph, context),
        else: compileList(node.else, graph, context),
      };
    case 'loop':
      return {
        ...base,
        type: 'loop',
        items: node.items,
        as: node.as,
        body: compileList(node.body, graph, context),
        concurrency: node.concurrency ?? PLAN_DEFAULTS.loopConcurrency,
        ...(node.result === undefined ? {} : { result: node.result }),
        onItemError: node.onItemError ?? 'fail',
      };
    case 'parallel': {
      const names = Object.keys(node.branches);
      const wait = node.wait === 'any' ? 1 : node.wait === 'all' ? undefined : node.wait;
      return {
        ...base,
        type: 'parallel',
        branches: Object.fromEntries(
          Object.entries(node.branches).map(([name, list]) => [name, compileList(list, graph, context)]),
        ),
        concurrency: node.concurrency ?? Math.max(1, names.length),
        ...(wait === undefined ? {} : { wait }),
      };
    }
    case 'workflow':
      return { ...base, type: 'workflow', workflow: child(node, context), inputs: node.inputs };
  }
}

function retryOf(retry: NonNullable<BlueprintNode['retry']>): PlanRetry {
  return {
    maxAttempts: retry.maxAttempts,
    backoff: retry.backoff,
    initialMs: durationMs(retry.initial)!,
    maxMs: durationMs(retry.max)!,
    jitter: retry.jitter,
  };
}

function cacheOf(cache: BlueprintNode['cache']): { cache?: { ttlMs?: number } } {
  if (cache === undefined || cache === false) return {};
  return { cache: cache === true ? {} : { ttlMs: durationMs(cache.ttl)! } };
}

type ModelNode = Extract<BlueprintNode, { type: 'llm' }>;

/** What is templated in a call of a model: `{ system?, prompt? | messages?, script? }`. */
function modelArgs(node: ModelNode): Json {
  const args: { [key: string]: Json } = {};
  if (node.system !== undefined) args['system'] = node.system;
  if (node.prompt !== undefined) args['prompt'] = node.prompt;
  if (node.messages !== undefined) args['messages'] = node.messages as Json;
  if (node.script !== undefined) args['script'] = node.script;
  return args;
}

function modelConfig(node: ModelNode): EffectConfig {
  return {
    model: node.model,
    ...(node.fallback === undefined ? {} : { fallback: node.fallback }),
    ...(node.temperature === undefined ? {} : { temperature: node.temperature }),
    ...(node.maxTokens === undefined ? {} : { maxTokens: node.maxTokens }),
  };
}

/** Puts a component among those of the plan, and gives its digest. The check has found it before. */
function register(each: NodeReference, context: Context): CatalogEntry {
  const entry = each.ref && context.catalog.resolve(each.ref);
  if (!entry)
    throw new IceError(
      'internal',
      `The ${each.kind} ${each.text} was resolved when it was checked, and is not now`,
    );
  addComponent(context.components, entry);
  return entry;
}

function child(node: Extract<BlueprintNode, { type: 'workflow' }>, context: Context): string {
  const entry = register(referencesIn(node)[0]!, context);
  context.callee(entry);
  return entry.digest;
}
