import * as z from 'zod';
import { blueprintSchema } from '../../contracts/blueprint.ts';
import type { Json } from '../../contracts/json.ts';
import { agentDocumentSchema } from '../../contracts/nodes/agent.ts';
import { projectFileSchema } from '../../contracts/project.ts';
import { testFileSchema } from '../../contracts/tests.ts';

/** Documents whose JSON Schema is published, for editors (`# yaml-language-server: $schema=…`) and other tools. */
export const PUBLISHED = ['blueprint', 'project', 'agent', 'test'] as const;
export type PublishedName = (typeof PUBLISHED)[number];

/** Where a published schema is found; the package holds the same files. */
export const schemaUrl = (name: PublishedName): string => `https://iceos.dev/schemas/${name}.json`;

const DOCUMENTS: Record<PublishedName, { schema: z.ZodType; title: string; description: string }> = {
  blueprint: {
    schema: blueprintSchema,
    title: 'Blueprint',
    description: 'A workflow of ice: inputs, nodes, outputs. Strings may hold {{ expressions }}.',
  },
  project: { schema: projectFileSchema, title: 'ice.yaml', description: 'A project of ice.' },
  agent: {
    schema: agentDocumentSchema,
    title: 'Agent',
    description: 'An agent of ice: a model, what it is for, its tools.',
  },
  test: {
    schema: testFileSchema,
    title: 'Test',
    description:
      'Tests of a tool, a workflow or an agent of ice: cases, and what their runs have to be like.',
  },
};

/** Definitions that editors show and people look for, by what tells them apart. */
const NAMED: [string, (def: { [keyword: string]: unknown }) => boolean][] = [
  ['node', (def) => Array.isArray(def['oneOf'])],
  ['duration', (def) => String(def['description']).startsWith('A length of time')],
  [
    'retry',
    (def) =>
      typeof def['properties'] === 'object' &&
      def['properties'] !== null &&
      'maxAttempts' in def['properties'],
  ],
  ['json', (def) => Array.isArray(def['anyOf']) && def['anyOf'].length === 6],
];

/** The JSON Schema (2020-12) of a document as people write it: what has a default may be left out. */
export function publishedSchema(name: PublishedName): { [keyword: string]: Json } {
  const { schema, title, description } = DOCUMENTS[name];
  const made = z.toJSONSchema(schema, {
    target: 'draft-2020-12',
    io: 'input',
    reused: 'ref',
    unrepresentable: 'any',
  });
  let text = JSON.stringify(made);
  const taken = new Set<string>();
  for (const [key, def] of Object.entries(
    (made.$defs ?? {}) as Record<string, { [keyword: string]: unknown }>,
  )) {
    const found = NAMED.find(([each, is]) => !taken.has(each) && is(def))?.[0];
    const id = found ?? key.replace('__schema', 'part');
    taken.add(id);
    text = text.replaceAll(`"${key}":`, `"${id}":`).replaceAll(`"#/$defs/${key}"`, `"#/$defs/${id}"`);
  }
  const { $schema, ...rest } = JSON.parse(text) as { [keyword: string]: Json };
  return { $schema: $schema!, $id: schemaUrl(name), title, description, ...rest };
}
