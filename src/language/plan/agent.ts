import type { BlueprintNode } from '../../contracts/blueprint.ts';
import { IceError } from '../../contracts/errors.ts';
import type { Json, JsonSchema } from '../../contracts/json.ts';
import type { AgentDocument } from '../../contracts/nodes/agent.ts';
import type { EffectNode, PlanComponent, SubPlan } from '../../contracts/plan.ts';
import { type Catalog, type CatalogEntry, toolsIn } from '../references/catalog.ts';
import { nodeIdOf } from './component-node.ts';
import { addComponent } from './components.ts';
import { PLAN_DEFAULTS } from './defaults.ts';

/** What a plan is compiled into; `callee` takes in a workflow or an agent that an agent may call. */
export interface CallContext {
  catalog: Catalog;
  components: Record<string, PlanComponent>;
  callee(entry: CatalogEntry): void;
}

type AgentNode = Extract<BlueprintNode, { type: 'agent' }>;
/** The fields that a node and an agent's own document share; the node's win. */
type AgentFields = Partial<Omit<AgentNode, 'id' | 'type' | 'agent' | 'input'>>;

/**
 * An agent as the engine runs it. Templated are `{ input, system?, script?, thread? }`, as they stand in the node; a
 * component's own fields fill what the node leaves out, and hold no expressions of the caller.
 */
export function agentOf(
  node: AgentFields & { input: Json },
  entry: CatalogEntry | undefined,
  context: CallContext,
): Pick<EffectNode, 'args' | 'config' | 'output'> & { type: 'agent' } {
  const own: Partial<AgentDocument> = entry?.agent ?? {};
  const fields: AgentFields = { ...own, ...defined(node) } as AgentFields;
  const memory = fields.memory;
  const args: { [key: string]: Json } = { input: node.input };
  if (fields.system !== undefined) args['system'] = fields.system;
  if (fields.script !== undefined) args['script'] = fields.script;
  if (typeof memory === 'object') args['thread'] = memory.thread;
  const tools = toolsOf(fields.tools ?? [], context);
  return {
    type: 'agent',
    args,
    config: {
      ...(entry === undefined ? {} : { component: entry.digest }),
      model: fields.model,
      ...(fields.fallback === undefined ? {} : { fallback: fields.fallback }),
      ...(fields.temperature === undefined ? {} : { temperature: fields.temperature }),
      ...(fields.maxTokens === undefined ? {} : { maxTokens: fields.maxTokens }),
      ...(fields.maxSteps === undefined ? {} : { maxSteps: fields.maxSteps }),
      ...(fields.maxCost === undefined ? {} : { maxCost: fields.maxCost }),
      ...(memory === undefined ? {} : { memory: memory === 'run' ? 'run' : 'thread' }),
      ...(Object.keys(tools).length === 0 ? {} : { tools }),
    },
    ...(fields.output === undefined ? {} : { output: fields.output as JsonSchema }),
  };
}

/** Name of each tool, workflow and agent that it may call -> digest of the component. */
function toolsOf(refs: string[], context: CallContext): Record<string, string> {
  const tools: Record<string, string> = {};
  for (const { text, kind, ref } of toolsIn({ tools: refs })) {
    const entry = ref && context.catalog.resolve(ref);
    if (!entry) {
      throw new IceError('validation_failed', `There is no ${kind} '${text}' for the agent`, {
        hint: `Push the ${kind}, or correct its name and range in \`tools\`.`,
      });
    }
    addComponent(context.components, entry);
    if (entry.manifest.kind !== 'tool') context.callee(entry);
    const { name } = entry.manifest;
    const free = [name, `${kind}/${name}`, `${kind}/${name}@${entry.version}`].find(
      (each) => tools[each] === undefined || tools[each] === entry.digest,
    );
    tools[free ?? text] = entry.digest;
  }
  return tools;
}

/** An agent as a workflow of one node: what calls it is given its answer, without the bookkeeping. */
export function agentWorkflow(entry: CatalogEntry, context: CallContext): SubPlan {
  const { manifest } = entry;
  const id = nodeIdOf(manifest.name);
  const agent = agentOf({ input: '{{ inputs.input }}' }, entry, context);
  return {
    plan: 1,
    name: manifest.name,
    version: entry.version,
    digest: entry.digest,
    inputs: manifest.input,
    writeOnly: [],
    nodes: [{ id, after: [], reads: [], maxCrashes: PLAN_DEFAULTS.maxCrashes, ...agent }],
    outputs: {
      text: `{{ ${id}.text }}`,
      ...(agent.output === undefined ? {} : { object: `{{ ${id}.object }}` }),
    },
  };
}

function defined<T extends object>(object: T): Partial<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Partial<T>;
}
