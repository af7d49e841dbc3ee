import type { Manifest } from '../../src/contracts/components.ts';
import type { ComponentRef } from '../../src/contracts/ids.ts';
import type { JsonSchema } from '../../src/contracts/json.ts';
import { type Catalog, type CatalogEntry, parseBlueprint } from '../../src/language/index.ts';

const digestOf = (name: string): string =>
  `sha256:${[...name]
    .map((char) => char.charCodeAt(0).toString(16))
    .join('')
    .padEnd(64, '0')
    .slice(0, 64)}`;

function entry(
  kind: Manifest['kind'],
  name: string,
  version: string,
  input: JsonSchema,
  output: JsonSchema,
): CatalogEntry {
  const manifest: Manifest = {
    kind,
    name,
    input,
    output,
    permissions: { net: [], secrets: [], limits: {} },
    runtime: 'sandbox',
    entry: digestOf(`${name} entry`),
  };
  return { version, digest: digestOf(`${kind} ${name}`), manifest, description: `The ${kind} ${name}` };
}

const object = (properties: Record<string, JsonSchema>, required = Object.keys(properties)): JsonSchema => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});

const REPORT = `
blueprint: 2
name: report
version: 1.1.0
inputs:
  title: { type: string }
  rows: { type: array, items: { type: object }, default: [] }
nodes:
  - { id: head, type: set, values: { text: "# {{ inputs.title }}" } }
outputs:
  text: "{{ head.text }}"
  count: "{{ size(inputs.rows) }}"
`;

/** What the fixtures refer to: tools, workflows, an agent. */
export function fixtureCatalog(): Catalog {
  const report = entry(
    'workflow',
    'report',
    '1.1.0',
    object({ title: { type: 'string' } }),
    object({ text: { type: 'string' }, count: { type: 'integer' } }),
  );
  report.blueprint = parseBlueprint({ text: REPORT, file: 'report.yaml' }).blueprint!;
  const entries: [CatalogEntry, string[]][] = [
    [
      entry(
        'tool',
        'std/csv-parse',
        '1.0.0',
        object({ text: { type: 'string' }, delimiter: { type: 'string' } }, ['text']),
        object({ rows: { type: 'array', items: { type: 'object' } } }),
      ),
      ['1.0.0'],
    ],
    [
      entry(
        'tool',
        'price',
        '1.2.0',
        object({ cost: { type: 'number', minimum: 0 }, margin: { type: 'number', default: 0.25 } }, ['cost']),
        object({ price: { type: 'number' }, note: { type: 'string' }, sale: { type: 'boolean' } }, ['price']),
      ),
      ['1.2.0', '1.0.0'],
    ],
    [report, ['1.1.0']],
    // A tool and a workflow of one name, which asks for a secret, and a tool whose input has no names.
    [entry('tool', 'audit', '1.0.0', object({ day: { type: 'string' } }), object({})), ['1.0.0']],
    [
      entry(
        'workflow',
        'audit',
        '1.0.0',
        object({ day: { type: 'string' }, key: { type: 'string', writeOnly: true } }),
        object({}),
      ),
      ['1.0.0'],
    ],
    [entry('tool', 'shout', '1.0.0', { type: 'string' }, { type: 'string' }), ['1.0.0']],
    [
      entry(
        'agent',
        'helper',
        '1.0.0',
        object({ input: { type: 'string' } }),
        object({ text: { type: 'string' } }),
      ),
      ['1.0.0'],
    ],
  ];
  const find = (kind: string, name: string) =>
    entries.find(([each]) => each.manifest.kind === kind && each.manifest.name === name);
  return {
    resolve(ref: ComponentRef) {
      const found = find(ref.kind!, ref.name);
      if (!found) return undefined;
      const { range } = ref;
      const major = range === undefined || range === 'latest' ? '1' : /^[\^~]?(\d+)/.exec(range)?.[1];
      return major === '1' ? found[0] : undefined;
    },
    names: (kind) =>
      entries.filter(([each]) => each.manifest.kind === kind).map(([each]) => each.manifest.name),
    versions: (kind, name) => find(kind, name)?.[1] ?? [],
  };
}
