import * as z from 'zod';
import { pushItemSchema } from '../components.ts';
import { projectParams, type Requests } from './request.ts';

/** The most components of one push; an API that was imported may have a thousand operations. */
const MOST_COMPONENTS = 5000;

export const pushRequestSchema = z.strictObject({
  items: z.array(pushItemSchema).max(MOST_COMPONENTS),
  /** Components of the target that the project no longer has are archived. */
  archiveMissing: z.boolean().default(false),
  allowBreaking: z.boolean().default(false),
  allowPermissions: z.boolean().default(false),
  /** A component of which only a bundled dependency or the toolchain changed gets the next patch version. */
  bump: z.boolean().default(false),
  dryRun: z.boolean(),
  /** Apply only if the target's registry is still the one that the plan was made against. */
  base: z.string().optional(),
  tag: z.string().optional(),
});

export const PUSH_REQUESTS = {
  pushesCreate: {
    params: projectParams,
    body: pushRequestSchema,
  },
} as const satisfies Requests;
