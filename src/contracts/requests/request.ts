import * as z from 'zod';
import { projectNameSchema } from '../id-schemas.ts';

/** What a route takes: absent is what it does not. `params` are those of its path. */
export interface Request {
  params?: z.ZodType;
  query?: z.ZodType;
  body?: z.ZodType;
}
/** By the name of the route. */
export type Requests = Record<string, Request>;

/** `_` is the token's default project. */
export const project = z.union([z.literal('_'), projectNameSchema]);
export const projectParams = z.object({ project });

/** Of a list that comes in pages. */
export const page = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(200).optional(),
});
