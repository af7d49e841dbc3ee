import * as z from 'zod';
import { projectNameSchema } from '../id-schemas.ts';
import type { Requests } from './request.ts';

export const IDENTITY_REQUESTS = {
  tokensCreate: {
    body: z.strictObject({
      name: z.string().min(1).max(100),
      project: projectNameSchema.nullable().default(null),
      role: z.enum(['viewer', 'runner', 'developer', 'admin']),
      expiresInMs: z.number().int().positive().optional(),
    }),
  },
  tokensRevoke: {
    params: z.object({ id: z.string().max(60) }),
  },
} as const satisfies Requests;
