import { describe, expect, it } from 'vitest';
import { blueprintSchema } from '../../src/contracts/blueprint.ts';
import { IceError } from '../../src/contracts/errors.ts';
import {
  blueprintSchemas,
  canonicalBlueprint,
  compilePlan,
  outlineOf,
  parseBlueprint,
  referencesOf,
  toolPlan,
} from '../../src/language/index.ts';
import { fixtureCatalog } from './fixture-catalog.ts';

const catalog = fixtureCatalog();
const DIGEST = `sha256:${'a'.repeat(64)}`;

const TEXT = `
blueprint: 2
name: demo
version: 2.0.0
deadline: 1h
maxCost: 0.5
inputs:
  csv: { type: string }
  key: { type: string, writeOnly: true, optional: true }
  margin: { type: number, default: 0.25 }
nodes:
  - id: last
    type: set
    needs: [first]
    values: { n: "{{ size(each) }}", kind: "{{ has(nodes.pick) ? pick.branch : 'none' }}" }
  - id: first
    type: tool
    tool: std/csv-parse@^1
    args: { text: "{{ inputs.csv }}" }
    retry: { maxAttempts: 5, initial: 250ms }
    timeout: 30s
    cache: { ttl: 1h }
  - id: each
    type: loop
    items: "{{ first.rows }}"
    as: row
    body:
      - id: price
        type: tool
        tool: price@^1
        args: { cost: 1, margin: "{{ inputs.margin }}" }
        onError: { value: { price: 0 } }
      - id: inner
        type: loop
        items: "{{ [1, 2] }}"
        as: k
        body:
          - { id: added, type: set, values: { x: "{{ price.price + k + size(first.rows) }}" } }
  - id: pick
    type: condition
    if: "{{ size(first.rows) > 1 }}"
    expression: "{{ size(each) > 0 }}"
    then:
      - { id: tell, type: llm, model: echo/default, prompt: "Hi {{ row_count.n }}", temperature: 0.2 }
    else:
      - { id: child, type: workflow, workflow: report, inputs: { title: "{{ row_count.text }}" } }
  - { id: row_count, type: set, values: { n: "{{ size(first.rows) }}", text: "{{ size(first.rows) }} rows" } }
  - id: both
    type: parallel
    wait: any
    branches:
      left: [{ id: a, type: code, args: { n: "{{ last.n }}" }, code: return args.n }]
      right: [{ id: a, type: agent, model: echo/default, tools: [price@^1], input: "{{ last.kind }}", memory: { thread: main } }]
outputs:
  n: "{{ last.n }}"
  branch: "{{ pick.branch }}"
`;

const parsed = parseBlueprint({ text: TEXT, file: 'demo.yaml' });
const blueprint = parsed.blueprint!;

describe('compilePlan', () => {
  const plan = compilePlan(blueprint, DIGEST, catalog);
  const node = (id: string) => plan.nodes.find((each) => each.id === id)!;

  it('reads the order off the expressions, at any depth, and not off the text', () => {
    expect(node('last').after).toEqual(['first', 'each', 'pick']);
    expect(node('each').after).toEqual(['first']);
    // Inside `pick` someone reads row_count, so pick itself has to wait for it.
    expect(node('pick').after).toEqual(['first', 'each', 'row_count']);
    expect(node('both').after).toEqual(['last']);
    const each = node('each');
    expect(each.type === 'loop' && each.body[1]).toMatchObject({ id: 'inner', after: ['price'], reads: [] });
  });

  it('skips a node with what it reads itself, not with what it reads softly or what is read inside it', () => {
    expect(node('last').reads).toEqual(['each', 'first']);
    expect(node('pick').reads).toEqual(['each', 'first']);
    const each = node('each');
    const inner = each.type === 'loop' ? each.body[1]! : undefined;
    const added = inner?.type === 'loop' ? inner.body[0]! : undefined;
    expect(added!.reads).toEqual(['first', 'price']);
  });

  it('turns lengths of time into milliseconds and fills in defaults', () => {
    expect(plan).toMatchObject({ deadlineMs: 3_600_000, maxCost: 0.5, concurrency: 100, digest: DIGEST });
    expect(node('first')).toMatchObject({
      timeoutMs: 30_000,
      cache: { ttlMs: 3_600_000 },
      maxCrashes: 3,
      retry: { maxAttempts: 5, backoff: 'exponential', initialMs: 250, maxMs: 60_000, jitter: true },
    });
    expect(node('each')).toMatchObject({ concurrency: 10, onItemError: 'fail' });
    expect(node('both')).toMatchObject({ wait: 1, concurrency: 2 });
  });

  it('says what the effects get', () => {
    const pick = node('pick');
    expect(pick.type === 'condition' && pick.then[0]).toMatchObject({
      args: { prompt: 'Hi {{ row_count.n }}' },
      config: { model: 'echo/default', temperature: 0.2 },
    });
    const both = node('both');
    const [a, b] = both.type === 'parallel' ? [both.branches['left']![0]!, both.branches['right']![0]!] : [];
    expect(a).toMatchObject({ type: 'code', args: { n: '{{ last.n }}' }, config: { code: 'return args.n' } });
    const price = catalog.resolve({ kind: 'tool', name: 'price' })!;
    expect(b).toMatchObject({
      type: 'agent',
      args: { input: '{{ last.kind }}', thread: 'main' },
      config: { model: 'echo/default', memory: 'thread', tools: { price: price.digest } },
    });
    expect(plan.components[price.digest]).toMatchObject({
      ref: 'price@1.2.0',
      description: 'The tool price',
    });
  });

  it('holds the child workflow, pinned, with what it runs', () => {
    const report = catalog.resolve({ kind: 'workflow', name: 'report' })!;
    expect(plan.workflows[report.digest]).toMatchObject({
      name: 'report',
      version: '1.1.0',
      digest: report.digest,
    });
    expect(plan.components[report.digest]!.ref).toBe('report@1.1.0');
  });

  it('makes one schema of the inputs: what has a default or is optional is not required', () => {
    expect(plan.inputs).toEqual({
      type: 'object',
      properties: {
        csv: { type: 'string' },
        key: { type: 'string', writeOnly: true },
        margin: { type: 'number', default: 0.25 },
      },
      required: ['csv'],
      additionalProperties: false,
    });
    expect(plan.writeOnly).toEqual(['key']);
  });

  it('compiles the parsed, the canonical and the re-read document to the same plan', () => {
    const again = blueprintSchema.parse({ ...(canonicalBlueprint(blueprint) as object), version: '2.0.0' });
    expect(compilePlan(again, DIGEST, catalog)).toEqual(plan);
  });

  it('refuses what is not valid, with the findings as details', () => {
    const broken = { ...blueprint, outputs: { x: '{{ nope }}' } };
    let thrown: unknown;
    try {
      compilePlan(broken, DIGEST, catalog);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(IceError);
    expect((thrown as IceError).code).toBe('validation_failed');
    expect((thrown as IceError).details).toMatchObject({
      diagnostics: [{ code: 'ICE1307', path: 'outputs.x' }],
    });
  });

  it('draws the outline, child workflows included', () => {
    const outline = outlineOf(plan);
    expect(outline.map((each) => each.id)).toEqual(['last', 'first', 'each', 'pick', 'row_count', 'both']);
    expect(outline[1]).toEqual({ id: 'first', type: 'tool', label: 'std/csv-parse@1.0.0' });
    expect(outline[3]!.lists!['else']![0]).toMatchObject({
      id: 'child',
      label: 'report@1.1.0',
      lists: { nodes: [{ id: 'head' }] },
    });
  });
});

describe('a document', () => {
  it('names what it refers to once each, tools of agents too', () => {
    expect(referencesOf(blueprint).map((ref) => `${ref.kind}/${ref.name}`)).toEqual([
      'tool/std/csv-parse',
      'tool/price',
      'workflow/report',
    ]);
  });

  it('has the same content whatever its layout, version and description', () => {
    const other = parseBlueprint({
      text: JSON.stringify({ description: 'x', ...blueprint, version: '9.9.9' }),
      file: 'a.json',
    });
    expect(other.diagnostics).toEqual([]);
    expect(canonicalBlueprint(other.blueprint!)).toEqual(canonicalBlueprint(blueprint));
    expect(JSON.stringify(canonicalBlueprint(blueprint))).not.toContain('2.0.0');
  });

  it('has the types of its outputs: null where a node may be skipped', () => {
    const { input, output } = blueprintSchemas(blueprint, catalog);
    expect(input).toMatchObject({ required: ['csv'] });
    expect(output).toMatchObject({ required: ['n', 'branch'], properties: { n: { type: 'integer' } } });
    expect(JSON.stringify((output as { properties: object }).properties)).toContain('null');
  });
});

describe('toolPlan', () => {
  it('runs a tool as a workflow of one node, its inputs as a whole, its fields as outputs', () => {
    const entry = catalog.resolve({ kind: 'tool', name: 'price' })!;
    const plan = toolPlan(entry);
    expect(plan.nodes).toEqual([
      {
        id: 'price',
        type: 'tool',
        after: [],
        reads: [],
        maxCrashes: 3,
        args: '{{ inputs }}',
        config: { component: entry.digest },
      },
    ]);
    expect(plan.inputs).toBe(entry.manifest.input);
    expect(plan.outputs['price']).toBe('{{ price["price"] }}');
    expect(plan.outputs['note']).toBe('{{ "note" in price ? price["note"] : null }}');
  });

  it('hands out the whole result where its fields are not all known', () => {
    const entry = structuredClone(catalog.resolve({ kind: 'tool', name: 'std/csv-parse' })!);
    entry.manifest.output = { type: 'array', items: {} };
    expect(toolPlan(entry)).toMatchObject({
      nodes: [{ id: 'csv_parse' }],
      outputs: { result: '{{ csv_parse }}' },
    });
  });
});
