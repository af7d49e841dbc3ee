import * as z from 'zod';
import { schemaSchema } from '../json-schemas.ts';
import { nodeBase, templateSchema } from './base.ts';

export const messageSchema = z.strictObject({
  role: z.enum(['system', 'user', 'assistant']),
  content: templateSchema,
});

/** One call of a language model. The result is `{ text, object?, usage, cost, model }`. */
export const llmNodeSchema = z.strictObject({
  ...nodeBase,
  type: z.literal('llm'),
  model: z.string().describe('provider/name, as echo/default or openai/gpt-5'),
  fallback: z.array(z.string()).optional().describe('Models to try in turn when the first is not available'),
  system: z.string().optional(),
  prompt: z.string().optional(),
  messages: z.array(messageSchema).optional(),
  script: z.array(templateSchema).optional().describe('For echo/script: the replies, in order'),
  temperature: z.number().min(0).max(2).optional(),
  maxTokens: z.number().int().positive().optional(),
  output: schemaSchema.optional().describe('The JSON Schema of `object`, which is then present'),
});
