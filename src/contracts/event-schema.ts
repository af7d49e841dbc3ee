import * as z from 'zod';
import { runIdSchema } from './id-schemas.ts';
import { jsonSchema } from './json-schemas.ts';

/** The wire form, for clients and OpenAPI; the engine's own events are built typed and not parsed again. */
export const runEventSchema = z.object({
  v: z.literal(1),
  seq: z.number().int().positive(),
  ts: z.number().int().describe('Epoch milliseconds'),
  runId: runIdSchema,
  type: z.string(),
  path: z.string().optional(),
  attempt: z.number().int().optional(),
  data: z.record(z.string(), jsonSchema),
});
