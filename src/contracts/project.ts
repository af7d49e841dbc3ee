import * as z from 'zod';
import { projectNameSchema } from './id-schemas.ts';
import { mcpServersSchema } from './mcp-servers.ts';
import { permissionPolicySchema } from './permission-policy.ts';

/** Where components are unless `ice.yaml` says another place. */
export const COMPONENT_GLOBS = {
  tools: ['tools/**/*.ts', 'tools/**/*.js', 'tools/**/*.mjs'],
  workflows: ['workflows/**/*.yaml', 'workflows/**/*.yml', 'workflows/**/*.json', 'workflows/**/*.ts'],
  agents: ['agents/**/*.yaml', 'agents/**/*.yml'],
};

/** `ice.yaml`. */
export const projectFileSchema = z.strictObject({
  $schema: z.string().optional(),
  name: projectNameSchema,
  description: z.string().optional(),
  /** Globs of component sources, relative to the file. */
  components: z
    .strictObject({
      tools: z.array(z.string()).default(COMPONENT_GLOBS.tools),
      workflows: z.array(z.string()).default(COMPONENT_GLOBS.workflows),
      agents: z.array(z.string()).default(COMPONENT_GLOBS.agents),
    })
    .prefault({}),
  target: z.string().optional(),
  project: projectNameSchema.optional(),
  targets: z
    .record(z.string(), z.strictObject({ url: z.url(), project: projectNameSchema.optional() }))
    .default({}),
  database: z.string().optional(),
  durability: z.enum(['full', 'normal']).optional(),
  models: z.strictObject({ default: z.string().optional() }).prefault({}),
  mcpServers: mcpServersSchema.default({}).describe('MCP servers whose tools are mcp/<server>/<tool>'),
  /** The most that any tool of the project may ask for; absent = no cap. */
  policy: z.strictObject({ permissions: permissionPolicySchema.optional() }).optional(),
});
export type ProjectFile = z.infer<typeof projectFileSchema>;
