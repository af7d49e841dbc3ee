import type { Json, JsonObject } from '../../../contracts/json.ts';
import { isMap, type JsonMap } from '../json-pointer.ts';
import { sentence } from '../source-text.ts';
import { later, missing } from './later-node.ts';
import { type OldNode, structured, textOf } from './old-document.ts';
import { schemaOf } from './simple-schema.ts';
import { translateExpression } from './template-expression.ts';
import { type Body, componentName, expression, template, translated, type Writing } from './writing.ts';

/** A node of the old document as one of blueprint 2, without `needs`. */
export function writeNode(node: OldNode, writing: Writing): JsonObject {
  const own = body(node, writing);
  return { id: node.id, ...descriptionOf(node), type: own.type, ...own.fields, ...commonOf(node, writing) };
}

function body(node: OldNode, writing: Writing): Body {
  const { fields } = node;
  switch (node.type) {
    case 'tool':
      return {
        type: 'tool',
        fields: {
          tool: componentName(textOf(fields['tool_name']) ?? node.oldId),
          args: {
            ...mappedArgs(node, writing),
            ...(translated(fields['tool_args'] ?? {}, node, writing) as JsonObject),
          },
          ...outputOf(fields['output_schema']),
        },
      };
    case 'llm':
      return { type: 'llm', fields: llm(node, writing) };
    case 'agent':
      return { type: 'agent', fields: agent(node, writing) };
    case 'condition':
      return {
        type: 'condition',
        fields: {
          expression: expression(textOf(fields['expression']), node, writing, 'false'),
          then: (node.lists['then'] ?? []).map(writing.write),
          ...((node.lists['else'] ?? []).length > 0 ? { else: node.lists['else']!.map(writing.write) } : {}),
        },
      };
    case 'loop':
      return { type: 'loop', fields: loop(node, writing) };
    case 'parallel': {
      const limit = fields['max_concurrency'];
      return {
        type: 'parallel',
        fields: {
          branches: Object.fromEntries(
            Object.entries(node.lists).map(([name, list]) => [name, list.map(writing.write)]),
          ),
          ...(typeof limit === 'number' && limit >= 1 ? { concurrency: Math.floor(limit) } : {}),
        },
      };
    }
    case 'workflow': {
      const overrides = translated(fields['config_overrides'] ?? {}, node, writing) as JsonObject;
      if (isMap(fields['exposed_outputs']) && Object.keys(fields['exposed_outputs']).length > 0)
        writing.lose(node, 'exposed_outputs: the result is all outputs of the workflow');
      return {
        type: 'workflow',
        fields: {
          workflow: componentName(textOf(fields['workflow_ref']) ?? node.oldId),
          inputs: { ...mappedArgs(node, writing), ...overrides },
        },
      };
    }
    case 'code':
      return code(node, writing);
    default:
      return later(node, writing);
  }
}

function llm(node: OldNode, writing: Writing): JsonObject {
  const { fields } = node;
  const config = isMap(fields['llm_config']) ? fields['llm_config'] : {};
  const system = textOf(config['system_prompt'] ?? fields['system_prompt'] ?? config['system']);
  const temperature = fields['temperature'] ?? config['temperature'];
  const most = fields['max_tokens'] ?? config['max_tokens'];
  return {
    model: model(node, config, writing),
    ...(system === undefined ? {} : { system: template(system, node, writing) }),
    prompt: template(textOf(fields['prompt'] ?? fields['prompt_template']) ?? '', node, writing),
    ...(typeof temperature === 'number' ? { temperature } : {}),
    ...(typeof most === 'number' && most >= 1 ? { maxTokens: Math.floor(most) } : {}),
    ...(structured(fields) ? outputOf(fields['output_schema'] ?? fields['json_schema']) : {}),
  };
}

function agent(node: OldNode, writing: Writing): JsonObject {
  const { fields } = node;
  const config = isMap(fields['agent_config']) ? fields['agent_config'] : {};
  const llmConfig = isMap(fields['llm_config'])
    ? fields['llm_config']
    : isMap(config['llm_config'])
      ? config['llm_config']
      : {};
  const system = textOf(
    config['system_prompt'] ??
      config['system'] ??
      config['instructions'] ??
      config['prompt'] ??
      fields['system_prompt'],
  );
  const prompt = textOf(fields['prompt'] ?? fields['input']);
  const tools = (Array.isArray(fields['tools']) ? fields['tools'] : []).flatMap((tool) => {
    const name = typeof tool === 'string' ? tool : isMap(tool) ? textOf(tool['name']) : undefined;
    return name === undefined ? [] : [componentName(name)];
  });
  const inline = system !== undefined || prompt !== undefined || tools.length > 0;
  const most = fields['max_iterations'] ?? config['max_iterations'];
  const reference = textOf(fields['package']);
  if (inline && reference !== undefined && reference !== node.oldId)
    writing.lose(
      node,
      `package ${reference}: its code is not part of the document; what the document says of the agent is here`,
    );
  if (fields['memory'] !== undefined && fields['memory'] !== null)
    writing.lose(
      node,
      `memory ${JSON.stringify(fields['memory']).slice(0, 100)}: here the agents of a run share its conversation (memory: run), or those of a thread`,
    );
  return {
    ...(inline || reference === undefined
      ? {
          model: model(node, llmConfig, writing),
          ...(system === undefined ? {} : { system: template(system, node, writing) }),
          ...(tools.length === 0 ? {} : { tools }),
        }
      : { agent: componentName(reference) }),
    input: prompt === undefined ? agentInput(node, writing) : template(prompt, node, writing),
    ...(typeof most === 'number' && most >= 1 ? { maxSteps: Math.min(200, Math.floor(most)) } : {}),
    ...(structured(fields) ? outputOf(fields['output_schema']) : {}),
  };
}

/** An agent without a prompt got everything that there was. */
function agentInput(node: OldNode, writing: Writing): Json {
  const mapped = mappedArgs(node, writing);
  if (Object.keys(mapped).length > 0) return mapped;
  const schema = schemaOf(node.fields['input_schema']);
  const known = schema && isMap(schema['properties']) ? Object.keys(schema['properties']) : [];
  if (known.length === 1 || known.includes('query'))
    return `{{ ${translateExpression(`inputs.${known.includes('query') ? 'query' : known[0]}`, writing.names)} }}`;
  return '{{ inputs }}';
}

function loop(node: OldNode, writing: Writing): JsonObject {
  const { fields } = node;
  const list = node.lists['body'] ?? [];
  const last = list.at(-1);
  const name = textOf(fields['item_var']);
  if (typeof fields['max_iterations'] === 'number')
    writing.lose(node, `max_iterations ${fields['max_iterations']}: a loop runs for all of its items`);
  return {
    items: expression(textOf(fields['items_source'] ?? fields['iterator_path']), node, writing, '[]'),
    ...(name === undefined || name === 'item' ? {} : { as: writing.newId(name) ?? name }),
    // One after the other was the rule, and is not here.
    ...(fields['parallel'] === true ? {} : { concurrency: 1 }),
    body: list.map(writing.write),
    ...(last === undefined ? {} : { result: `{{ ${writing.names.root([last.oldId]).code} }}` }),
  };
}

function code(node: OldNode, writing: Writing): Body {
  const { fields } = node;
  const source = textOf(fields['code']) ?? '';
  const output = outputOf(fields['output_schema']);
  if (fields['language'] === 'javascript' && source !== '') {
    writing.lose(node, 'its code found everything by name: here it reads `args`, and returns its result');
    return { type: 'code', fields: { code: source, args: mappedArgs(node, writing), ...output } };
  }
  writing.lose(
    node,
    `code in ${textOf(fields['language']) ?? 'python'}: write it in JavaScript. It was:\n${source}`,
  );
  return {
    type: 'code',
    fields: { code: missing(node, 'its code has to be written in JavaScript'), ...output },
  };
}

/** `input_mappings`: the result of another node, or a field of it, under a name. */
function mappedArgs(node: OldNode, writing: Writing): JsonObject {
  const { input_mappings: mappings } = node.fields;
  const args: JsonObject = {};
  for (const [name, mapping] of Object.entries(isMap(mappings) ? mappings : {})) {
    const source = isMap(mapping) ? textOf(mapping['source_node_id']) : undefined;
    if (source === undefined) {
      if (typeof mapping === 'string') args[name] = `{{ ${translateExpression(mapping, writing.names)} }}`;
      else args[name] = mapping as Json;
      continue;
    }
    const key = textOf((mapping as JsonMap)['source_output_key']);
    const path = [source, ...(key === undefined || key === '.' ? [] : key.split('.'))];
    const { code: root, taken } = writing.names.root(path);
    args[name] = `{{ ${path.slice(taken).reduce((left, part) => `${left}.${part}`, root)} }}`;
    if (isMap(mapping) && isMap(mapping['rules']) && Object.keys(mapping['rules']).length > 0)
      writing.lose(node, `input_mappings.${name}.rules`);
  }
  return args;
}

/** `openai/gpt-4o`. A model that an input chose is the one that was the default. */
function model(node: OldNode, config: JsonMap, writing: Writing): string {
  const said = textOf(config['model'] ?? node.fields['model']) ?? '';
  const provider = (textOf(config['provider'] ?? node.fields['provider']) ?? 'openai').toLowerCase();
  let name = said;
  if (said.includes('{{')) {
    name = /['"]([\w.:/-]+)['"]/.exec(said)?.[1] ?? 'gpt-4o';
    writing.lose(
      node,
      `a model that an input chooses (${said}): a model is fixed here, as ${provider}/${name}`,
    );
  }
  if (name === '') name = 'gpt-4o';
  return name.includes('/') ? name : `${provider}/${name}`;
}

function outputOf(schema: unknown): JsonObject {
  const read = schemaOf(schema);
  return read === undefined ? {} : { output: read };
}

function descriptionOf({ fields }: OldNode): JsonObject {
  const metadata = isMap(fields['metadata']) ? fields['metadata'] : {};
  const text = textOf(fields['description'] ?? metadata['description'] ?? fields['name']);
  return text === undefined ? {} : { description: sentence(text, 300) };
}

/** Fields that every node had. */
function commonOf(node: OldNode, writing: Writing): JsonObject {
  const { fields } = node;
  const policy = isMap(fields['retry_policy']) ? fields['retry_policy'] : undefined;
  const attempts = policy
    ? policy['max_attempts']
    : typeof fields['retries'] === 'number'
      ? fields['retries'] + 1
      : 1;
  const wait = (policy ?? fields)['backoff_seconds'];
  const strategy = policy?.['backoff_strategy'];
  const seconds = fields['timeout_seconds'];
  for (const name of LOST) {
    const value = fields[name];
    if (value === undefined || value === null || (isMap(value) && Object.keys(value).length === 0)) continue;
    if (Array.isArray(value) && value.length === 0) continue;
    writing.lose(node, `${name} ${JSON.stringify(value).slice(0, 200)}`);
  }
  const pure = node.type === 'condition' || node.type === 'loop' || node.type === 'parallel';
  return {
    ...(typeof seconds === 'number' && seconds > 0 ? { timeout: `${seconds}s` } : {}),
    ...(typeof attempts === 'number' && attempts > 1 && !pure
      ? {
          retry: {
            maxAttempts: Math.min(100, Math.floor(attempts)),
            ...(strategy === 'fixed' || strategy === 'linear' || strategy === 'exponential'
              ? { backoff: strategy }
              : {}),
            ...(typeof wait === 'number' && wait > 0 ? { initial: `${Math.round(wait * 1000)}ms` } : {}),
          },
        }
      : {}),
  };
}

const LOST = [
  'output_mappings',
  'input_selection',
  'output_selection',
  'context_rules',
  'escalation_path',
  'imports',
  'format_specifications',
  'recursive_sources',
];
