import * as z from 'zod';
import { project, projectParams, type Requests } from './request.ts';

const secretParams = z.object({
  project,
  secret: z.string().min(1).max(100).describe('Capital letters, digits and _'),
});

export const SECRET_REQUESTS = {
  secretsList: {
    params: projectParams,
  },
  secretsPut: {
    params: secretParams,
    body: z.strictObject({ value: z.string().max(16 * 1024) }),
  },
  secretsRemove: {
    params: secretParams,
  },
  secretsRotate: {
    params: projectParams,
    body: z.strictObject({ newKey: z.boolean().optional() }).prefault({}),
  },
} as const satisfies Requests;
