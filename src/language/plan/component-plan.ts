import type { Json, JsonSchema } from '../../contracts/json.ts';
import type { EffectNode, Plan, SubPlan } from '../../contracts/plan.ts';
import type { CatalogEntry } from '../references/catalog.ts';
import { nodeIdOf } from './component-node.ts';
import { PLAN_DEFAULTS } from './defaults.ts';

/**
 * A component as a workflow of one node, so that it runs, resumes and is shown like any other. Its inputs are the
 * component's; its outputs are the fields of the result where these are known and closed, else one, `result`.
 */
export function componentPlan(
  { manifest, version, digest }: CatalogEntry,
  does: Pick<EffectNode, 'type' | 'args' | 'config' | 'output'>,
  components: Plan['components'],
  workflows: Record<string, SubPlan> = {},
): Plan {
  const id = nodeIdOf(manifest.name);
  return {
    plan: 1,
    name: manifest.name,
    version,
    digest,
    inputs: manifest.input,
    writeOnly: writeOnly(manifest.input),
    nodes: [{ id, after: [], reads: [], maxCrashes: PLAN_DEFAULTS.maxCrashes, ...does }],
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
