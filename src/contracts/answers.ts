import * as z from 'zod';
import { componentSummarySchema, componentVersionSchema, pushPlanSchema } from './components.ts';
import { diagnosticSchema } from './diagnostics.ts';
import { draftSchema, draftSummarySchema, finalizedDraftSchema } from './drafts.ts';
import { componentKindSchema, componentNameSchema, digestSchema } from './id-schemas.ts';
import { schemaSchema } from './json-schemas.ts';
import type { ROUTES } from './routes.ts';
import { outlineNodeSchema, reachSchema, runPermissionsSchema, runSchema, runSummarySchema } from './runs.ts';

const paged = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), next: z.string().nullable() });

/** Where the key is that secrets are sealed under; `none`: it is made, or must be given, before the first one. */
export const keyPlaceSchema = z.enum(['environment', 'keyring', 'file', 'none']);

export const whoamiSchema = z.object({
  tokenId: z.string(),
  name: z.string(),
  org: z.string(),
  project: z.string(),
  role: z.enum(['viewer', 'runner', 'developer', 'admin']),
  operator: z.boolean(),
  expiresAt: z.iso.datetime().nullable(),
  server: z.object({
    version: z.string(),
    trustsPushedCode: z.boolean(),
    masterKey: keyPlaceSchema,
  }),
});

export const tokenSchema = z.object({
  id: z.string(),
  name: z.string(),
  org: z.string(),
  project: z.string().nullable(),
  role: z.enum(['viewer', 'runner', 'developer', 'admin']),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().nullable(),
  lastUsedAt: z.iso.datetime().nullable(),
  revokedAt: z.iso.datetime().nullable(),
});

/** What one may know of a secret; its value never leaves by the API. */
export const secretSchema = z.object({
  name: z.string(),
  version: z.number().int().describe('From 1; counts each new value'),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  updatedBy: z.string(),
});
export type SecretSummary = z.infer<typeof secretSchema>;
/** A tag: a name that moves from version to version of one component. */
export const tagSchema = z.object({
  kind: componentKindSchema,
  name: componentNameSchema,
  tag: z.string(),
  version: z.string(),
  digest: digestSchema,
});
export type ComponentTag = z.infer<typeof tagSchema>;
const archivedSchema = z.object({
  items: z.array(componentVersionSchema).describe('The versions that changed'),
  tags: z
    .array(tagSchema)
    .describe('The tags that moved, and those that name a version which is archived now'),
});

export const pushResultSchema = z.object({ plan: pushPlanSchema, applied: z.boolean() });

type JsonRoute = {
  [N in keyof typeof ROUTES]: (typeof ROUTES)[N]['response'] extends 'json' ? N : never;
}[keyof typeof ROUTES];

/** What each route answers that answers JSON. For OpenAPI, types and tests; nothing is parsed by it when ice runs. */
export const ANSWERS = {
  livez: z.object({
    ok: z.literal(true),
    pid: z.number().int(),
    startedAt: z.number().int(),
    version: z.string(),
  }),
  readyz: z.object({
    ok: z.boolean(),
    checks: z.record(z.string(), z.object({ ok: z.boolean(), message: z.string().optional() })),
  }),
  openapi: z.record(z.string(), z.unknown()),
  whoami: whoamiSchema,
  tokensList: z.object({ items: z.array(tokenSchema) }),
  tokensCreate: tokenSchema.extend({ secret: z.string() }),
  componentsList: paged(componentSummarySchema),
  componentsGet: componentVersionSchema,
  componentsVersions: paged(componentVersionSchema),
  componentsResolve: z.object({
    found: z.record(z.string(), componentVersionSchema.extend({ reach: reachSchema.optional() })),
    missing: z.array(z.string()),
  }),
  componentsTag: tagSchema,
  componentsSetTag: tagSchema,
  componentsArchive: archivedSchema,
  componentsRestore: archivedSchema,
  artifactsPut: z.object({ digest: digestSchema, size: z.number().int() }),
  artifactsMissing: z.object({ missing: z.array(digestSchema) }),
  pushesCreate: pushResultSchema,
  blueprintsValidate: z.object({ ok: z.boolean(), diagnostics: z.array(diagnosticSchema) }),
  draftsList: paged(draftSummarySchema),
  draftsCreate: draftSchema,
  draftsGet: draftSchema,
  draftsUpdate: draftSchema,
  draftsSetNode: draftSchema,
  draftsRemoveNode: draftSchema,
  draftsValidate: z.object({ ok: z.boolean(), text: z.string(), diagnostics: z.array(diagnosticSchema) }),
  draftsFinalize: finalizedDraftSchema,
  secretsList: z.object({ items: z.array(secretSchema), masterKey: keyPlaceSchema }),
  secretsPut: secretSchema,
  secretsRotate: z.object({ resealed: z.number().int(), masterKey: keyPlaceSchema }),
  runsCreate: runSchema,
  runsList: paged(runSummarySchema),
  runsGet: runSchema,
  runsOutline: z.object({
    outline: z.array(outlineNodeSchema),
    outputs: z.record(z.string(), schemaSchema),
    permissions: z.array(runPermissionsSchema).describe('What each of its tools may touch'),
  }),
  runsCancel: runSchema,
  runsPause: runSchema,
  runsResume: runSchema,
} as const satisfies Record<JsonRoute, z.ZodType>;
