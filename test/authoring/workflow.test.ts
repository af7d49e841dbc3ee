import { expect, expectTypeOf, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { defineTool, expr, type Ref, text, workflow } from '../../src/authoring/index.ts';
import { parseBlueprint } from '../../src/language/index.ts';

const load = defineTool({
  name: 'load',
  version: '1.2.0',
  input: z.object({ text: z.string() }),
  output: z.object({
    rows: z.array(z.object({ name: z.string(), cost: z.number(), note: z.string().optional() })),
  }),
  run: () => ({ rows: [] }),
});
const price = defineTool({
  name: 'price',
  version: '1.0.0',
  input: z.object({ cost: z.number(), margin: z.number().default(0.25) }),
  output: z.object({ price: z.number() }),
  run: ({ cost, margin }) => ({ price: cost * (1 + margin) }),
});

const YAML = `
blueprint: 2
name: clearance
version: 1.0.0
description: Price clearance items
inputs:
  csv: { type: string }
  margin: { type: number, default: 0.25 }
  note: { type: string, optional: true }
nodes:
  - { id: load, type: tool, tool: load@^1.2.0, args: { text: "{{ inputs.csv }}" } }
  - id: priced
    type: loop
    items: "{{ load.rows }}"
    as: row
    concurrency: 8
    body:
      - { id: price, type: tool, tool: price@^1.0.0, args: { cost: "{{ row.cost }}", margin: "{{ inputs.margin }}" } }
      - { id: copy, type: llm, model: echo/default, prompt: "Sell {{ row.name }} for {{ price.price }} {{ '{{' }}now}}",
          output: { type: object, properties: { title: { type: string } }, required: [title], additionalProperties: false } }
    result: { name: "{{ row.name }}", price: "{{ price.price }}", title: "{{ copy.object.title }}" }
  - id: check
    type: condition
    expression: "{{ priced.exists(p, p.price > 500) }}"
    then: [{ id: most, type: set, values: { first: "{{ priced[0].price }}", fixed: 3 } }]
    else: [{ id: none, type: set, values: { first: null } }]
  - { id: note, type: set, values: { text: "{{ inputs.note }}" }, if: "{{ size(priced) > 2 }}", onError: continue }
outputs:
  listings: "{{ priced }}"
  branch: "{{ check.branch }}"
`;

const build = () =>
  workflow('clearance', {
    version: '1.0.0',
    description: 'Price clearance items',
    inputs: z.object({ csv: z.string(), margin: z.number().default(0.25), note: z.string().optional() }),
  })
    .nodes((n) =>
      n
        .tool('load', load, ({ inputs }) => ({ text: inputs.csv }))
        .loop(
          'priced',
          (s) => s.load.rows,
          'row',
          (body) =>
            body
              .tool('price', price, ({ row, inputs }) => ({ cost: row.cost, margin: inputs.margin }))
              .llm('copy', ({ row, price: priced }) => ({
                model: 'echo/default',
                prompt: text`Sell ${row.name} for ${priced.price} {{now}}`,
                output: z.object({ title: z.string() }),
              }))
              .result(({ row, price: priced, copy }) => ({
                name: row.name,
                price: priced.price,
                title: copy.object.title,
              })),
          { concurrency: 8 },
        )
        .condition('check', ({ priced }) => expr<boolean>`${priced}.exists(p, p.price > ${500})`, {
          then: (list) => list.set('most', ({ priced }) => ({ first: priced[0]!.price, fixed: 3 })),
          else: (list) => list.set('none', () => ({ first: null })),
        })
        .set('note', ({ inputs }) => ({ text: inputs.note }), {
          if: ({ priced }) => expr<boolean>`size(${priced}) > 2`,
          onError: 'continue',
        }),
    )
    .outputs(({ priced, check }) => ({ listings: priced, branch: check.branch }));

test('the builder gives the document that YAML gives', () => {
  expect(JSON.parse(JSON.stringify(build()))).toEqual(parse(YAML));
  const written = parseBlueprint({ text: JSON.stringify(build()), file: 'clearance.json' });
  expect(written.diagnostics).toEqual([]);
  expect(written.blueprint).toEqual(parseBlueprint({ text: YAML, file: 'clearance.yaml' }).blueprint);
});

test('its inputs and outputs have types', () => {
  const made = build();
  type Out = NonNullable<(typeof made)['types']>['outputs'];
  expectTypeOf<Out['listings']>().toEqualTypeOf<{ name: string; price: number; title: string }[]>();
  expectTypeOf<Out['branch']>().toEqualTypeOf<'then' | 'else'>();
  const outer = workflow('outer')
    .nodes((n) => n.workflow('inner', made, () => ({ csv: 'a', margin: 1, note: undefined })))
    .outputs(({ inner }) => ({ first: inner.listings[0]!.title }));
  expect(outer.document.nodes).toEqual([
    { id: 'inner', type: 'workflow', workflow: 'clearance@^1.0.0', inputs: { csv: 'a', margin: 1 } },
  ]);
});

test('an item that was continued is null, in the type too', () => {
  const numbers = workflow('w', { inputs: z.object({ l: z.array(z.number()) }) })
    .nodes((n) =>
      n.loop(
        'each',
        ({ inputs }) => inputs.l,
        'item',
        (body) => body.set('one', ({ item }) => ({ n: item })).result(({ one }) => one.n),
        { onItemError: 'continue' },
      ),
    )
    .outputs(({ each }) => ({ each, failed: expr<number>`size(nodes.each.failed)` }));
  type Out = NonNullable<(typeof numbers)['types']>['outputs'];
  expectTypeOf<Out['each']>().toEqualTypeOf<(number | null)[]>();
  expect(numbers.document.nodes).toMatchObject([{ id: 'each', onItemError: 'continue' }]);
});

const mail = defineTool({
  name: 'mail',
  version: '1.0.0',
  input: z.looseObject({
    to: z.array(z.string()),
    priority: z.enum(['low', 'high']).default('low'),
    parts: z.array(z.object({ kind: z.literal('text'), text: z.string().nullable() })).optional(),
  }),
  output: z.object({ id: z.string() }),
  run: () => ({ id: 'm' }),
});
const child = workflow('child', {
  inputs: z.object({ text: z.string(), mode: z.enum(['a', 'b']).default('a') }),
})
  .nodes((n) => n.set('s', ({ inputs }) => ({ x: inputs.text })))
  .outputs(({ s }) => ({ x: s.x }));

test('right args do: literals of enums, lists of values and references, what an open schema allows', () => {
  const made = workflow('w', { inputs: z.object({ s: z.string(), p: z.enum(['low', 'high']) }) })
    .nodes((n) =>
      n
        .tool('a', mail, () => ({ to: ['x'], priority: 'high' }))
        .tool('b', mail, ({ inputs }) => ({ to: ['x', inputs.s], priority: inputs.p, more: { of: 1 } }))
        .tool('c', mail, ({ a }) => ({
          to: [a.id],
          parts: [
            { kind: 'text', text: null },
            { kind: 'text', text: a.id },
          ],
        }))
        .workflow('d', child, ({ b }) => ({ text: text`${b.id}!`, mode: 'b' })),
    )
    .outputs(({ d }) => ({ x: d.x }));
  expect(made.document.nodes).toMatchObject([
    { args: { to: ['x'], priority: 'high' } },
    { args: { to: ['x', '{{ inputs.s }}'], priority: '{{ inputs.p }}', more: { of: 1 } } },
    { args: { parts: [{ text: null }, { text: '{{ a.id }}' }] } },
    { inputs: { text: '{{ b.id }}!', mode: 'b' } },
  ]);
});

test('wrong args do not compile', () => {
  const start = workflow('w', { inputs: z.object({ n: z.number(), s: z.string() }) });
  start.nodes((n) => {
    // @ts-expect-error a string where a number is expected
    n.tool('a', price, ({ inputs }) => ({ cost: inputs.s }));
    // @ts-expect-error an arg is missing
    n.tool('a', price, () => ({}));
    // @ts-expect-error an arg that the tool does not take
    n.tool('a', price, ({ inputs }) => ({ cost: inputs.n, margn: 1 }));
    // @ts-expect-error a field that the result does not have
    n.tool('a', price, ({ inputs }) => ({ cost: inputs.n })).set('b', ({ a }) => ({ x: a.prize }));
    // @ts-expect-error a node that is not there yet
    n.tool('a', price, ({ later }) => ({ cost: later.price }));
    // @ts-expect-error a literal of the wrong type
    n.tool('a', price, () => ({ cost: 'x' }));
    // @ts-expect-error a value that the enum does not have
    n.tool('a', mail, () => ({ to: ['x'], priority: 'urgent' }));
    const kid = n.workflow('a', child, ({ inputs }) => ({ text: inputs.s }));
    // @ts-expect-error an input that the workflow does not take
    n.workflow('a', child, ({ inputs }) => ({ text: inputs.s, txt: 1 }));
    // @ts-expect-error an input of another type
    n.workflow('a', child, ({ inputs }) => ({ text: inputs.n }));
    expect(kid).toBeDefined();
    // @ts-expect-error an id that is taken
    n.set('a', () => ({})).set('a', () => ({}));
    n.loop(
      'a',
      // @ts-expect-error a loop over what is no list
      ({ inputs }) => inputs.n,
      'x',
      (body) => body,
    );
    // @ts-expect-error the condition is no boolean
    n.condition('a', ({ inputs }) => inputs.n, { then: (list) => list });
    return n;
  });
  expect(start).toBeDefined();
});

test('nested lists, side by side, and what has no method', () => {
  const made = workflow('w')
    .nodes((n) =>
      n
        .parallel(
          'fan',
          {
            left: (list) => list.set('a', () => ({ v: 1 })),
            right: (list) => list.set('b', () => ({ v: 'x' })),
          },
          { wait: 'all' },
        )
        .code('sum', { code: 'return args.a + 1', output: z.number() }, ({ fan }) => ({ a: fan.left.a.v }))
        .tool('any', 'std/stats@^1', ({ sum }) => ({ values: [sum, { deep: [sum] }] }))
        .node('raw', { type: 'agent', model: 'echo/script', input: '{{ sum }}' }),
    )
    .outputs(({ any, sum, fan }) => {
      const number: Ref<number> = sum;
      const string: Ref<string> = fan.right.b.v;
      expect([number, string]).toHaveLength(2);
      return { mean: any.mean, text: text`${sum} ${'literal {{'} ${3}`, odd: any['in']['a b'] };
    });
  expect(made.document).toMatchObject({
    nodes: [
      { id: 'fan', type: 'parallel', wait: 'all', branches: { left: [{ id: 'a' }], right: [{ id: 'b' }] } },
      {
        id: 'sum',
        type: 'code',
        language: 'javascript',
        args: { a: '{{ fan.left.a.v }}' },
        output: { type: 'number' },
      },
      {
        id: 'any',
        type: 'tool',
        tool: 'std/stats@^1',
        args: { values: ['{{ sum }}', { deep: ['{{ sum }}'] }] },
      },
      { id: 'raw', type: 'agent', input: '{{ sum }}' },
    ],
    outputs: {
      mean: '{{ any.mean }}',
      text: "{{ sum }} literal {{ '{{' }} 3",
      odd: '{{ any["in"]["a b"] }}',
    },
  });
});

test('expressions hold references and literals', () => {
  const made = workflow('w', { inputs: z.object({ n: z.number() }) }).outputs(({ inputs }) => ({
    a: expr`${inputs.n} + ${1} == ${'x"y'}`,
    b: (expr<{ deep: number }>`${inputs.n} > 1 ? ${inputs.n} : null` as Ref<{ deep: number }>).deep,
  }));
  expect(made.document.outputs).toEqual({
    a: '{{ inputs.n + 1 == "x\\"y" }}',
    b: '{{ (inputs.n > 1 ? inputs.n : null).deep }}',
  });
});
