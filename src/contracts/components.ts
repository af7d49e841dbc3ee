import * as z from 'zod';
import { componentKindSchema, componentNameSchema, digestSchema } from './id-schemas.ts';
import { jsonSchema, schemaSchema } from './json-schemas.ts';

/** Limits of one tool call; each may only be lowered by a project's policy. */
export const limitsSchema = z.strictObject({
  timeoutMs: z.number().int().min(1).max(3_600_000).optional(),
  memoryMb: z.number().int().min(1).max(1024).optional(),
  outputBytes: z
    .number()
    .int()
    .min(1)
    .max(64 * 1024 * 1024)
    .optional(),
  fetches: z.number().int().min(0).max(10_000).optional(),
});

/** What a tool may touch. The default is nothing. */
export const permissionsSchema = z.strictObject({
  net: z
    .array(z.string().max(300))
    .max(100)
    .default([])
    .describe('Hosts: api.example.com, *.example.com, 127.0.0.1:8080'),
  secrets: z
    .array(z.string().regex(/^[A-Z][A-Z0-9_]{0,99}$/))
    .max(50)
    .default([]),
  limits: limitsSchema.default({}),
  commands: z
    .array(z.string().max(5_000))
    .max(10)
    .optional()
    .describe('Programs that it starts on the machine, outside of the sandbox: servers of MCP'),
});
export type Permissions = z.infer<typeof permissionsSchema>;

/**
 * Where the code of a tool runs: `sandbox` (untrusted), or `node`: full Node in a child process, allowed by the operator.
 * `mcp`: it has no code here; it is a tool of a server, which is called.
 */
export const runtimeNameSchema = z.enum(['sandbox', 'node', 'mcp']);
export type RuntimeName = z.infer<typeof runtimeNameSchema>;
/** Of a tool that has code. */
export type CodeRuntime = Exclude<RuntimeName, 'mcp'>;

/**
 * The identity of a component: its digest is sha256 over the canonical JSON (RFC 8785) of exactly this.
 * Version, description and examples are not part of it. Its bytes are themselves an artifact under that digest.
 */
export const manifestSchema = z.strictObject({
  kind: componentKindSchema,
  name: componentNameSchema,
  input: schemaSchema,
  output: schemaSchema,
  permissions: permissionsSchema,
  runtime: runtimeNameSchema,
  /** sha256 of the bundle (tool), or of the canonical JSON of the document (workflow, agent). */
  entry: digestSchema,
});
export type Manifest = z.infer<typeof manifestSchema>;

export const exampleSchema = z.strictObject({
  name: z.string().optional(),
  input: jsonSchema,
  output: jsonSchema.optional(),
});
export type Example = z.infer<typeof exampleSchema>;

/** What a component says of itself besides its identity. */
export const componentInfoSchema = z.object({
  description: z.string().default(''),
  examples: z.array(exampleSchema).default([]),
  /** Digest of the project's own sources in the bundle: tells "your code changed" from "a dependency changed". */
  sources: digestSchema.optional(),
  toolchain: z.string().optional(),
});
export type ComponentInfo = z.infer<typeof componentInfoSchema>;

/** A built component of a project, before it has a place in a registry. */
export interface BuiltComponent {
  kind: Manifest['kind'];
  name: string;
  version: string;
  digest: string;
  manifest: Manifest;
  info: ComponentInfo;
  /** The bytes under `manifest.entry`. */
  entry: Uint8Array;
  /** Where it was written, relative to the project. */
  file: string;
}

/** A version in a registry. */
export const componentVersionSchema = z.object({
  kind: componentKindSchema,
  name: componentNameSchema,
  version: z.string(),
  digest: digestSchema,
  manifest: manifestSchema,
  info: componentInfoSchema,
  tags: z.array(z.string()),
  createdAt: z.iso.datetime(),
  createdBy: z.string(),
  archivedAt: z.iso.datetime().nullable(),
  /** `std` ships with ice and is the same on every target. */
  origin: z.enum(['std', 'pushed']),
});
export type ComponentVersion = z.infer<typeof componentVersionSchema>;

/** A row of `components list`. */
export const componentSummarySchema = z.object({
  kind: componentKindSchema,
  name: componentNameSchema,
  latest: z.string(),
  versions: z.number().int(),
  description: z.string(),
  updatedAt: z.iso.datetime(),
  origin: z.enum(['std', 'pushed']),
  archived: z.boolean(),
});
export type ComponentSummary = z.infer<typeof componentSummarySchema>;

/** One change of a schema between two versions; `breaking` when a caller that worked may fail. */
export const schemaChangeSchema = z.object({
  where: z.enum(['input', 'output']),
  path: z.string(),
  change: z.string(),
  breaking: z.boolean(),
});
export type SchemaChange = z.infer<typeof schemaChangeSchema>;

export const permissionChangeSchema = z.object({
  /** `net`, `secrets`, `runtime`, `limits.timeoutMs` … */
  what: z.string(),
  added: z.array(z.string()),
  removed: z.array(z.string()),
});
export type PermissionChange = z.infer<typeof permissionChangeSchema>;

/** What a push asks for: the components as they should be. */
export const pushItemSchema = z.object({
  kind: componentKindSchema,
  name: componentNameSchema,
  version: z.string(),
  digest: digestSchema,
  info: componentInfoSchema,
  /** Where it is written, relative to the project: named in the fix of a refusal, never stored. */
  file: z.string().max(500).optional(),
});
export type PushItem = z.infer<typeof pushItemSchema>;

export const pushEntrySchema = z.object({
  action: z.enum(['create', 'update', 'unchanged', 'missing', 'archive', 'refused']),
  kind: componentKindSchema,
  name: componentNameSchema,
  /** The version asked for; for `missing`, the latest on the target. */
  version: z.string(),
  previous: z.string().nullable(),
  digest: digestSchema.nullable(),
  reason: z.string().optional(),
  /** The error that this entry ends the push with, if it is `refused`. */
  code: z.string().optional(),
  hint: z.string().optional(),
  /** Releases on the target that are above the version asked for: made elsewhere, and not known to the project. */
  newer: z
    .array(z.object({ version: z.string(), createdAt: z.iso.datetime(), createdBy: z.string() }))
    .optional(),
  schema: z.array(schemaChangeSchema),
  permissions: z.array(permissionChangeSchema),
});
export type PushEntry = z.infer<typeof pushEntrySchema>;

export const pushPlanSchema = z.object({
  plan: z.literal(1),
  project: z.string(),
  /** Hash of the target's registry that the plan was made against; `apply` refuses when it moved. */
  base: z.string(),
  entries: z.array(pushEntrySchema),
  changes: z.number().int(),
  breaking: z.boolean(),
  asksForPermissions: z.boolean(),
  refused: z.boolean(),
});
export type PushPlan = z.infer<typeof pushPlanSchema>;
