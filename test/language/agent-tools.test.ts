import { describe, expect, test } from 'vitest';
import type { JsonSchema } from '../../src/contracts/json.ts';
import {
  type AgentDocument,
  agentDocumentSchema,
  agentInputSchema,
} from '../../src/contracts/nodes/agent.ts';
import { modelNames } from '../../src/contracts/plan.ts';
import {
  agentPlan,
  applyFixes,
  type Catalog,
  type CatalogEntry,
  checkAgent,
  checkBlueprint,
  compilePlan,
  outlineOf,
  parseBlueprint,
} from '../../src/language/index.ts';
import { fixtureCatalog } from './fixture-catalog.ts';

const catalog = fixtureCatalog();
const workflow = (tools: string) => `blueprint: 2
name: a
version: 1.0.0
description: x
nodes:
  - { id: clerk, type: agent, model: echo/default, input: hi, tools: [${tools}] }
outputs: { text: "{{ clerk.text }}" }
`;
const agent = (name: string, tools: string[], more = '') => `agent: 1
name: ${name}
version: 1.0.0
description: x
model: echo/default
tools: [${tools.join(', ')}]
${more}`;

/** A catalog of agents over the fixtures' tools and workflows. */
function withAgents(documents: AgentDocument[]): Catalog {
  const entries = new Map(
    documents.map((document, i): [string, CatalogEntry] => {
      const digest = `sha256:${i.toString(16).padStart(64, '0')}`;
      return [
        document.name,
        {
          version: document.version,
          digest,
          agent: document,
          manifest: {
            kind: 'agent',
            name: document.name,
            input: agentInputSchema(document),
            output: {},
            permissions: { net: [], secrets: [], limits: {} },
            runtime: 'sandbox',
            entry: digest,
          },
        },
      ];
    }),
  );
  return {
    resolve: (ref) => (ref.kind === 'agent' ? entries.get(ref.name) : catalog.resolve(ref)),
    names: (kind) => (kind === 'agent' ? [...entries.keys()] : catalog.names(kind)),
    versions: (kind, name) =>
      kind === 'agent' ? (entries.has(name) ? ['1.0.0'] : []) : catalog.versions(kind, name),
  };
}
const documentOf = (name: string, tools: string[], output?: JsonSchema): AgentDocument =>
  agentDocumentSchema.parse({ agent: 1, name, version: '1.0.0', model: 'echo/default', tools, output });

describe('an entry of tools', () => {
  test.each(['price', 'tool/price@^1', 'workflow/report', 'workflow/report@^1', 'agent/helper'])(
    '%s is found',
    (ref) => {
      expect(checkBlueprint({ text: workflow(ref), file: 'a.yaml' }, catalog).diagnostics).toEqual([]);
    },
  );

  test('without a kind is a tool; --fix writes the kind of what only goes by that name', () => {
    const text = workflow('report@^1');
    const { diagnostics } = checkBlueprint({ text, file: 'a.yaml' }, catalog);
    expect(diagnostics).toMatchObject([
      {
        code: 'ICE1204',
        range: { start: { line: 6 } },
        message: "'report' is a workflow; without a kind, a tool is meant",
        help: 'Write workflow/report@^1.',
      },
    ]);
    expect(applyFixes(text, diagnostics).text).toBe(workflow('workflow/report@^1'));
  });

  test.each([
    ['workflow/reprot', 'ICE1202', "There is no workflow 'reprot'"],
    ['agent/helpr', 'ICE1201', "There is no agent 'helpr'"],
    ['workflow/report@^9', 'ICE1203', "No version of the workflow 'report' fits ^9"],
    ['workflow/price', 'ICE1204', "'price' is a tool; without a kind, a tool is meant"],
  ])('%s is told at its place', (ref, code, message) => {
    const { diagnostics } = checkBlueprint({ text: workflow(ref), file: 'a.yaml' }, catalog);
    expect(diagnostics).toMatchObject([{ code, range: { start: { line: 6 } } }]);
    if (code !== 'ICE1204') expect(diagnostics[0]!.message).toBe(message);
  });

  test("is checked in an agent's own document, too", () => {
    const text = agent('clerk', ['price', 'workflow/reprot', 'report', 'shout']);
    expect(
      checkAgent({ text, file: 'agents/clerk.yaml' }, catalog).map((each) => [
        each.code,
        each.range?.start.line,
        each.path,
      ]),
    ).toEqual([
      ['ICE1202', 6, 'tools[1]'],
      ['ICE1204', 6, 'tools[2]'],
      ['ICE1233', 6, 'tools[3]'],
    ]);
  });
});

describe('a circle', () => {
  test('of agents is told with the way around', () => {
    const agents = withAgents([documentOf('b', ['agent/c']), documentOf('c', ['price', 'agent/a'])]);
    const found = checkAgent({ text: agent('a', ['agent/b']), file: 'agents/a.yaml' }, agents);
    expect(found).toMatchObject([
      {
        code: 'ICE1208',
        message: 'What is called calls itself: agent/a -> agent/b -> agent/c -> agent/a',
      },
    ]);
    expect(checkAgent({ text: agent('a', ['agent/a']), file: 'agents/a.yaml' }, agents)).toMatchObject([
      { code: 'ICE1208', message: 'What is called calls itself: agent/a -> agent/a' },
    ]);
  });

  test('through a workflow is found from the workflow', () => {
    const agents = withAgents([documentOf('b', ['workflow/a'])]);
    expect(checkBlueprint({ text: workflow('agent/b'), file: 'a.yaml' }, agents).diagnostics).toMatchObject([
      { code: 'ICE1208', message: 'What is called calls itself: a -> agent/b -> a' },
    ]);
  });

  test('of an agent that is run by itself ends in an error, not in a plan without end', () => {
    const agents = withAgents([documentOf('a', ['agent/b']), documentOf('b', ['agent/a'])]);
    const entry = agents.resolve({ kind: 'agent', name: 'a' })!;
    expect(() => agentPlan(entry, agents)).toThrow('agent/a -> agent/b -> agent/a does not end');
  });
});

test('agents nest twenty deep at most', () => {
  const chain = (length: number) =>
    withAgents(
      Array.from({ length }, (_, i) => documentOf(`n${i}`, i + 1 < length ? [`agent/n${i + 1}`] : [])),
    );
  const check = (length: number) =>
    checkBlueprint({ text: workflow('agent/n0'), file: 'a.yaml' }, chain(length)).diagnostics;
  expect(check(19)).toEqual([]);
  expect(check(20)).toMatchObject([{ code: 'ICE1232', range: { start: { line: 6 } } }]);
});

describe('the plan', () => {
  const output: JsonSchema = { type: 'object', properties: { n: { type: 'number' } } };
  const agents = withAgents([documentOf('researcher', ['price', 'workflow/report'], output)]);
  const { blueprint } = parseBlueprint({
    text: workflow('workflow/report, agent/researcher'),
    file: 'a.yaml',
  });
  const plan = compilePlan(blueprint!, `sha256:${'f'.repeat(64)}`, agents);
  const [clerk] = plan.nodes;

  test('holds what an agent may call, each once, with all that these run', () => {
    const tools = (clerk as { config: { tools: Record<string, string> } }).config.tools;
    expect(Object.keys(tools)).toEqual(['report', 'researcher']);
    expect(
      Object.values(plan.components)
        .map(({ ref }) => ref)
        .sort(),
    ).toEqual(['price@1.2.0', 'report@1.1.0', 'researcher@1.0.0']);
    expect(Object.keys(plan.workflows).sort()).toEqual(Object.values(tools).sort());
  });

  test('has an agent as a workflow of one node, which gives its answer without the bookkeeping', () => {
    const sub = Object.values(plan.workflows).find(({ name }) => name === 'researcher')!;
    expect(sub.nodes).toMatchObject([
      { id: 'researcher', type: 'agent', args: { input: '{{ inputs.input }}' } },
    ]);
    expect(sub.outputs).toEqual({ text: '{{ researcher.text }}', object: '{{ researcher.object }}' });
  });

  test('is drawn with them', () => {
    const [drawn] = outlineOf(plan);
    expect(Object.keys(drawn!.lists!)).toEqual(['report', 'researcher']);
    expect(drawn!.lists!['researcher']![0]!.lists).toHaveProperty('report');
  });

  test('gives a tool and a workflow of one name different names', () => {
    const made = compilePlan(
      parseBlueprint({ text: workflow('tool/audit, workflow/report, std/csv-parse'), file: 'a.yaml' })
        .blueprint!,
      `sha256:${'e'.repeat(64)}`,
      catalog,
    );
    const { tools } = (made.nodes[0] as { config: { tools: Record<string, string> } }).config;
    expect([...modelNames(tools).keys()]).toEqual(['audit', 'report', 'std_csv-parse']);
  });
});
