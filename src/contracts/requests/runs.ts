import * as z from 'zod';
import { RUN_STATES } from '../events.ts';
import { componentNameSchema, digestSchema, runIdSchema } from '../id-schemas.ts';
import { jsonSchema } from '../json-schemas.ts';
import { page, project, projectParams, type Requests } from './request.ts';

/**
 * What to run: a reference (`price`, `workflow/report@^1`) resolved on the target, or the digest of an uploaded
 * manifest. `pins` answers the references inside the document first; what is not pinned is resolved on the target.
 */
export const createRunSchema = z.strictObject({
  id: runIdSchema.optional().describe('Made by the client, so that a retry is safe'),
  ref: z.string().max(200).optional(),
  digest: digestSchema.optional(),
  version: z.string().optional().describe('With digest: the version that the source says'),
  pins: z.record(z.string(), digestSchema).optional().describe('"tool/price@^1" -> digest of a manifest'),
  about: z
    .record(
      digestSchema,
      z.strictObject({
        version: z.string().max(100).optional(),
        description: z.string().max(10_000).optional(),
      }),
    )
    .optional()
    .describe('With digest: what the sources say of components, which models and people read'),
  inputs: z.record(z.string(), jsonSchema).default({}),
  deadlineMs: z.number().int().positive().optional(),
  maxCost: z.number().positive().optional(),
});
export type CreateRun = z.infer<typeof createRunSchema>;

const runParams = z.object({ project, id: runIdSchema });
const waitQuery = z.object({
  wait: z.coerce.number().min(0).max(60).default(0).describe('Seconds to wait for the end'),
});

export const RUN_REQUESTS = {
  runsCreate: {
    params: projectParams,
    query: waitQuery,
    body: createRunSchema,
  },
  runsList: {
    params: projectParams,
    query: page.extend({ state: z.enum(RUN_STATES).optional(), name: componentNameSchema.optional() }),
  },
  runsGet: {
    params: runParams,
    query: waitQuery,
  },
  runsOutline: {
    params: runParams,
  },
  runsEvents: {
    params: runParams,
    query: z.object({ after: z.coerce.number().int().min(0).optional().describe('Like Last-Event-ID') }),
  },
  runsCancel: {
    params: runParams,
    body: z
      .strictObject({ reason: z.string().max(500).optional(), force: z.boolean().default(false) })
      .prefault({}),
  },
  runsPause: {
    params: runParams,
    body: z.strictObject({}).prefault({}),
  },
  runsResume: {
    params: runParams,
    body: z.strictObject({}).prefault({}),
  },
} as const satisfies Requests;
