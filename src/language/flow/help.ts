import type { BlueprintNode } from '../../contracts/blueprint.ts';
import type { JsonSchema } from '../../contracts/json.ts';
import { canBe } from '../expressions/kinds.ts';
import type { Template } from '../expressions/template.ts';
import type { Graph } from '../graph/graph.ts';
import type { Scope } from '../graph/scope.ts';
import { itemType, withoutNull } from '../types/index.ts';
import { objectShape } from './value-checker.ts';

/** What to write instead of something that a loop can't go over. */
export function loopHelp(type: JsonSchema, template: Template): string {
  const text = template.kind === 'single' ? template.part.expression.source.trim() : 'x';
  const shape = objectShape(withoutNull(type));
  if (shape) {
    const lists = [...shape.properties]
      .filter(([, property]) => itemType(property).fits && canBe(property, 'array', true))
      // A list of objects is what one loops over most.
      .sort(
        ([, a], [, b]) =>
          Number(canBe(itemType(b).type, 'object')) - Number(canBe(itemType(a).type, 'object')),
      )
      .slice(0, 3)
      .map(([name]) => `{{ ${text}.${name} }}`);
    if (lists.length > 0) return `Did you mean ${lists.join(' or ')}?`;
    return `For the fields of an object, write {{ ${text}.map(key, {'key': key, 'value': ${text}[key]}) }}.`;
  }
  if (canBe(type, 'number', true)) return `For ${text} rounds, write {{ range(${text}) }}.`;
  if (canBe(type, 'string', true)) return `Split the text: {{ ${text}.split(',') }}.`;
  return 'Give it a list.';
}

/** How a nested node's result is reached from outside. */
export function reachHelp(
  hidden: BlueprintNode,
  owner: BlueprintNode,
  reach: BlueprintNode,
  graph: Graph,
  from: Scope,
): string {
  // Another list of a container that the reader stands in, too.
  if (from.owners().includes(owner))
    return `The lists of '${owner.id}' can't read each other. Move '${hidden.id}' before '${owner.id}', or read it after it.`;
  if (owner !== reach) return `Only the result of '${reach.id}' can be read from here.`;
  switch (owner.type) {
    case 'loop':
      return owner.result === undefined
        ? `Its results, one an item, are {{ ${owner.id}.map(x, x.${hidden.id}) }}.`
        : `Only the \`result\` of '${owner.id}' can be read: add '${hidden.id}' to it, then write {{ ${owner.id}.map(x, x.${hidden.id}) }}.`;
    case 'condition': {
      const list = owner.then.includes(hidden) ? 'then' : 'else';
      return `Write {{ ${owner.id}.?${list}.?${hidden.id} }}; it is null when the other list ran.`;
    }
    case 'parallel': {
      const name = Object.entries(owner.branches).find(([, nodes]) => nodes.includes(hidden))?.[0];
      return `Write {{ ${owner.id}.${name}.${hidden.id} }}.`;
    }
    default:
      return `Read it through '${graph.of(hidden).scope.owner?.id}'.`;
  }
}
