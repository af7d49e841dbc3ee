import * as z from 'zod';
import { permissionsSchema, runtimeNameSchema } from './components.ts';
import { RUN_STATES } from './events.ts';
import { componentKindSchema, digestSchema, runIdSchema } from './id-schemas.ts';
import { jsonSchema } from './json-schemas.ts';

export const usageSchema = z.object({ inputTokens: z.number().int(), outputTokens: z.number().int() });

export const errorBodySchema = z.object({
  code: z.string(),
  message: z.string(),
  hint: z.string().optional(),
  docs: z.string().optional(),
  details: z.record(z.string(), z.unknown()).optional(),
});

/** What a run is made of, for views that show nodes before they start. */
export interface OutlineNode {
  id: string;
  type: string;
  /** A tool's reference, a model's name, a child workflow's name. */
  label?: string;
  /** Siblings of the same list that must have settled before it starts; absent = none. */
  after?: string[];
  /** Named lists of nested nodes: `then`, `else`, `body`, branch names; a child workflow's `nodes`. */
  lists?: Record<string, OutlineNode[]>;
}
export const outlineNodeSchema: z.ZodType<OutlineNode> = z.lazy(() =>
  z.object({
    id: z.string(),
    type: z.string(),
    label: z.string().optional(),
    after: z.array(z.string()).optional(),
    lists: z.record(z.string(), z.array(outlineNodeSchema)).optional(),
  }),
);

export const runSchema = z.object({
  id: runIdSchema,
  project: z.string(),
  state: z.enum(RUN_STATES),
  name: z.string(),
  version: z.string(),
  digest: digestSchema,
  plan: digestSchema,
  inputs: z.record(z.string(), jsonSchema),
  outputs: z.record(z.string(), jsonSchema).nullable(),
  error: errorBodySchema.nullable(),
  handledFailures: z.array(z.string()),
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().nullable(),
  endedAt: z.iso.datetime().nullable(),
  createdBy: z.string(),
  usage: usageSchema,
  /** US dollars. */
  cost: z.number(),
  maxCost: z.number().nullable(),
  cancelRequested: z.boolean(),
  /** The last event's number; also the ETag. */
  seq: z.number().int(),
  /** Whether a worker holds the run's lease now. */
  driven: z.boolean(),
});
export type Run = z.infer<typeof runSchema>;

/** What a component of a run may touch, as it was declared when the run was made. */
export const runPermissionsSchema = z.object({
  /** `price@1.0.0` */
  component: z.string(),
  kind: componentKindSchema,
  runtime: runtimeNameSchema,
  ...permissionsSchema.shape,
});
export type RunPermissions = z.infer<typeof runPermissionsSchema>;

/** What a component may touch, itself and through everything that it calls. */
export const reachSchema = z.object({
  components: z.array(runPermissionsSchema).describe('It, if it is a tool, and each tool that it may call'),
  models: z.array(z.string()).describe('Models of a provider that it may ask; those of echo are left out'),
});
export type Reach = z.infer<typeof reachSchema>;

/** A row of `runs list`: without inputs and outputs. */
export const runSummarySchema = runSchema.omit({ inputs: true, outputs: true, handledFailures: true });
export type RunSummary = z.infer<typeof runSummarySchema>;
