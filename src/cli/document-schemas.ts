import { z } from 'zod';
import { blueprintSchema, NODE_SCHEMAS } from '../contracts/blueprint.ts';
import { manifestSchema } from '../contracts/components.ts';
import { runEventSchema } from '../contracts/events.ts';
import { agentDocumentSchema } from '../contracts/nodes/agent.ts';
import { projectFileSchema } from '../contracts/project.ts';

/** Documents that people and programs write or read, by the name that `ice schema` and dist/schemas know them by. */
const DOCUMENTS: Record<string, z.ZodType> = {
  blueprint: blueprintSchema,
  project: projectFileSchema,
  agent: agentDocumentSchema,
  event: runEventSchema,
  manifest: manifestSchema,
  ...Object.fromEntries(Object.entries(NODE_SCHEMAS).map(([type, schema]) => [`node/${type}`, schema])),
};

export const documentNames = (): string[] => Object.keys(DOCUMENTS);

/** The JSON Schema of a document as it is written, defaults left out; undefined when there is none of that name. */
export function documentSchema(name: string): Record<string, unknown> | undefined {
  const schema = Object.hasOwn(DOCUMENTS, name) ? DOCUMENTS[name] : undefined;
  return (
    schema && (z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Record<string, unknown>)
  );
}
