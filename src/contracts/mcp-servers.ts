import * as z from 'zod';
import { durationSchema } from './durations.ts';
import { digestSchema } from './id-schemas.ts';
import { schemaSchema } from './json-schemas.ts';

/** Servers of MCP whose tools a project uses: declared in `ice.yaml`, pinned in `mcp/<server>/<tool>.json`. */
export const MCP_SERVER_NAME = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;
export const SECRET_NAME = /^[A-Z][A-Z0-9_]{0,99}$/;

/** One of `url` and `command`; which fields go with which is checked where it is read. */
export const mcpServerSchema = z.strictObject({
  url: z.string().max(2_000).optional().describe('Address of a server over streamable HTTP'),
  headers: z
    .record(z.string(), z.string().max(2_000))
    .optional()
    .describe('Of each request; ${NAME} is the value of a secret, which the tools then declare'),
  command: z
    .string()
    .max(1_000)
    .optional()
    .describe('A program that speaks MCP over stdio; it is not sandboxed'),
  args: z.array(z.string().max(2_000)).max(100).optional(),
  env: z
    .array(z.string().max(100))
    .max(50)
    .optional()
    .describe('Secrets that the program gets as variables, by name'),
  tools: z.array(z.string().max(200)).max(200).optional().describe('Only these; * is any text'),
  timeout: durationSchema.optional().describe('Of one call; 60s'),
});
export type McpServer = z.infer<typeof mcpServerSchema>;

/** By name, whose form is checked where it is read. */
export const mcpServersSchema = z.record(z.string(), mcpServerSchema);

/** `mcp/<server>/<tool>.json`: what a tool of a server is, as it was when `ice import mcp` asked for it. */
export const pinnedToolSchema = z.strictObject({
  mcp: z.literal(1),
  tool: z.string().max(200),
  version: z.string().max(100),
  /** Of the component that it makes with `ice.yaml`: tells when either was changed. */
  digest: digestSchema,
  description: z.string().max(20_000),
  input: schemaSchema,
  output: schemaSchema.optional(),
});
export type PinnedTool = z.infer<typeof pinnedToolSchema>;

const entryBase = {
  mcp: z.literal(1),
  server: z.string(),
  tool: z.string(),
  /** The tool says what it answers, so its result is that and not text. */
  structured: z.boolean(),
};

/** The entry of the component of a tool of a server: all that a call of it needs, but for secrets. */
export const mcpEntrySchema = z.union([
  z.strictObject({ ...entryBase, url: z.url(), headers: z.record(z.string(), z.string()) }),
  z.strictObject({ ...entryBase, command: z.string(), args: z.array(z.string()), env: z.array(z.string()) }),
]);
export type McpEntry = z.infer<typeof mcpEntrySchema>;

/** The program of a server as it is declared among the permissions of its tools. */
export const commandLine = ({ command, args }: { command: string; args: readonly string[] }): string =>
  [command, ...args].map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word))).join(' ');

/** `${NAME}` in the value of a header. */
const PLACE = /\$\{([A-Z][A-Z0-9_]{0,99})\}/g;
export const secretsIn = (headers: Readonly<Record<string, string>>): string[] => [
  ...new Set(Object.values(headers).flatMap((value) => [...value.matchAll(PLACE)].map((match) => match[1]!))),
];
export const withSecrets = (value: string, secrets: Readonly<Record<string, string>>): string =>
  value.replace(PLACE, (whole, name: string) => secrets[name] ?? whole);
