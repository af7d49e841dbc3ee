import type { Blueprint } from '../../contracts/blueprint.ts';
import type { JsonSchema } from '../../contracts/json.ts';

/** The inputs of a blueprint as one JSON Schema: each is required unless it has a default or is optional. */
export function inputSchemaOf(blueprint: Pick<Blueprint, 'inputs'>): { [keyword: string]: unknown } {
  const properties: Record<string, JsonSchema> = {};
  const required: string[] = [];
  for (const [name, schema] of Object.entries(blueprint.inputs)) {
    const { optional, ...rest } = schema;
    properties[name] = rest;
    if (optional !== true && !Object.hasOwn(rest, 'default')) required.push(name);
  }
  return {
    type: 'object',
    properties,
    ...(required.length > 0 ? { required } : {}),
    additionalProperties: false,
  };
}

/** Inputs that are shown as ***. */
export const writeOnlyInputs = (blueprint: Pick<Blueprint, 'inputs'>): string[] =>
  Object.entries(blueprint.inputs)
    .filter(([, schema]) => schema['writeOnly'] === true)
    .map(([name]) => name);
