import { describe, expect, it } from 'vitest';
import { blueprintSchemas, type Catalog, checkBlueprint, parseBlueprint } from '../../src/language/index.ts';
import { fixtureCatalog } from './fixture-catalog.ts';

const catalog = fixtureCatalog();
const HEAD = 'blueprint: 2\nname: demo\nversion: 1.0.0\n';

/** `code path: message` of every error and warning. */
function findings(body: string): string[] {
  const { diagnostics } = checkBlueprint({ text: HEAD + body, file: 'a.yaml' }, catalog);
  return diagnostics
    .filter((each) => each.severity !== 'info')
    .map((each) => `${each.code} ${each.path ?? ''}`);
}

const outputOf = (body: string) =>
  blueprintSchemas(parseBlueprint({ text: HEAD + body, file: 'a.yaml' }).blueprint!, catalog).output as {
    properties: Record<string, unknown>;
  };

describe('types flow', () => {
  it('through a loop and a sub-workflow, before anything runs', () => {
    const body = (cost: string) => `
inputs: { titles: { type: array, items: { type: string } } }
nodes:
  - id: reports
    type: loop
    items: "{{ inputs.titles }}"
    body:
      - { id: one, type: workflow, workflow: report, inputs: { title: "{{ item }}" } }
    result: { text: "{{ one.text }}", count: "{{ one.count }}" }
  - { id: p, type: tool, tool: price@^1, args: { cost: "{{ ${cost} }}" } }
outputs: { price: "{{ p.price }}" }
`;
    expect(findings(body('reports[0].count'))).toEqual([]);
    expect(findings(body('reports[0].text'))).toEqual(['ICE1420 nodes[1].args.cost']);
    expect(findings(body('reports[0].counts'))).toEqual(['ICE1401 nodes[1].args.cost']);
  });

  it('through parallel branches and conditions', () => {
    const body = (expression: string) => `
nodes:
  - id: both
    type: parallel
    branches:
      left: [{ id: a, type: set, values: { n: 1 } }]
      right: [{ id: a, type: set, values: { s: text } }]
  - id: pick
    type: condition
    expression: "{{ both.left.a.n > 0 }}"
    then: [{ id: b, type: set, values: { n: "{{ both.left.a.n + 1 }}" } }]
outputs: { x: "{{ ${expression} }}" }
`;
    expect(findings(body('both.right.a.s'))).toEqual([]);
    expect(findings(body('both.left.a.s'))).toEqual(['ICE1401 outputs.x']);
    expect(findings(body('pick.?then.?b.?n'))).toEqual([]);
    expect(findings(body('pick.then.b.n'))).toEqual(['ICE1403 outputs.x']);
  });

  it('from the failed items of a loop that goes on without them, and of no other node', () => {
    const body = (expression: string, onItemError = 'continue') => `
inputs: { costs: { type: array, items: { type: number } } }
nodes:
  - id: priced
    type: loop
    items: "{{ inputs.costs }}"
    onItemError: ${onItemError}
    body: [{ id: one, type: tool, tool: price@^1, args: { cost: "{{ item }}" } }]
outputs: { x: "{{ ${expression} }}" }
`;
    expect(findings(body('nodes.priced.failed.map(f, f.index + 1)'))).toEqual([]);
    expect(findings(body("nodes.priced.failed.map(f, f.error.code + ': ' + f.error.message)"))).toEqual([]);
    expect(findings(body('nodes.priced.failed.map(f, f.error.status)'))).toEqual(['ICE1401 outputs.x']);
    expect(findings(body('nodes.priced.failed + 1'))).toEqual(['ICE1405 outputs.x']);
    expect(findings(body('nodes.priced.failed', 'fail'))).toEqual(['ICE1401 outputs.x']);
  });

  it('from the schema of structured output of a model', () => {
    const body = (field: string) => `
nodes:
  - { id: m, type: llm, model: echo/default, prompt: hi, output: { type: object, required: [title], properties: { title: { type: string }, tag: { type: string } } } }
  - { id: p, type: tool, tool: price@^1, args: { cost: "{{ size(${field}) }}" } }
outputs: { p: "{{ p.price }}" }
`;
    expect(findings(body('m.object.title'))).toEqual([]);
    expect(findings(body('m.object.titel'))).toEqual(['ICE1401 nodes[1].args.cost']);
    expect(findings(body('m.object.tag'))).toEqual(['ICE1403 nodes[1].args.cost']);
    expect(findings(body('m.usage.inputTokens'))).toEqual(['ICE1410 nodes[1].args.cost']);
  });

  it('an output that reads a node that may be skipped may be null, and so on down the line', () => {
    const { properties } = outputOf(`
inputs: { n: { type: number } }
nodes:
  - { id: a, type: set, if: "{{ inputs.n > 1 }}", values: { x: 1 } }
  - { id: b, type: set, values: { x: "{{ a.x + 1 }}" } }
  - { id: c, type: set, values: { x: "{{ has(nodes.a) ? a.x : 0 }}" } }
outputs: { b: "{{ b.x }}", c: "{{ c.x }}", text: "x is {{ a.x }}" }
`);
    expect(JSON.stringify(properties['b'])).toContain('"null"');
    expect(JSON.stringify(properties['text'])).toContain('"null"');
    expect(JSON.stringify(properties['c'])).not.toContain('"null"');
  });

  it('what is nested where a node is known to have succeeded has its value, too', () => {
    const body = (asked: string) => `
inputs: { csv: { type: string } }
nodes:
  - { id: load, type: tool, tool: std/csv-parse@^1, args: { text: "{{ inputs.csv }}" }, onError: continue }
  - id: check
    type: condition
    expression: "{{ ${asked} }}"
    then: [{ id: count, type: set, values: { n: "{{ size(load.rows) }}" } }]
    else: [{ id: none, type: set, values: { n: 0 } }]
outputs: { n: "{{ check.branch == 'then' ? check.then.count.n : check.else.none.n }}" }
`;
    expect(findings(body('has(nodes.load)'))).toEqual([]);
    expect(findings(body('has(nodes.load) && size(load.rows) > 1'))).toEqual([]);
    expect(findings(body('size(inputs.csv) > 1'))).toEqual(['ICE1404 outputs.n']);
    expect(findings(body('!has(nodes.load)'))).toEqual(['ICE1404 outputs.n']);
  });

  it('a handled failure gives its value', () => {
    const { properties } = outputOf(`
nodes:
  - { id: p, type: tool, tool: price@^1, args: { cost: 1 }, onError: { value: { price: none } } }
outputs: { price: "{{ p.price }}" }
`);
    expect(JSON.stringify(properties['price'])).toContain('string');
    expect(JSON.stringify(properties['price'])).toContain('number');
  });

  it('takes a missing text or a wrong id as one mistake', () => {
    expect(
      findings(`
inputs: { csv: { type: string } }
nodes:
  - { id: load-it, type: tool, tool: std/csv-parse, args: { text: "{{ inputs.csv }}" } }
outputs: { rows: "{{ load-it.rows }}" }
`),
    ).toEqual(['ICE1108 nodes[0].id']);
    expect(
      findings(`
nodes:
  - { id: a, type: tool, tool: nowhere, args: { x: "{{ 1 }}" } }
  - { id: b, type: tool, tool: price, args: { cost: "{{ a.anything.at.all }}" } }
outputs: { b: "{{ b.price }}" }
`),
    ).toEqual(['ICE1201 nodes[0].tool']);
  });
});

describe('the order of nodes', () => {
  it('is read off the expressions, so the text may be in any order', () => {
    expect(
      findings(`
nodes:
  - { id: b, type: set, values: { x: "{{ a.x }}" } }
  - { id: a, type: set, values: { x: 1 } }
outputs: { b: "{{ b.x }}" }
`),
    ).toEqual([]);
  });

  it('finds a cycle that goes through a container', () => {
    const { diagnostics } = checkBlueprint(
      {
        file: 'a.yaml',
        text: `${HEAD}
nodes:
  - id: a
    type: loop
    items: "{{ [1] }}"
    body: [{ id: inside, type: set, values: { x: "{{ c.x }}" } }]
  - { id: b, type: set, values: { x: "{{ size(a) }}" } }
  - { id: c, type: set, needs: [b], values: { x: 1 } }
outputs: { a: "{{ a }}" }
`,
      },
      catalog,
    );
    expect(diagnostics.map((each) => each.code)).toEqual(['ICE1209']);
    expect(diagnostics[0]!.message).toContain('a (in inside) -> c -> b -> a');
    expect(diagnostics[0]!.related).toHaveLength(2);
  });

  it('finds workflows that run each other', () => {
    const mutual = fixtureCatalog();
    const report = mutual.resolve({ kind: 'workflow', name: 'report' })!;
    report.blueprint = parseBlueprint({
      file: 'b.yaml',
      text: `${HEAD.replace('demo', 'report')}
nodes: [{ id: back, type: workflow, workflow: demo }]
`,
    }).blueprint!;
    const { diagnostics } = checkBlueprint(
      {
        file: 'a.yaml',
        text: `${HEAD}
nodes: [{ id: there, type: workflow, workflow: report, inputs: { title: t } }]
outputs: { x: "{{ there.text }}" }
`,
      },
      {
        ...mutual,
        resolve: (ref) =>
          ref.name === 'demo'
            ? { ...report, manifest: { ...report.manifest, name: 'demo' } }
            : mutual.resolve(ref),
      },
    );
    expect(diagnostics[0]).toMatchObject({
      code: 'ICE1208',
      message: 'A workflow runs itself: demo -> report -> demo',
    });
  });
});

describe('secret inputs', () => {
  const body = (nodes: string) => `
inputs: { key: { type: string, writeOnly: true }, open: { type: string } }
nodes:
${nodes}
`;
  it('do not reach a model, by way of `set` nodes and loops neither', () => {
    expect(
      findings(
        body(`
  - { id: a, type: set, values: { mine: "{{ inputs.key }}", other: "{{ inputs.open }}" } }
  - { id: ok, type: llm, model: echo/default, prompt: "{{ a.other }} {{ inputs.open }}" }
  - { id: m, type: llm, model: echo/default, prompt: "{{ a.mine }}" }
  - { id: whole, type: llm, model: echo/default, prompt: "{{ inputs }}" }
  - id: each
    type: loop
    items: "{{ [inputs.key] }}"
    body:
      - { id: n, type: llm, model: echo/default, prompt: "{{ item }}" }
`),
      ),
    ).toEqual(['ICE1701 nodes[2].prompt', 'ICE1701 nodes[3].prompt', 'ICE1701 nodes[4].body[0].prompt']);
  });

  it('do not reach a model by way of what holds other nodes, by part', () => {
    expect(
      findings(
        body(`
  - id: c
    type: condition
    expression: "{{ inputs.open == 'x' }}"
    then: [{ id: s, type: set, values: { deep: { mine: "{{ inputs.key }}", other: 1 } } }]
  - id: p
    type: parallel
    branches: { one: [{ id: s, type: set, values: { mine: "{{ c.then.s.deep.mine }}" } }], two: [{ id: t, type: set, values: { x: 1 } }] }
  - { id: l, type: loop, items: "{{ [1] }}", body: [{ id: s, type: set, values: { mine: "{{ p.one.s.mine }}", other: 2 } }] }
  - { id: r, type: loop, items: "{{ [1] }}", body: [{ id: s, type: set, values: { x: 1 } }], result: { a: "{{ s.x }}", b: "{{ l[0].s.mine }}" } }
  - { id: fine, type: llm, model: echo/default, prompt: "{{ c.branch }} {{ p.two.t.x }} {{ l[0].s.other }} {{ r[0].a }} {{ c.then.s.deep.other }}" }
  - { id: m1, type: llm, model: echo/default, prompt: "{{ c.then.s.deep.mine }}" }
  - { id: m2, type: llm, model: echo/default, prompt: "{{ c.then.s }}" }
  - { id: m3, type: llm, model: echo/default, prompt: "{{ p.one.s.mine }}" }
  - { id: m4, type: llm, model: echo/default, prompt: "{{ l }}" }
  - { id: m5, type: llm, model: echo/default, prompt: "{{ l[0].s.mine }}" }
  - { id: m6, type: llm, model: echo/default, prompt: "{{ r[0].b }}" }
  - { id: m7, type: agent, model: echo/default, input: x, memory: { thread: "{{ inputs.key }}" } }
  - { id: m8, type: tool, tool: std/csv-parse, args: { text: x }, onError: { value: { rows: "{{ inputs.key }}" } } }
  - { id: m9, type: llm, model: echo/default, prompt: "{{ m8.rows }}" }
`),
      ).filter((each) => each.startsWith('ICE17')),
    ).toEqual([
      'ICE1701 nodes[5].prompt',
      'ICE1701 nodes[6].prompt',
      'ICE1701 nodes[7].prompt',
      'ICE1701 nodes[8].prompt',
      'ICE1701 nodes[9].prompt',
      'ICE1701 nodes[10].prompt',
      'ICE1702 nodes[11].memory.thread',
      'ICE1701 nodes[13].prompt',
    ]);
  });

  it('go to a workflow only where they are secret too', () => {
    const nodes = body(
      '  - { id: w, type: workflow, workflow: report, inputs: { title: "{{ inputs.key }}" } }\n',
    );
    expect(findings(nodes)).toEqual(['ICE1701 nodes[0].inputs.title']);
    const report = fixtureCatalog().resolve({ kind: 'workflow', name: 'report' } as never)!;
    const input = { type: 'object', properties: { title: { type: 'string', writeOnly: true } } };
    const there: Catalog = {
      ...catalog,
      resolve: (ref) =>
        ref.name === 'report' ? { ...report, manifest: { ...report.manifest, input } } : catalog.resolve(ref),
    };
    const { diagnostics } = checkBlueprint({ text: HEAD + nodes, file: 'a.yaml' }, there);
    expect(diagnostics.filter(({ code }) => code.startsWith('ICE17'))).toEqual([]);
  });

  it('do not become part of the key of a cache, and are warned of in outputs', () => {
    expect(
      findings(
        body(`
  - { id: a, type: tool, tool: std/csv-parse, cache: true, args: { text: "{{ inputs.key }}" } }
outputs: { key: "{{ inputs.key }}" }
`),
      ),
    ).toEqual(['ICE1702 nodes[0].args.text', 'ICE1703 outputs.key']);
  });
});

it('a $ before a text is a slip, before a number it is money', () => {
  const body = (value: string) => `
inputs: { city: { type: string }, price: { type: number }, any: {} }
nodes: [{ id: a, type: set, values: { v: { w: ["${value}"] } } }]
outputs: { x: "{{ a }}", y: "{{ inputs.city + string(inputs.price) + string(inputs.any) }}" }
`;
  expect(findings(body('${{ inputs.city }}'))).toEqual(['ICE1137 nodes[0].values.v.w[0]']);
  for (const fine of [
    '${{ inputs.price }}',
    '${{ inputs.any }}',
    'US${{ inputs.city }}',
    '{{ inputs.city }}',
  ])
    expect(findings(body(fine))).toEqual([]);
});

describe('words that help', () => {
  const said = (body: string) => {
    const { diagnostics } = checkBlueprint({ text: HEAD + body, file: 'a.yaml' }, catalog);
    return diagnostics.map(({ message, help }) => `${message} ${help ?? ''}`).join('\n');
  };

  it('a component that is not there: what can be made is offered, what can not is not', () => {
    const helpOf = (tool: string) =>
      checkBlueprint(
        {
          text: `${HEAD}nodes: [{ id: a, type: tool, tool: ${tool}, args: {} }]\noutputs: { a: "{{ a }}" }\n`,
          file: 'a.yaml',
        },
        catalog,
      ).diagnostics[0]!.help!;
    expect(helpOf('weather@^1')).toContain('ice new tool weather');
    expect(helpOf('std/nothing-like-it@^1')).not.toContain('ice new');
    expect(helpOf('mcp/files/read')).toContain('ice import mcp files');
  });

  it('an argument beside the arguments', () => {
    expect(
      said('nodes: [{ id: a, type: tool, tool: price@^1, cost: 3 }]\noutputs: { x: "{{ a }}" }\n'),
    ).toContain('write it below: args: { cost: … }');
  });

  it('a node of another branch of the same container', () => {
    const text = said(`nodes:
  - id: p
    type: parallel
    branches:
      left: [{ id: a, type: set, values: { v: 1 } }]
      right: [{ id: b, type: set, values: { v: "{{ a.v }}" } }]
outputs: { x: "{{ p }}" }
`);
    expect(text).toContain("Move 'a' before 'p'");
    expect(text).not.toContain('p.left.a');
  });

  it('a sentence stays one: the taker is named in the middle of it', () => {
    expect(
      said(`inputs: { cost: { type: [number, 'null'] } }
nodes: [{ id: a, type: tool, tool: price@^1, args: { cost: "{{ inputs.cost }}" } }]
outputs: { x: "{{ a }}" }
`),
    ).toContain("may be null here, and the tool 'price' needs a value");
  });
});

describe('a field that every node may have, on one where it does nothing', () => {
  const node = (fields: string) => `
inputs: { l: { type: array, items: { type: number } } }
nodes:
  - { id: a, ${fields} }
outputs: { x: "{{ a }}" }
`;
  const LOOP = 'type: loop, items: "{{ inputs.l }}", body: [{ id: b, type: set, values: { v: 1 } }]';
  it.each([
    ['cache', `${LOOP}, cache: true`],
    ['cache', `${LOOP}, cache: { ttl: 1h }`],
    ['maxCrashes', `${LOOP}, maxCrashes: 2`],
    ['cache', 'type: set, values: { v: 1 }, cache: true'],
    ['timeout', 'type: set, values: { v: 1 }, timeout: 1s'],
    ['cache', 'type: workflow, workflow: report, inputs: { title: x }, cache: true'],
    ['cache', 'type: parallel, branches: { l: [{ id: b, type: set, values: { v: 1 } }] }, cache: true'],
  ])('%s: %s', (field, fields) => {
    expect(findings(node(fields))).toEqual([`ICE1134 nodes[0].${field}`]);
  });
  it.each([
    `${LOOP}, cache: false, timeout: 1m, retry: {}`,
    'type: tool, tool: price@^1, args: { cost: 1 }, cache: true',
  ])('nothing of %s', (fields) => expect(findings(node(fields))).toEqual([]));
});
