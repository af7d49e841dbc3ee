import type { BlueprintNode } from '../../contracts/blueprint.ts';
import type { JsonSchema } from '../../contracts/json.ts';
import { agentOutputSchema } from '../../contracts/nodes/agent.ts';
import type { CatalogEntry } from '../references/catalog.ts';
import { union } from '../types/index.ts';

const NULL: JsonSchema = { type: 'null' };

/** An object of exactly these fields, all of them there. */
export const closedObject = (
  fields: Iterable<[string, JsonSchema]>,
  optional: readonly string[] = [],
): JsonSchema => {
  const properties = Object.fromEntries(fields);
  return {
    type: 'object',
    properties,
    required: Object.keys(properties).filter((name) => !optional.includes(name)),
    additionalProperties: false,
  };
};

/** `{ id: result }` of a list; null where a node has no value. */
export const resultsById = (
  nodes: readonly BlueprintNode[],
  resultOf: (node: BlueprintNode) => JsonSchema,
  mayLack: (node: BlueprintNode) => boolean,
): JsonSchema =>
  closedObject(nodes.map((node) => [node.id, mayLack(node) ? union(resultOf(node), NULL) : resultOf(node)]));

/** The result of an `llm` node: that of an agent without its steps. */
export function modelResult(output: JsonSchema | undefined): JsonSchema {
  const whole = agentOutputSchema(output) as { properties: Record<string, JsonSchema>; required: string[] };
  const { steps: _steps, ...properties } = whole.properties;
  return {
    type: 'object',
    properties,
    required: whole.required.filter((name) => name !== 'steps'),
    additionalProperties: false,
  };
}

export function agentResult(
  node: Extract<BlueprintNode, { type: 'agent' }>,
  entry: CatalogEntry | undefined,
): JsonSchema {
  if (node.agent !== undefined && entry === undefined) return {};
  const output = node.output ?? entry?.agent?.output;
  if (entry && !entry.agent && node.output === undefined) return entry.manifest.output;
  return { ...(agentOutputSchema(output as JsonSchema | undefined) as object), additionalProperties: false };
}

/** The results of a container, from those of its lists. */
export function conditionResult(then: JsonSchema, otherwise: JsonSchema): JsonSchema {
  return closedObject(
    [
      ['branch', { enum: ['then', 'else'] }],
      ['then', then],
      ['else', otherwise],
    ],
    ['then', 'else'],
  );
}

export function parallelResult(
  node: Extract<BlueprintNode, { type: 'parallel' }>,
  lists: Map<string, JsonSchema>,
): JsonSchema {
  // With `wait: any` or a number, the branches that were cancelled are not in the result.
  const partial = node.wait !== undefined && node.wait !== 'all' && node.wait !== lists.size;
  return closedObject(lists, partial ? [...lists.keys()] : []);
}

export const loopResult = (node: Extract<BlueprintNode, { type: 'loop' }>, item: JsonSchema): JsonSchema => ({
  type: 'array',
  items: node.onItemError === 'continue' ? union(item, NULL) : item,
});
