import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import type { CatalogEntry } from '../../../src/language/index.ts';
import { checkBlueprint } from '../../../src/language/index.ts';
import { schemaOf } from '../../../src/project/import/predecessor/simple-schema.ts';
import { translateExpression } from '../../../src/project/import/predecessor/template-expression.ts';
import { importPredecessor } from '../../../src/project/import/predecessor.ts';

const ALL = readFileSync(join(import.meta.dirname, 'documents/old-flow.json'), 'utf8');
// biome-ignore lint/suspicious/noExplicitAny: tests read into documents whose shape is what they test
type Doc = Record<string, any>;

function rewritten(text: string, name = 'old.yaml') {
  const { import: made, diagnostics } = importPredecessor({ name, text });
  expect(diagnostics).toEqual([]);
  return { ...made!, document: parse(made!.text) as Doc };
}
const node = (document: Doc, id: string): Doc => document['nodes'].find((each: Doc) => each['id'] === id);

test('every type of node of 1.1.0, and nothing that the checker minds', () => {
  const { document, diagnostics, needs, renamed } = rewritten(ALL);
  expect(diagnostics.filter((each) => each.severity === 'error')).toEqual([]);
  expect(document).toMatchObject({
    blueprint: 2,
    name: 'all-types',
    version: '1.0.0',
    description: 'every type',
  });
  expect(document['inputs']).toEqual({ path: {}, topic: {}, skip: {} });
  expect(renamed).toEqual({ 'load-rows': 'load_rows', sum: 'sum_node', loop: 'loop_node' });
  expect(needs).toEqual([
    'tool/a-tool',
    'tool/csv-loader',
    'tool/mailer',
    'tool/t',
    'tool/upper',
    'workflow/other-flow',
  ]);

  expect(node(document, 'load_rows')).toEqual({
    id: 'load_rows',
    type: 'tool',
    tool: 'csv-loader',
    args: { path: '{{ inputs.path }}', limit: 5 },
    output: {
      type: 'object',
      properties: { rows: { type: 'array', items: { type: 'string' } }, count: { type: 'integer' } },
      required: ['rows', 'count'],
    },
    timeout: '30s',
    retry: { maxAttempts: 3, initial: '1500ms' },
  });
  expect(node(document, 'sum_node')).toMatchObject({
    model: 'openai/gpt-4o',
    temperature: 0.1,
    prompt: 'Sum {{ load_rows.rows }} {{ load_rows.?count.orValue(0) }} for {{ inputs.topic.upper() }}',
  });
  // One text is the text itself; more fields are an object.
  expect(node(document, 'sum_node')).not.toHaveProperty('output');
  expect(node(document, 'judge')).toMatchObject({
    model: 'anthropic/claude',
    prompt: 'Judge {{ sum_node.text }}',
    output: { required: ['score', 'why'] },
  });
  expect(node(document, 'check')).toMatchObject({
    expression: '{{ judge.object.score > 0.5 && !inputs.skip }}',
    then: [
      { id: 'mail', tool: 'mailer', args: { body: '{{ sum_node.text }} because {{ judge.object.why }}' } },
    ],
  });
  expect(node(document, 'each')).toMatchObject({
    items: '{{ load_rows.rows }}',
    as: 'row',
    concurrency: 1,
    body: [
      { id: 'up', args: { t: '{{ row }} of {{ load_rows.count }}' } },
      { id: 'py', type: 'code' },
    ],
    result: '{{ py }}',
  });
  expect(node(document, 'fan')).toMatchObject({
    needs: ['each'],
    concurrency: 2,
    branches: { branch_1: [{ id: 'a' }], branch_2: [{ id: 'b', code: 'return 2' }] },
  });
  expect(node(document, 'sub')).toMatchObject({
    workflow: 'other-flow',
    inputs: { x: '{{ fan.branch_1.a }}' },
  });
  // From outside, a nested node is read through its container, and waited for by waiting for it.
  expect(node(document, 'after')).toMatchObject({
    args: { sent: '{{ check.?then.?mail.id }}', ok: "{{ (check.branch == 'then') ? 'a' : 'b' }}" },
  });
  expect(document['outputs']).toEqual({
    sub: '{{ sub }}',
    after: '{{ after }}',
    loop_node: '{{ loop_node }}',
  });
});

test('what could not be kept is told, and stands over its node', () => {
  const { lost, text } = rewritten(ALL);
  expect(lost.map(({ node: id, what }) => `${id}: ${what.split('\n')[0]}`)).toEqual([
    'each: max_iterations 10: a loop runs for all of its items',
    'py: code in python: write it in JavaScript. It was:',
    'b: its code found everything by name: here it reads `args`, and returns its result',
    'after: a template: a statement ({% … %}) has no counterpart: write it as a node. It was:',
    'after: context_rules {"x":{}}',
    'after: it depends on nowhere, which is no node',
    'ask: auto_approve_after: nothing approves by itself',
    'ask: a node of the type human, which this version does not run. It would be:',
    'loop_node: a node of the type recursive, which this version does not run. It would be:',
  ]);
  expect(text).toContain(
    '      # NOT KEPT: code in python: write it in JavaScript. It was:\n      # output = up + 1\n      - id: py\n',
  );
  // A node that can't be run fails when it is reached, and never seems to have run.
  expect(text).toMatch(/id: ask\n {4}type: code\n[\s\S]*?throw new Error/);
});

test('with its components there, the new document checks without a finding', () => {
  const { text } = rewritten(ALL);
  const entry = (kind: 'tool' | 'workflow', name: string): CatalogEntry => ({
    version: '1.0.0',
    digest: `sha256:${'0'.repeat(64)}`,
    manifest: {
      kind,
      name,
      input: {},
      output: {},
      permissions: { net: [], secrets: [], limits: {} },
      runtime: 'sandbox',
      entry: `sha256:${'0'.repeat(64)}`,
    },
  });
  const { diagnostics } = checkBlueprint(
    { text, file: 'new.yaml' },
    {
      resolve: ({ kind, name }) => entry(kind as 'tool', name),
      names: () => [],
      versions: () => ['1.0.0'],
    },
  );
  expect(diagnostics.filter((each) => each.severity === 'error')).toEqual([]);
});

test('a document of 1.2.0: lists of inputs, nested nodes, agents, outputs', () => {
  const { document, diagnostics, lost } = rewritten(`id: kit.ask_it
schema_version: "1.2.0"
inputs: { required: [query], optional: [model] }
nodes:
  - { id: search, type: tool, tool_name: search_tool, tool_args: { query: "{{ inputs.query }}" }, dependencies: [] }
  - id: agent
    type: agent
    package: agents.helper
    tools: [search_tool, { name: lookup_tool, parameters: {} }]
    agent_config: { system_prompt: "Be brief." }
    llm_config: { provider: openai, model: "{{ inputs.model or 'gpt-4o' }}" }
    prompt: |
      Results: {{ search.results[0].title }} {{ search['total count'] }}
      Question: {{ inputs.query }}
    max_iterations: 4
    dependencies: [search]
  - id: gate
    type: condition
    expression: agent.response is not none and len(search.results) > 0
    true_path: [{ id: yes, type: tool, tool_name: say, input_mappings: { text: { source_node_id: agent, source_output_key: response } } }]
    false_path: [{ id: no_node, type: agent, package: agents.fallback }]
    dependencies: [agent]
outputs: { response: { text: "{{ agent.response }}" }, said: "{{ gate.branch_outputs.yes }}" }
`);
  expect(diagnostics.filter((each) => each.severity === 'error')).toEqual([]);
  expect(document['name']).toBe('ask-it');
  expect(document['inputs']).toEqual({ query: {}, model: { optional: true } });
  expect(node(document, 'agent')).toEqual({
    id: 'agent',
    type: 'agent',
    model: 'openai/gpt-4o',
    system: 'Be brief.',
    tools: ['search-tool', 'lookup-tool'],
    input:
      "Results: {{ search.results[0].title }} {{ search['total count'] }}\nQuestion: {{ inputs.query }}\n",
    maxSteps: 4,
  });
  expect(node(document, 'gate')).toMatchObject({
    expression: '{{ !(agent.text == null) && size(search.results) > 0 }}',
    then: [{ id: 'yes', tool: 'say', args: { text: '{{ agent.text }}' } }],
    else: [{ id: 'no_node', agent: 'fallback', input: '{{ inputs }}' }],
  });
  expect(document['outputs']).toEqual({
    response: { text: '{{ agent.text }}' },
    said: '{{ gate.?then.?yes }}',
  });
  expect(lost.map((each) => each.node)).toEqual(['agent', 'agent']);
});

const names = {
  root: (path: readonly string[]) => ({ code: path[0] === 'n' ? 'n' : `inputs.${path[0]}`, taken: 1 }),
  plain: (text: string) => text,
  mayMiss: () => {},
};
test.each([
  ["a or 'x'", "inputs.?a.orValue('x')"],
  ['n.b or 3', 'n.?b.orValue(3)'],
  ['a > 1 or b', 'inputs.a > 1 || inputs.b'],
  ['not a and b', '!inputs.a && inputs.b'],
  ['(a or b > 1) and True', '(inputs.a || inputs.b > 1) && true'],
  ['a + b * 2 - (3 - 1)', 'inputs.a + inputs.b * 2 - (3 - 1)'],
  ['1 if a else 2 if b else 3', 'inputs.a ? 1 : inputs.b ? 2 : 3'],
  ['n | length > 0', 'size(n) > 0'],
  ["n.t | trim | replace('a', 'b')", "n.t.trim().replace('a', 'b')"],
  ["n.list | join(', ')", "n.list.join(', ')"],
  ["n.x | default('it\\'s \"so\"')", `n.?x.orValue('it\\'s "so"')`],
  ["'k' in n and 'z' not in n", "'k' in n && !('z' in n)"],
  ['n is defined', 'n != null'],
  ['n.a is not defined', '!has(n.a)'],
  ["n['key'].x[0]['a b']", "n.key.x[0]['a b']"],
  ["n.get('k', 1)", 'n.?k.orValue(1)'],
  ["{'a': n, 'b': [1, none]}", "{'a': n, 'b': [1, null]}"],
  ['a ~ 1', 'string(inputs.a) + string(1)'],
  ['7 // 2', 'floor(7 / 2)'],
  ['-n.x', '-n.x'],
  ['n.0.a', 'n[0].a'],
])('%s', (old, fresh) => {
  expect(translateExpression(old, names)).toBe(fresh);
});

test.each([
  'n | weird',
  'n.foo(1)',
  'open("x")',
  'a **2',
  'n[1:2]',
  'a is odd',
  '(a',
  'a b',
  "'open",
  '',
  `${'('.repeat(200)}a${')'.repeat(200)}`,
])('%j has no counterpart, and says why', (old) => {
  expect(() => translateExpression(old, names)).toThrow(/counterpart|expected|missing|complete|read|deep/);
});

test.each([
  ['string', { type: 'string' }],
  [{ text: 'string' }, { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] }],
  [{ type: 'string' }, { type: 'string' }],
  [
    { type: 'string', name: 'string' },
    {
      type: 'object',
      properties: { type: { type: 'string' }, name: { type: 'string' } },
      required: ['type', 'name'],
    },
  ],
  [
    { list: ['int'], any: 'whatever' },
    {
      type: 'object',
      properties: { list: { type: 'array', items: { type: 'integer' } }, any: {} },
      required: ['list', 'any'],
    },
  ],
  [
    { type: 'object', properties: { a: {} } },
    { type: 'object', properties: { a: {} } },
  ],
  [{}, undefined],
  [null, undefined],
])('the simple schema %j', (old, schema) => {
  expect(schemaOf(old)).toEqual(schema);
});

test.each([
  ['blueprint: 2\nname: a\nnodes: []', 'ICE1607', 1],
  ['schema_version: 3.0.0\nnodes: []', 'ICE1607', 1],
  ['nodes: 3', 'ICE1607', 1],
  ['- a', 'ICE1607', 1],
  ['a: [', 'ICE1601', 1],
])('%j is refused', (text, code, line) => {
  const { import: made, diagnostics } = importPredecessor({ name: 'a.yaml', text });
  expect(made).toBeUndefined();
  expect(diagnostics).toMatchObject([{ code, range: { start: { line } } }]);
});

test('hostile documents end: lists in each other, nodes without ids, ids that are no names', () => {
  let nested: object = { id: 'deep', type: 'tool', tool_name: 'x' };
  for (let i = 0; i < 100; i++) nested = { id: `c${i}`, type: 'loop', items_source: 'a', body: [nested] };
  const { document, lost } = rewritten(
    JSON.stringify({
      nodes: [
        nested,
        { type: 'tool' },
        7,
        { id: '{{ evil }}: "#', type: 'tool', tool_name: '__proto__', tool_args: { __proto__x: 1 } },
        { id: 'a', type: 'condition', expression: 'x', true_branch: ['b', 'a', 'zz'] },
        { id: 'b', type: 'loop', items_source: 'inputs.l', body_nodes: ['a'] },
      ],
    }),
    'evil.json',
  );
  expect(document['nodes'].map((each: Doc) => each['id'])).toEqual(['c99', 'evil', 'a']);
  // Of two that hold each other, one stands in the other.
  expect(document['nodes'][2]['then']).toMatchObject([{ id: 'b', body: [] }]);
  expect(lost.length).toBeGreaterThan(3);
});
