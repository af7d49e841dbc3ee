import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { blueprintSchema } from '../../src/contracts/blueprint.ts';
import type { Manifest, PushItem } from '../../src/contracts/components.ts';
import { canonicalBlueprint, inputSchemaOf } from '../../src/language/index.ts';

export const digestOf = (bytes: Uint8Array): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** A component as a client has it before it pushes: bytes by digest, and the item of the push. */
export interface Built {
  item: PushItem;
  manifest: Manifest;
  artifacts: [digest: string, bytes: Uint8Array][];
}

function built(manifest: Manifest, version: string, entry: Uint8Array): Built {
  const bytes = new TextEncoder().encode(canonicalize(manifest));
  const digest = digestOf(bytes);
  return {
    manifest,
    item: {
      kind: manifest.kind,
      name: manifest.name,
      version,
      digest,
      info: { description: `The ${manifest.name}`, examples: [] },
    },
    artifacts: [
      [manifest.entry, entry],
      [digest, bytes],
    ],
  };
}

const NOTHING = { net: [], secrets: [], limits: {} };

/** A workflow from its document. */
export function builtWorkflow(document: Record<string, unknown>): Built {
  const blueprint = blueprintSchema.parse({ blueprint: 2, ...document });
  const entry = new TextEncoder().encode(canonicalize(canonicalBlueprint(blueprint)));
  return built(
    {
      kind: 'workflow',
      name: blueprint.name,
      input: inputSchemaOf(blueprint),
      output: { type: 'object' },
      permissions: NOTHING,
      runtime: 'sandbox',
      entry: digestOf(entry),
    },
    blueprint.version,
    entry,
  );
}

/** A tool of one file, as the bundler would leave it: an ES module whose default export is a definition. */
export function builtTool(
  name: string,
  body: string,
  more: {
    version?: string;
    input?: Manifest['input'];
    output?: Manifest['output'];
    runtime?: Manifest['runtime'];
    permissions?: Partial<Manifest['permissions']>;
  } = {},
): Built {
  const version = more.version ?? '1.0.0';
  const input = more.input ?? { type: 'object', properties: {}, additionalProperties: true };
  const output = more.output ?? true;
  const permissions = { ...NOTHING, ...more.permissions };
  const runtime = more.runtime ?? 'sandbox';
  const entry = new TextEncoder().encode(
    `export default { kind: 'tool', name: ${JSON.stringify(name)}, version: ${JSON.stringify(version)}, description: '', input: ${JSON.stringify(input)}, output: ${JSON.stringify(output)}, permissions: ${JSON.stringify(permissions)}, runtime: ${JSON.stringify(runtime)}, limits: {}, examples: [], run: async (input, ctx) => { ${body} } };\n`,
  );
  return built(
    { kind: 'tool', name, input, output, permissions, runtime, entry: digestOf(entry) },
    version,
    entry,
  );
}

/** A workflow of one `set` node: greets `name`. */
export const greet = (version = '1.0.0', greeting = 'Hello'): Built =>
  builtWorkflow({
    name: 'greet',
    version,
    inputs: { name: { type: 'string' }, times: { type: 'integer', default: 1 } },
    nodes: [
      {
        id: 'say',
        type: 'set',
        values: { text: `${greeting} {{ inputs.name }}`, times: '{{ inputs.times }}' },
      },
    ],
    outputs: { text: '{{ say.text }}', times: '{{ say.times }}' },
  });
