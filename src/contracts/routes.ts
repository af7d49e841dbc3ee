import { z } from 'zod';
import {
  componentSummarySchema,
  componentVersionSchema,
  pushItemSchema,
  pushPlanSchema,
} from './components.ts';
import { diagnosticSchema } from './diagnostics.ts';
import {
  createDraftSchema,
  draftDocumentSchema,
  draftIdSchema,
  draftNodeSchema,
  draftPathSchema,
  draftSchema,
  draftSummarySchema,
  finalizeDraftSchema,
  finalizedDraftSchema,
} from './drafts.ts';
import { RUN_STATES } from './events.ts';
import {
  componentKindSchema,
  componentNameSchema,
  digestSchema,
  projectNameSchema,
  runIdSchema,
} from './ids.ts';
import { schemaSchema } from './nodes/base.ts';
import {
  createRunSchema,
  outlineNodeSchema,
  reachSchema,
  runPermissionsSchema,
  runSchema,
  runSummarySchema,
} from './runs.ts';

/** The most digests that one call asks for. */
export const MOST_DIGESTS = 2000;
/** The most components of one push; an API that was imported may have a thousand operations. */
const MOST_COMPONENTS = 5000;

/**
 * The route table: the server registers from it, the client's methods and types come from it, OpenAPI is generated
 * from it. Add a route here first; docs/CONTRIBUTING.md has the walk.
 */

export type RouteRole = 'viewer' | 'runner' | 'developer' | 'admin';

export interface Route {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD';
  /** `{name}` are parameters; they and the query are strings parsed by `params` and `query`. */
  path: string;
  summary: string;
  tag: string;
  /** The least role that may call it; `none` = no token, `any` = any valid token. */
  role: RouteRole | 'none' | 'any';
  params?: z.ZodType;
  query?: z.ZodType;
  body?: z.ZodType;
  /** The body is bytes, at most this many. */
  bytes?: number;
  /** The most that a JSON body may have; 1 MiB unless said. */
  maxBody?: number;
  /** The answer's schema; `sse` and `bytes` are streams and files. */
  response: z.ZodType | 'sse' | 'bytes' | 'text' | 'empty';
  status: number;
  /** A call that may be repeated without harm; the client retries only these. Writes become safe by Idempotency-Key. */
  safe: boolean;
  /** A POST that only reads: it takes no Idempotency-Key. */
  readOnly?: true;
}

const route = <const R extends Route>(r: R): R => r;

const P = '/v1/projects/{project}';
/** `_` is the token's default project. */
const project = z.union([z.literal('_'), projectNameSchema]);
const projectParams = z.object({ project });
const runParams = z.object({ project, id: runIdSchema });
const draftParams = z.object({ project, draft: draftIdSchema });
const draftNodeParams = draftParams.extend({ path: draftPathSchema });
const componentParams = z.object({ project, kind: componentKindSchema, name: componentNameSchema });

const page = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(200).optional(),
});
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
const secretParams = z.object({
  project,
  secret: z.string().min(1).max(100).describe('Capital letters, digits and _'),
});

/** A tag: a name that moves from version to version of one component. */
export const tagSchema = z.object({
  kind: componentKindSchema,
  name: componentNameSchema,
  tag: z.string(),
  version: z.string(),
  digest: digestSchema,
});
export type ComponentTag = z.infer<typeof tagSchema>;
const tagParams = componentParams.extend({
  tag: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,49}$/)
    .describe('Lower-case letters, digits and dashes'),
});
const archiveBody = z
  .strictObject({ version: z.string().max(100).optional().describe('Absent: every version') })
  .prefault({});
const archivedSchema = z.object({
  items: z.array(componentVersionSchema).describe('The versions that changed'),
  tags: z
    .array(tagSchema)
    .describe('The tags that moved, and those that name a version which is archived now'),
});

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

export const pushResultSchema = z.object({ plan: pushPlanSchema, applied: z.boolean() });

export const validateRequestSchema = z.strictObject({
  /** The document's text, YAML or JSON. */
  text: z.string().max(4 * 1024 * 1024),
  file: z.string().max(500).default('blueprint.yaml'),
  /** Components that are not on the target: reference -> digest of an uploaded manifest. */
  pins: z.record(z.string(), digestSchema).default({}),
});

const MiB = 1024 * 1024;

export const ROUTES = {
  livez: route({
    method: 'GET',
    path: '/livez',
    tag: 'health',
    summary: 'Whether the process answers',
    role: 'none',
    response: z.object({
      ok: z.literal(true),
      pid: z.number().int(),
      startedAt: z.number().int(),
      version: z.string(),
    }),
    status: 200,
    safe: true,
  }),
  readyz: route({
    method: 'GET',
    path: '/readyz',
    tag: 'health',
    summary: 'Whether every dependency is there; 503 names the one that is not',
    role: 'none',
    response: z.object({
      ok: z.boolean(),
      checks: z.record(z.string(), z.object({ ok: z.boolean(), message: z.string().optional() })),
    }),
    status: 200,
    safe: true,
  }),
  metrics: route({
    method: 'GET',
    path: '/metrics',
    tag: 'health',
    summary: 'Metrics in the Prometheus text format',
    role: 'viewer',
    response: 'text',
    status: 200,
    safe: true,
  }),
  openapi: route({
    method: 'GET',
    path: '/openapi.json',
    tag: 'health',
    summary: 'This API as OpenAPI 3.1',
    role: 'none',
    response: z.record(z.string(), z.unknown()),
    status: 200,
    safe: true,
  }),
  docs: route({
    method: 'GET',
    path: '/docs',
    tag: 'health',
    summary: 'The API, to browse',
    role: 'none',
    response: 'text',
    status: 200,
    safe: true,
  }),

  whoami: route({
    method: 'GET',
    path: '/v1/whoami',
    tag: 'identity',
    summary: 'Who the token is',
    role: 'any',
    response: whoamiSchema,
    status: 200,
    safe: true,
  }),
  tokensList: route({
    method: 'GET',
    path: '/v1/tokens',
    tag: 'identity',
    summary: 'The tokens of the org',
    role: 'admin',
    response: z.object({ items: z.array(tokenSchema) }),
    status: 200,
    safe: true,
  }),
  tokensCreate: route({
    method: 'POST',
    path: '/v1/tokens',
    tag: 'identity',
    summary: 'Make a token; its secret is shown once',
    role: 'admin',
    body: z.strictObject({
      name: z.string().min(1).max(100),
      project: projectNameSchema.nullable().default(null),
      role: z.enum(['viewer', 'runner', 'developer', 'admin']),
      expiresInMs: z.number().int().positive().optional(),
    }),
    response: tokenSchema.extend({ secret: z.string() }),
    status: 201,
    safe: false,
  }),
  tokensRevoke: route({
    method: 'DELETE',
    path: '/v1/tokens/{id}',
    tag: 'identity',
    summary: 'Revoke a token',
    role: 'admin',
    params: z.object({ id: z.string().max(60) }),
    response: 'empty',
    status: 204,
    safe: true,
  }),

  componentsList: route({
    method: 'GET',
    path: `${P}/components`,
    tag: 'components',
    summary: 'The components, std included',
    role: 'viewer',
    params: projectParams,
    query: page.extend({ kind: componentKindSchema.optional(), archived: z.stringbool().default(false) }),
    response: paged(componentSummarySchema),
    status: 200,
    safe: true,
  }),
  componentsGet: route({
    method: 'GET',
    path: `${P}/components/{kind}/{name}`,
    tag: 'components',
    summary: 'One version of a component',
    role: 'viewer',
    params: componentParams,
    query: z.object({
      range: z.string().max(100).optional().describe('A version, a range or a tag; absent: latest'),
    }),
    response: componentVersionSchema,
    status: 200,
    safe: true,
  }),
  componentsVersions: route({
    method: 'GET',
    path: `${P}/components/{kind}/{name}/versions`,
    tag: 'components',
    summary: 'All versions, newest first',
    role: 'viewer',
    params: componentParams,
    query: page,
    response: paged(componentVersionSchema),
    status: 200,
    safe: true,
  }),
  componentsResolve: route({
    method: 'POST',
    path: `${P}/components/resolve`,
    tag: 'components',
    summary: 'Resolve references to versions',
    role: 'viewer',
    params: projectParams,
    body: z.strictObject({
      refs: z.array(z.string().max(200)).max(1000).describe('tool/std/csv-parse@^1'),
      reach: z.boolean().default(false).describe('Also what each may touch through what it calls'),
    }),
    response: z.object({
      found: z.record(z.string(), componentVersionSchema.extend({ reach: reachSchema.optional() })),
      missing: z.array(z.string()),
    }),
    status: 200,
    safe: true,
    readOnly: true,
  }),
  componentsTag: route({
    method: 'GET',
    path: `${P}/components/{kind}/{name}/tags/{tag}`,
    tag: 'components',
    summary: 'The version that a tag names; its ETag is for moving it',
    role: 'viewer',
    params: tagParams,
    response: tagSchema,
    status: 200,
    safe: true,
  }),
  componentsSetTag: route({
    method: 'PUT',
    path: `${P}/components/{kind}/{name}/tags/{tag}`,
    tag: 'components',
    summary: 'Move a tag (If-Match: its ETag), or make one (If-None-Match: *)',
    role: 'developer',
    params: tagParams,
    body: z.strictObject({ version: z.string().max(100) }),
    response: tagSchema,
    status: 200,
    safe: true,
  }),
  componentsRemoveTag: route({
    method: 'DELETE',
    path: `${P}/components/{kind}/{name}/tags/{tag}`,
    tag: 'components',
    summary: 'Remove a tag (If-Match: its ETag)',
    role: 'developer',
    params: tagParams,
    response: 'empty',
    status: 204,
    safe: false,
  }),
  componentsArchive: route({
    method: 'POST',
    path: `${P}/components/{kind}/{name}/archive`,
    tag: 'components',
    summary: 'Archive a version, or all: only an exact version still reaches it',
    role: 'developer',
    params: componentParams,
    body: archiveBody,
    response: archivedSchema,
    status: 200,
    safe: true,
  }),
  componentsRestore: route({
    method: 'POST',
    path: `${P}/components/{kind}/{name}/restore`,
    tag: 'components',
    summary: 'Take a version, or all, out of the archive',
    role: 'developer',
    params: componentParams,
    body: archiveBody,
    response: archivedSchema,
    status: 200,
    safe: true,
  }),
  artifactsPut: route({
    method: 'PUT',
    path: `${P}/artifacts/{digest}`,
    tag: 'components',
    summary: 'Upload content under its digest; idempotent',
    role: 'developer',
    params: z.object({ project, digest: digestSchema }),
    bytes: 16 * MiB,
    response: z.object({ digest: digestSchema, size: z.number().int() }),
    status: 201,
    safe: true,
  }),
  artifactsGet: route({
    method: 'GET',
    path: `${P}/artifacts/{digest}`,
    tag: 'components',
    summary: 'Content by digest',
    role: 'developer',
    params: z.object({ project, digest: digestSchema }),
    response: 'bytes',
    status: 200,
    safe: true,
  }),
  artifactsMissing: route({
    method: 'POST',
    path: `${P}/artifacts/missing`,
    tag: 'components',
    summary: 'Which of these digests are not there',
    role: 'developer',
    params: projectParams,
    body: z.strictObject({ digests: z.array(digestSchema).max(MOST_DIGESTS) }),
    response: z.object({ missing: z.array(digestSchema) }),
    status: 200,
    safe: true,
    readOnly: true,
  }),
  pushesCreate: route({
    method: 'POST',
    path: `${P}/pushes`,
    tag: 'components',
    summary: 'Plan a push (dry run), or apply it in one transaction',
    role: 'developer',
    params: projectParams,
    body: pushRequestSchema,
    maxBody: 8 * MiB,
    response: pushResultSchema,
    status: 200,
    safe: false,
  }),

  blueprintsValidate: route({
    method: 'POST',
    path: `${P}/blueprints/validate`,
    tag: 'blueprints',
    summary: 'All diagnostics of a blueprint',
    role: 'viewer',
    params: projectParams,
    body: validateRequestSchema,
    maxBody: 8 * MiB,
    response: z.object({ ok: z.boolean(), diagnostics: z.array(diagnosticSchema) }),
    status: 200,
    safe: true,
    readOnly: true,
  }),

  draftsList: route({
    method: 'GET',
    path: `${P}/drafts`,
    tag: 'drafts',
    summary: 'Drafts of blueprints, newest first',
    role: 'viewer',
    params: projectParams,
    query: page,
    response: paged(draftSummarySchema),
    status: 200,
    safe: true,
  }),
  draftsCreate: route({
    method: 'POST',
    path: `${P}/drafts`,
    tag: 'drafts',
    summary: 'Begin a draft: empty, from a document, or from a workflow',
    role: 'developer',
    params: projectParams,
    body: createDraftSchema,
    maxBody: 4 * MiB,
    response: draftSchema,
    status: 201,
    safe: false,
  }),
  draftsGet: route({
    method: 'GET',
    path: `${P}/drafts/{draft}`,
    tag: 'drafts',
    summary: 'One draft; its ETag is for editing it',
    role: 'viewer',
    params: draftParams,
    response: draftSchema,
    status: 200,
    safe: true,
  }),
  draftsUpdate: route({
    method: 'PUT',
    path: `${P}/drafts/{draft}`,
    tag: 'drafts',
    summary: 'Replace the whole document (If-Match: its ETag)',
    role: 'developer',
    params: draftParams,
    body: z.strictObject({ document: draftDocumentSchema }),
    maxBody: 4 * MiB,
    response: draftSchema,
    status: 200,
    safe: false,
  }),
  draftsRemove: route({
    method: 'DELETE',
    path: `${P}/drafts/{draft}`,
    tag: 'drafts',
    summary: 'Remove a draft (If-Match: its ETag)',
    role: 'developer',
    params: draftParams,
    response: 'empty',
    status: 204,
    safe: false,
  }),
  draftsSetNode: route({
    method: 'PUT',
    path: `${P}/drafts/{draft}/nodes/{path}`,
    tag: 'drafts',
    summary: 'Put a node there, or in the place of the one that is there (If-Match: the ETag of the draft)',
    role: 'developer',
    params: draftNodeParams,
    query: z.object({
      before: z.string().max(64).optional().describe('Id of the sibling that it stands before; else last'),
    }),
    body: draftNodeSchema,
    response: draftSchema,
    status: 200,
    safe: false,
  }),
  draftsRemoveNode: route({
    method: 'DELETE',
    path: `${P}/drafts/{draft}/nodes/{path}`,
    tag: 'drafts',
    summary: 'Take a node out, with what it holds (If-Match: the ETag of the draft)',
    role: 'developer',
    params: draftNodeParams,
    response: draftSchema,
    status: 200,
    safe: false,
  }),
  draftsValidate: route({
    method: 'POST',
    path: `${P}/drafts/{draft}/validate`,
    tag: 'drafts',
    summary: 'All diagnostics of a draft, and the text that they point into',
    role: 'viewer',
    params: draftParams,
    body: z.strictObject({}).prefault({}),
    response: z.object({ ok: z.boolean(), text: z.string(), diagnostics: z.array(diagnosticSchema) }),
    status: 200,
    safe: true,
    readOnly: true,
  }),
  draftsFinalize: route({
    method: 'POST',
    path: `${P}/drafts/{draft}/finalize`,
    tag: 'drafts',
    summary: 'A draft that is whole as a document, or as a version (If-Match: its ETag)',
    role: 'developer',
    params: draftParams,
    body: finalizeDraftSchema,
    response: finalizedDraftSchema,
    status: 200,
    safe: false,
  }),

  secretsList: route({
    method: 'GET',
    path: `${P}/secrets`,
    tag: 'secrets',
    summary: 'The names of the secrets, never their values',
    role: 'developer',
    params: projectParams,
    response: z.object({ items: z.array(secretSchema), masterKey: keyPlaceSchema }),
    status: 200,
    safe: true,
  }),
  secretsPut: route({
    method: 'PUT',
    path: `${P}/secrets/{secret}`,
    tag: 'secrets',
    summary: 'Set a secret; the value is encrypted at rest and cannot be read back',
    role: 'developer',
    params: secretParams,
    body: z.strictObject({ value: z.string().max(16 * 1024) }),
    response: secretSchema,
    status: 200,
    safe: true,
  }),
  secretsRemove: route({
    method: 'DELETE',
    path: `${P}/secrets/{secret}`,
    tag: 'secrets',
    summary: 'Remove a secret',
    role: 'developer',
    params: secretParams,
    response: 'empty',
    status: 204,
    safe: true,
  }),
  secretsRotate: route({
    method: 'POST',
    path: `${P}/secrets/rotate`,
    tag: 'secrets',
    summary:
      'Put every secret of the target under its current master key, or a new one; says how many were not',
    role: 'admin',
    params: projectParams,
    body: z.strictObject({ newKey: z.boolean().optional() }).prefault({}),
    response: z.object({ resealed: z.number().int(), masterKey: keyPlaceSchema }),
    status: 200,
    safe: true,
  }),

  runsCreate: route({
    method: 'POST',
    path: `${P}/runs`,
    tag: 'runs',
    summary: 'Start a run',
    role: 'runner',
    params: projectParams,
    query: z.object({
      wait: z.coerce.number().min(0).max(60).default(0).describe('Seconds to wait for the end'),
    }),
    body: createRunSchema,
    maxBody: 16 * MiB,
    response: runSchema,
    status: 201,
    safe: false,
  }),
  runsList: route({
    method: 'GET',
    path: `${P}/runs`,
    tag: 'runs',
    summary: 'Runs, newest first',
    role: 'viewer',
    params: projectParams,
    query: page.extend({ state: z.enum(RUN_STATES).optional(), name: componentNameSchema.optional() }),
    response: paged(runSummarySchema),
    status: 200,
    safe: true,
  }),
  runsGet: route({
    method: 'GET',
    path: `${P}/runs/{id}`,
    tag: 'runs',
    summary: 'One run',
    role: 'viewer',
    params: runParams,
    query: z.object({
      wait: z.coerce.number().min(0).max(60).default(0).describe('Seconds to wait for the end'),
    }),
    response: runSchema,
    status: 200,
    safe: true,
  }),
  runsOutline: route({
    method: 'GET',
    path: `${P}/runs/{id}/outline`,
    tag: 'runs',
    summary: 'What the run is made of: its plan, without code',
    role: 'viewer',
    params: runParams,
    response: z.object({
      outline: z.array(outlineNodeSchema),
      outputs: z.record(z.string(), schemaSchema),
      permissions: z.array(runPermissionsSchema).describe('What each of its tools may touch'),
    }),
    status: 200,
    safe: true,
  }),
  runsEvents: route({
    method: 'GET',
    path: `${P}/runs/{id}/events`,
    tag: 'runs',
    summary:
      'The journal as server-sent events, from `Last-Event-ID` on, until the run ends; as JSON lines with `Accept: application/x-ndjson`, without following',
    role: 'viewer',
    params: runParams,
    query: z.object({ after: z.coerce.number().int().min(0).optional().describe('Like Last-Event-ID') }),
    response: 'sse',
    status: 200,
    safe: true,
  }),
  runsCancel: route({
    method: 'POST',
    path: `${P}/runs/{id}/cancel`,
    tag: 'runs',
    summary: 'Cancel: attempts are stopped, nothing new starts',
    role: 'runner',
    params: runParams,
    body: z
      .strictObject({ reason: z.string().max(500).optional(), force: z.boolean().default(false) })
      .prefault({}),
    response: runSchema,
    status: 202,
    safe: true,
  }),
  runsPause: route({
    method: 'POST',
    path: `${P}/runs/{id}/pause`,
    tag: 'runs',
    summary: 'Stop starting nodes, and give the run back',
    role: 'runner',
    params: runParams,
    body: z.strictObject({}).prefault({}),
    response: runSchema,
    status: 202,
    safe: true,
  }),
  runsResume: route({
    method: 'POST',
    path: `${P}/runs/{id}/resume`,
    tag: 'runs',
    summary: 'Go on with a paused run, or with one whose worker died',
    role: 'runner',
    params: runParams,
    body: z.strictObject({}).prefault({}),
    response: runSchema,
    status: 202,
    safe: true,
  }),
} as const satisfies Record<string, Route>;

export type RouteName = keyof typeof ROUTES;
export const JSON_BODY_LIMIT = MiB;
