/**
 * Names that other tools, the predecessor and habit give to our fields. `to` is ours; `help` says what to do where
 * the value needs a change too. Where `safe` is set, the rename alone keeps the meaning.
 */
export interface Rename {
  to: string;
  safe: boolean;
  help?: string;
}

const plain = (to: string): Rename => ({ to, safe: true });
const changed = (to: string, help: string): Rename => ({ to, safe: false, help });

const SECONDS = 'Write a length of time with its unit, as `timeout: 30s`.';
const RETRY = 'Write `retry: { maxAttempts: 3 }`; the first attempt counts.';

/** Fields of every node. */
const NODE: Record<string, Rename> = {
  depends_on: plain('needs'),
  dependsOn: plain('needs'),
  dependencies: plain('needs'),
  after: plain('needs'),
  requires: plain('needs'),
  when: plain('if'),
  condition: plain('if'),
  name: plain('id'),
  key: plain('id'),
  kind: plain('type'),
  desc: plain('description'),
  on_error: plain('onError'),
  retries: changed('retry', RETRY),
  max_retries: changed('retry', RETRY),
  maxRetries: changed('retry', RETRY),
  retry_policy: changed('retry', RETRY),
  timeout_seconds: changed('timeout', SECONDS),
  timeoutSeconds: changed('timeout', SECONDS),
  timeoutMs: changed('timeout', SECONDS),
  use_cache: plain('cache'),
  output_schema: plain('output'),
  outputSchema: plain('output'),
  schema: plain('output'),
};

/** Fields by the type of the node. */
const BY_TYPE: Record<string, Record<string, Rename>> = {
  tool: {
    tool_name: plain('tool'),
    toolName: plain('tool'),
    uses: plain('tool'),
    tool_args: plain('args'),
    toolArgs: plain('args'),
    arguments: plain('args'),
    argument: plain('args'),
    params: plain('args'),
    parameters: plain('args'),
    input: plain('args'),
    inputs: plain('args'),
    with: plain('args'),
  },
  set: {
    vars: plain('values'),
    variables: plain('values'),
    value: plain('values'),
    set: plain('values'),
    args: plain('values'),
    output: changed('values', 'What a `set` node names stands under `values`.'),
  },
  llm: {
    system_prompt: plain('system'),
    systemPrompt: plain('system'),
    instructions: plain('system'),
    prompt_template: plain('prompt'),
    promptTemplate: plain('prompt'),
    input: plain('prompt'),
    max_tokens: plain('maxTokens'),
    maxOutputTokens: plain('maxTokens'),
    response_format: changed('output', 'Write the JSON Schema of the result under `output`.'),
    llm_config: changed('model', 'Write `model: provider/name`, as `echo/default`.'),
    model_name: plain('model'),
    provider: changed('model', 'The provider is the first part of `model`, as `openai/gpt-5`.'),
    fallbacks: plain('fallback'),
  },
  agent: {
    prompt: plain('input'),
    message: plain('input'),
    question: plain('input'),
    query: plain('input'),
    inputs: plain('input'),
    args: plain('input'),
    system_prompt: plain('system'),
    systemPrompt: plain('system'),
    instructions: plain('system'),
    max_tokens: plain('maxTokens'),
    max_steps: plain('maxSteps'),
    max_iterations: plain('maxSteps'),
    max_cost: plain('maxCost'),
    uses: plain('agent'),
  },
  code: {
    inputs: plain('args'),
    input: plain('args'),
    arguments: plain('args'),
    params: plain('args'),
    parameters: plain('args'),
    with: plain('args'),
    script: plain('code'),
    source: plain('code'),
    run: plain('code'),
    lang: plain('language'),
    runtime: plain('language'),
  },
  condition: {
    condition: plain('expression'),
    test: plain('expression'),
    when: plain('expression'),
    expr: plain('expression'),
    true_path: plain('then'),
    true_branch: plain('then'),
    true_nodes: plain('then'),
    if_true: plain('then'),
    false_path: plain('else'),
    false_branch: plain('else'),
    false_nodes: plain('else'),
    if_false: plain('else'),
    otherwise: plain('else'),
    // What `if` does for a node, `expression` does inside a condition; both may stand there, so `if` is no rename.
  },
  loop: {
    items_source: plain('items'),
    foreach: plain('items'),
    forEach: plain('items'),
    for_each: plain('items'),
    in: plain('items'),
    over: plain('items'),
    item_var: plain('as'),
    itemVar: plain('as'),
    var: plain('as'),
    variable: plain('as'),
    nodes: plain('body'),
    steps: plain('body'),
    do: plain('body'),
    max_concurrency: plain('concurrency'),
    parallel: changed('concurrency', 'Write how many items may run at once, as `concurrency: 8`.'),
    output: plain('result'),
    outputs: plain('result'),
  },
  parallel: {
    nodes: changed('branches', 'Give each branch a name: `branches: { left: [ … ], right: [ … ] }`.'),
    steps: changed('branches', 'Give each branch a name: `branches: { left: [ … ], right: [ … ] }`.'),
    max_concurrency: plain('concurrency'),
    wait_strategy: plain('wait'),
    waitFor: plain('wait'),
  },
  workflow: {
    workflow_ref: plain('workflow'),
    ref: plain('workflow'),
    uses: plain('workflow'),
    args: plain('inputs'),
    input: plain('inputs'),
    with: plain('inputs'),
    params: plain('inputs'),
  },
};

const BLUEPRINT: Record<string, Rename> = {
  id: plain('name'),
  title: plain('name'),
  steps: plain('nodes'),
  tasks: plain('nodes'),
  jobs: plain('nodes'),
  node: plain('nodes'),
  input: plain('inputs'),
  parameters: plain('inputs'),
  params: plain('inputs'),
  output: plain('outputs'),
  results: plain('outputs'),
  result: plain('outputs'),
  desc: plain('description'),
  timeout: plain('deadline'),
  max_cost: plain('maxCost'),
  budget: plain('maxCost'),
  max_concurrency: plain('concurrency'),
};

const RETRY_FIELDS: Record<string, Rename> = {
  attempts: plain('maxAttempts'),
  max: plain('maxAttempts'),
  max_attempts: plain('maxAttempts'),
  count: plain('maxAttempts'),
  limit: plain('maxAttempts'),
  times: changed('maxAttempts', 'maxAttempts counts the first attempt too.'),
  retries: changed('maxAttempts', 'maxAttempts counts the first attempt too.'),
  delay: plain('initial'),
  interval: plain('initial'),
  wait: plain('initial'),
  initial_delay: plain('initial'),
  max_delay: plain('max'),
  maxDelay: plain('max'),
  strategy: plain('backoff'),
  type: plain('backoff'),
};

/** Fields of a document of an agent. */
const AGENT: Record<string, Rename> = {
  prompt: plain('system'),
  instructions: plain('system'),
  system_prompt: plain('system'),
  systemPrompt: plain('system'),
  id: plain('name'),
  max_steps: plain('maxSteps'),
  max_iterations: plain('maxSteps'),
  max_cost: plain('maxCost'),
  max_tokens: plain('maxTokens'),
};

/** Fields of a case of a test file. */
const CASE: Record<string, Rename> = {
  expect: plain('output'),
  expected: plain('output'),
  outputs: plain('output'),
  args: plain('inputs'),
  given: plain('inputs'),
  with: plain('inputs'),
  title: plain('name'),
  expectError: plain('error'),
};

/** Where a field stands, for the names that are known there. */
export type Place =
  | { kind: 'blueprint' }
  | { kind: 'node'; type: string }
  | { kind: 'retry' }
  | { kind: 'agent' }
  | { kind: 'case' }
  | { kind: 'other' };

export function renameOf(place: Place, name: string): Rename | undefined {
  const table: Record<string, Rename>[] =
    place.kind === 'blueprint'
      ? [BLUEPRINT]
      : place.kind === 'node'
        ? [BY_TYPE[place.type] ?? {}, NODE]
        : place.kind === 'retry'
          ? [RETRY_FIELDS]
          : place.kind === 'agent'
            ? [AGENT]
            : place.kind === 'case'
              ? [CASE]
              : [];
  for (const names of table) if (Object.hasOwn(names, name)) return names[name];
  return undefined;
}

/** Words for node types that exist under another name. */
export const TYPE_WORDS: Record<string, string> = {
  function: 'tool', action: 'tool', task: 'tool', call: 'tool', http: 'tool', plugin: 'tool',
  assign: 'set', variable: 'set', variables: 'set', vars: 'set', value: 'set', transform: 'set',
  prompt: 'llm', model: 'llm', ai: 'llm', chat: 'llm', completion: 'llm',
  if: 'condition', switch: 'condition', branch: 'condition', choice: 'condition',
  for: 'loop', foreach: 'loop', forEach: 'loop', map: 'loop', each: 'loop', iterate: 'loop',
  fork: 'parallel', concurrent: 'parallel',
  subworkflow: 'workflow', flow: 'workflow', blueprint: 'workflow', subflow: 'workflow',
}; // biome-ignore format: a table

/** Node types of the design that this version does not have. */
export const LATER_TYPES = ['agent', 'recursive', 'code', 'human', 'monitor', 'swarm', 'wait'];

/** A field that only one type of node has, so that a node without `type` can be told by it. */
export const TELLING_FIELDS: [string, string][] = [
  ['tool', 'tool'], ['tool_name', 'tool'], ['values', 'set'], ['branches', 'parallel'],
  ['body', 'loop'], ['items', 'loop'], ['then', 'condition'], ['else', 'condition'], ['expression', 'condition'],
  ['workflow', 'workflow'], ['model', 'llm'], ['prompt', 'llm'], ['messages', 'llm'],
]; // biome-ignore format: a table
