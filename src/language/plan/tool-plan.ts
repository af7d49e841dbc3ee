import type { Json, JsonSchema } from '../../contracts/json.ts';
import type { EffectNode, Plan } from '../../contracts/plan.ts';
import { type Catalog, type CatalogEntry, EMPTY_CATALOG } from '../references/catalog.ts';
import { agentOf } from './agent.ts';
import { contextOf } from './compile.ts';
import { nodeIdOf } from './component-node.ts';
import { addComponent } from './components.ts';
import { PLAN_DEFAULTS } from './defaults.ts';

/**
 * A tool or an agent as a workflow of one node, so that it runs, resumes and is shown like any other. Its inputs are
 * the component's (`catalog` answers the tools of an agent); its outputs are the fields of the result where these are known and closed, else one, `result`.
 */
export function toolPlan(entry: CatalogEntry, catalog: Catalog = EMPTY_CATALOG): Plan {
  const { manifest } = entry;
  const id = nodeIdOf(manifest.name);
  const context = contextOf(catalog, [`${manifest.kind}/${manifest.name}`]);
  const { components, workflows } = context;
  addComponent(components, entry);
  const base = { id, after: [], reads: [], maxCrashes: PLAN_DEFAULTS.maxCrashes };
  const node: EffectNode =
    manifest.kind === 'agent'
      ? { ...base, ...agentOf({ input: '{{ inputs.input }}' }, entry, context) }
      : // The inputs as a whole: what the schema leaves open, and what was not given, stays as it is.
        { ...base, type: 'tool', args: '{{ inputs }}', config: { component: entry.digest } };
  return {
    plan: 1,
    name: manifest.name,
    version: entry.version,
    digest: entry.digest,
    inputs: manifest.input,
    writeOnly: writeOnly(manifest.input),
    nodes: [node],
    outputs: outputsOf(manifest.output, id),
    concurrency: PLAN_DEFAULTS.concurrency,
    components,
    workflows,
  };
}

const isObject = (schema: unknown): schema is { [keyword: string]: unknown } =>
  typeof schema === 'object' && schema !== null && !Array.isArray(schema);

function writeOnly(schema: JsonSchema): string[] {
  if (!isObject(schema) || !isObject(schema['properties'])) return [];
  return Object.entries(schema['properties'])
    .filter(([, property]) => isObject(property) && property['writeOnly'] === true)
    .map(([name]) => name);
}

function outputsOf(schema: JsonSchema, id: string): Record<string, Json> {
  const whole = { result: `{{ ${id} }}` };
  if (!isObject(schema) || schema['type'] !== 'object' || !isObject(schema['properties'])) return whole;
  const names = Object.keys(schema['properties']);
  if (names.length === 0 || schema['additionalProperties'] !== false) return whole;
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  return Object.fromEntries(
    names.map((name) => {
      const key = JSON.stringify(name);
      const read = `${id}[${key}]`;
      return [name, required.includes(name) ? `{{ ${read} }}` : `{{ ${key} in ${id} ? ${read} : null }}`];
    }),
  );
}
