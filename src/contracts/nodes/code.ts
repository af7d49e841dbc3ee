import * as z from 'zod';
import { schemaSchema } from '../json-schemas.ts';
import { nodeBase, templateSchema } from './base.ts';

/** Longer code belongs in a tool, where it has types and tests. */
export const MOST_CODE = 100_000;

/**
 * A few lines of JavaScript, always in the sandbox: the body of an async function of `args` and `ctx` (log,
 * progress). The result is what it returns; `output` types it.
 */
export const codeNodeSchema = z.strictObject({
  ...nodeBase,
  type: z.literal('code'),
  language: z.literal('javascript').default('javascript'),
  code: z
    .string()
    .min(1)
    .max(MOST_CODE)
    .describe('The body of a function: `return args.a + args.b`; not a template'),
  args: z.record(z.string(), templateSchema).default({}),
  output: schemaSchema.optional().describe('A JSON Schema that the result must match'),
});
