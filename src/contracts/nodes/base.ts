import * as z from 'zod';
import { durationSchema } from '../durations.ts';
import { nodeIdSchema } from '../id-schemas.ts';
import { jsonSchema } from '../json-schemas.ts';

/** Any JSON whose strings may hold `{{ … }}`. */
export const templateSchema = jsonSchema.describe('A value; strings may hold {{ expressions }}');
export const expressionSchema = z.string().describe('One {{ expression }}');

export const retrySchema = z.strictObject({
  maxAttempts: z.number().int().min(1).max(100).default(3).describe('All attempts, the first included'),
  backoff: z.enum(['fixed', 'linear', 'exponential']).default('exponential'),
  initial: durationSchema.default('1s').describe('The wait before the second attempt'),
  max: durationSchema.default('1m').describe('The longest wait'),
  jitter: z.boolean().default(true).describe('Draw each wait between half of it and all of it'),
});

export const onErrorSchema = z.union([
  z.literal('fail'),
  z.literal('continue'),
  z.strictObject({ value: templateSchema.describe('What dependents read instead') }),
]);

export const cacheSchema = z.union([z.boolean(), z.strictObject({ ttl: durationSchema })]);

/** The fields that every node has, nested or not. */
export const nodeBase = {
  id: nodeIdSchema.describe('Unique among what can see it; letters, digits and _'),
  description: z.string().optional(),
  if: z.union([expressionSchema, z.boolean()]).optional().describe('The node is skipped unless this is true'),
  needs: z.array(nodeIdSchema).optional().describe('Nodes to wait for besides those that it reads'),
  retry: retrySchema.optional(),
  timeout: durationSchema.optional().describe('The longest time of one attempt'),
  onError: onErrorSchema.optional(),
  cache: cacheSchema.optional(),
  maxCrashes: z.number().int().min(1).max(10).optional().describe('How often it may take its worker down; 3'),
};
