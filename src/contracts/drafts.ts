import * as z from 'zod';
import { componentVersionSchema, pushPlanSchema } from './components.ts';
import { jsonSchema } from './json-schemas.ts';

/**
 * Drafts: blueprints that are not finished, kept on a target and edited node by node. Nothing about them has to be
 * valid but that they are JSON; `validate` says what is missing, `finalize` makes a workflow of one that is whole.
 */

export const draftIdSchema = z
  .string()
  .regex(/^dft_[0-9a-z]{26}$/)
  .describe('dft_ and 26 characters, sortable by time');

/**
 * Where a node stands in a draft: its id on the top level, `loop.id` in a loop, `check.then.id` in a condition,
 * `fan.branch.id` in a parallel; as the paths of a run, without the numbers of items.
 */
export const draftPathSchema = z
  .string()
  .max(500)
  .regex(/^[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)*$/);

/** An object of JSON: a node that may lack anything but its id, which the path says. */
export const draftNodeSchema = z.record(z.string(), jsonSchema);

/** A blueprint that may lack anything; fields that no blueprint has are kept, and found by `validate`. */
export const draftDocumentSchema = z
  .record(z.string(), jsonSchema)
  .refine((document) => document['nodes'] === undefined || Array.isArray(document['nodes']), {
    path: ['nodes'],
    message: 'nodes is a list',
  });

export const draftSummarySchema = z.object({
  id: draftIdSchema,
  /** What the document says; null while it says none. */
  name: z.string().nullable(),
  /** Counts its changes, from 1; also the ETag. */
  revision: z.number().int(),
  /** Nodes, nested ones included. */
  nodes: z.number().int(),
  createdAt: z.iso.datetime(),
  createdBy: z.string(),
  updatedAt: z.iso.datetime(),
  updatedBy: z.string(),
});
export const draftSchema = draftSummarySchema.extend({ document: draftNodeSchema });
export type Draft = z.infer<typeof draftSchema>;
export type DraftSummary = z.infer<typeof draftSummarySchema>;

export const createDraftSchema = z
  .strictObject({
    document: draftDocumentSchema.optional(),
    from: z
      .string()
      .max(200)
      .optional()
      .describe('Begin with a workflow of the target: workflow/report@1.0.0'),
  })
  .prefault({});

export const finalizeDraftSchema = z
  .strictObject({
    push: z
      .boolean()
      .default(false)
      .describe(
        'Register it as a version, after which the draft is gone; else only the document is answered',
      ),
    version: z.string().max(100).optional().describe('Instead of the one in the document'),
    allowBreaking: z.boolean().default(false),
  })
  .prefault({});

export const finalizedDraftSchema = z.object({
  /** The document as YAML. */
  text: z.string(),
  /** What was done to the registry; null without `push`. */
  plan: pushPlanSchema.nullable(),
  version: componentVersionSchema.nullable(),
});
