import * as z from 'zod';
import { schemaSchema } from '../json-schemas.ts';
import { nodeBase, templateSchema } from './base.ts';

/** Names values; pure, so it has no attempts. The result is `values`, evaluated. */
export const setNodeSchema = z.strictObject({
  ...nodeBase,
  type: z.literal('set'),
  values: z.record(z.string(), templateSchema),
  output: schemaSchema.optional(),
});
