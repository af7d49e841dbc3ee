import type { JsonSchema } from '../../contracts/json.ts';
import { RESERVED_IDS } from '../expressions/builtins.ts';
import type { Graph } from '../graph/graph.ts';
import { inputSchemaOf } from '../plan/input-schema.ts';
import type { Draft } from '../shape/draft.ts';

/** What `inputs` is for an expression: defaults are filled in, so only `optional` ones may be absent. */
export function inputsSeen(draft: Draft): JsonSchema {
  if (draft.isBroken(draft.blueprint, 'inputs')) return {};
  const schema = inputSchemaOf(draft.blueprint);
  const names = Object.entries(draft.blueprint.inputs)
    .filter(([, input]) => input['optional'] !== true || Object.hasOwn(input, 'default'))
    .map(([name]) => name);
  return { ...schema, required: names };
}

const RESERVED: ReadonlySet<string> = new Set(RESERVED_IDS);

/** Reserved words that are ids, and parts of ids that are no names: `load-rows` is read as `load - rows`, and was reported where it is given. */
export function excusedNames(graph: Graph): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { node } of graph.infos.values()) {
    if (RESERVED.has(node.id)) names.add(node.id);
    if (/^[A-Za-z][A-Za-z0-9_]{0,63}$/.test(node.id)) continue;
    for (const word of node.id.split(/[^\p{L}\p{N}_]+/u)) if (word !== '') names.add(word);
  }
  return names;
}
