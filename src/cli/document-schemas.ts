import * as z from 'zod';
import { NODE_SCHEMAS } from '../contracts/blueprint.ts';
import { manifestSchema } from '../contracts/components.ts';
import { runEventSchema } from '../contracts/event-schema.ts';
import { PUBLISHED, type PublishedName, publishedSchema } from '../language/schema/published.ts';

/** What programs read, and parts of the published documents: without a file of their own. */
const MORE: Record<string, z.ZodType> = {
  event: runEventSchema,
  manifest: manifestSchema,
  ...Object.fromEntries(Object.entries(NODE_SCHEMAS).map(([type, schema]) => [`node/${type}`, schema])),
};

export const documentNames = (): string[] => [...PUBLISHED, ...Object.keys(MORE)];

/** The JSON Schema of a document as it is written, defaults left out; undefined when there is none of that name. */
export function documentSchema(name: string): Record<string, unknown> | undefined {
  if ((PUBLISHED as readonly string[]).includes(name)) return publishedSchema(name as PublishedName);
  const schema = Object.hasOwn(MORE, name) ? MORE[name] : undefined;
  return (
    schema && (z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Record<string, unknown>)
  );
}
