import type { BlueprintNode } from '../../contracts/blueprint.ts';
import { IceError } from '../../contracts/errors.ts';
import { parseRef } from '../../contracts/ids.ts';
import type { Json, JsonSchema } from '../../contracts/json.ts';
import type { AgentDocument } from '../../contracts/nodes/agent.ts';
import type { EffectNode, PlanComponent } from '../../contracts/plan.ts';
import type { Catalog, CatalogEntry } from '../references/catalog.ts';
import { addComponent } from './components.ts';

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
  catalog: Catalog,
  components: Record<string, PlanComponent>,
): Pick<EffectNode, 'args' | 'config' | 'output'> & { type: 'agent' } {
  const own: Partial<AgentDocument> = entry?.agent ?? {};
  const fields: AgentFields = { ...own, ...defined(node) } as AgentFields;
  const memory = fields.memory;
  const args: { [key: string]: Json } = { input: node.input };
  if (fields.system !== undefined) args['system'] = fields.system;
  if (fields.script !== undefined) args['script'] = fields.script;
  if (typeof memory === 'object') args['thread'] = memory.thread;
  const tools = toolsOf(fields.tools ?? [], catalog, components);
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

/** Name of each tool -> digest of its component. */
function toolsOf(
  refs: string[],
  catalog: Catalog,
  components: Record<string, PlanComponent>,
): Record<string, string> {
  const tools: Record<string, string> = {};
  for (const text of refs) {
    const ref = parseRef(text);
    const entry = ref && catalog.resolve({ ...ref, kind: 'tool' });
    if (!entry) {
      throw new IceError('validation_failed', `There is no tool '${text}' for the agent`, {
        hint: 'Push the tool, or correct its name and range in `tools`.',
      });
    }
    addComponent(components, entry);
    tools[entry.manifest.name] = entry.digest;
  }
  return tools;
}

function defined<T extends object>(object: T): Partial<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Partial<T>;
}
