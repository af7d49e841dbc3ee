import * as z from 'zod';
import type { Json, JsonSchema } from './json.ts';

export const jsonSchema: z.ZodType<Json> = z.json() as z.ZodType<Json>;
/** A JSON Schema inside a document. */
export const schemaSchema: z.ZodType<JsonSchema> = z.union([z.boolean(), z.record(z.string(), z.unknown())]);
