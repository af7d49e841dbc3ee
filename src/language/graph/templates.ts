import type { Blueprint, BlueprintNode } from '../../contracts/blueprint.ts';
import type { Json } from '../../contracts/json.ts';
import { type ParsedTemplate, parseTemplate } from '../expressions/template.ts';
import type { Path } from '../source/path.ts';

/** What a template is for: its place decides what type it must have and what it sees. */
export type Role =
  | 'if'
  | 'args'
  | 'values'
  | 'prompt'
  | 'agentInput'
  | 'thread'
  | 'condition'
  | 'items'
  | 'inputs'
  | 'result'
  | 'onError'
  | 'output';

export interface FieldTemplate {
  role: Role;
  /** The keys from the node (or the blueprint) to the value. */
  keys: Path;
  value: Json;
  parsed: ParsedTemplate;
}

/** The templates of nodes, each parsed once for all phases. */
export class Templates {
  private readonly known = new WeakMap<object, FieldTemplate[]>();

  of(node: BlueprintNode): FieldTemplate[] {
    let fields = this.known.get(node);
    if (fields === undefined) {
      fields = valuesOf(node).map(([role, keys, value]) => ({
        role,
        keys,
        value,
        parsed: parseTemplate(value),
      }));
      this.known.set(node, fields);
    }
    return fields;
  }

  outputs(blueprint: Blueprint): FieldTemplate[] {
    let fields = this.known.get(blueprint);
    if (fields === undefined) {
      fields = Object.entries(blueprint.outputs).map(([name, value]) => ({
        role: 'output',
        keys: ['outputs', name],
        value,
        parsed: parseTemplate(value),
      }));
      this.known.set(blueprint, fields);
    }
    return fields;
  }
}

function valuesOf(node: BlueprintNode): [Role, Path, Json][] {
  const values: [Role, Path, Json][] = [];
  const add = (role: Role, value: Json | undefined, ...keys: Path) => {
    if (value !== undefined) values.push([role, keys, value]);
  };
  if (typeof node.if === 'string') add('if', node.if, 'if');
  if (typeof node.onError === 'object') add('onError', node.onError.value, 'onError', 'value');
  switch (node.type) {
    case 'tool':
    case 'code':
      add('args', node.args, 'args');
      break;
    case 'agent':
      add('prompt', node.system, 'system');
      add('agentInput', node.input, 'input');
      add('prompt', node.script, 'script');
      if (typeof node.memory === 'object') add('thread', node.memory.thread, 'memory', 'thread');
      break;
    case 'set':
      add('values', node.values, 'values');
      break;
    case 'llm':
      add('prompt', node.system, 'system');
      add('prompt', node.prompt, 'prompt');
      for (const [index, message] of (node.messages ?? []).entries()) {
        add('prompt', message.content, 'messages', index, 'content');
      }
      add('prompt', node.script, 'script');
      break;
    case 'condition':
      add('condition', node.expression, 'expression');
      break;
    case 'loop':
      add('items', node.items, 'items');
      add('result', node.result, 'result');
      break;
    case 'workflow':
      add('inputs', node.inputs, 'inputs');
      break;
    default:
      break;
  }
  return values;
}
