import * as z from 'zod';
import { schemaSchema } from '../json-schemas.ts';
import { nodeBase, templateSchema } from './base.ts';

/** Calls a tool; the result is what the tool returns, checked against its output schema. */
export const toolNodeSchema = z.strictObject({
  ...nodeBase,
  type: z.literal('tool'),
  tool: z.string().describe('A tool: name, name@range, std/name@^1'),
  args: z.record(z.string(), templateSchema).default({}),
  output: schemaSchema.optional().describe('A JSON Schema that the result must also match'),
});
