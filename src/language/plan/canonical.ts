import type { Blueprint } from '../../contracts/blueprint.ts';
import type { Json } from '../../contracts/json.ts';

/**
 * The document of a workflow that is its content: without version, description, `$schema` and what is at its default
 * on the top level. Its RFC 8785 form is the `entry` of the component, so two documents that mean the same and differ
 * only in layout, order of keys or comments are one.
 */
export function canonicalBlueprint(blueprint: Blueprint): Json {
  const { $schema: _schema, version: _version, description: _description, ...content } = blueprint;
  // A clone without undefined fields: canonical JSON has none.
  return JSON.parse(JSON.stringify(content)) as Json;
}
