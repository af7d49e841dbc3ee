import { hash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import canonicalize from 'canonicalize';
import type { Manifest } from '../contracts/components.ts';
import type { Diagnostic } from '../contracts/diagnostics.ts';
import type { Json, JsonSchema } from '../contracts/json.ts';
import {
  commandLine,
  type McpEntry,
  type PinnedTool,
  pinnedToolSchema,
  secretsIn,
} from '../contracts/mcp-servers.ts';
import type { ProjectFile } from '../contracts/project.ts';
import { finding } from '../language/diagnostics/finding.ts';
import { boundsProblem } from '../language/schema/bounds.ts';
import type { ComponentSource } from './component-sources.ts';
import { netHost } from './import/openapi/read-server.ts';
import { type Declared, declaredServer } from './mcp-sources.ts';
import { unreadable } from './unreadable.ts';

const MOST_BYTES = 1024 * 1024;

/** The name of a tool in references and files: its own, where that can be one. */
export const referenceOf = (tool: string): string =>
  tool.replace(/[^A-Za-z0-9_.-]/g, '_').replace(/^[^A-Za-z0-9]+/, '') || 'tool';

/** What a tool without a schema of its result gives. */
export const CONTENT: JsonSchema = {
  type: 'object',
  properties: {
    text: { type: 'string', description: 'All text of the answer' },
    content: {
      type: 'array',
      items: { type: 'object', properties: { type: { type: 'string' } }, required: ['type'] },
    },
  },
  required: ['text', 'content'],
  additionalProperties: false,
};

/** The component that a pinned tool makes: its manifest, and the bytes of its entry. */
export function mcpComponent(
  server: Declared,
  pinned: Pick<PinnedTool, 'tool' | 'input' | 'output'>,
): { manifest: Manifest; entry: Uint8Array; digest: string } {
  const base = {
    mcp: 1 as const,
    server: server.name,
    tool: pinned.tool,
    structured: pinned.output !== undefined,
  };
  const value: McpEntry =
    'url' in server
      ? { ...base, url: server.url, headers: server.headers }
      : { ...base, command: server.command, args: server.args, env: server.env };
  const entry = bytesOf(value);
  const manifest: Manifest = {
    kind: 'tool',
    name: `mcp/${server.name}/${referenceOf(pinned.tool)}`,
    input: pinned.input,
    output: pinned.output ?? CONTENT,
    permissions: {
      net: 'url' in server ? [netHost(server.url)] : [],
      secrets: 'url' in server ? secretsIn(server.headers) : server.env,
      limits: server.timeoutMs === undefined ? {} : { timeoutMs: server.timeoutMs },
      ...('url' in server ? {} : { commands: [commandLine(server)] }),
    },
    runtime: 'mcp',
    entry: digestOf(entry),
  };
  return { manifest, entry, digest: digestOf(bytesOf(manifest)) };
}

const bytesOf = (value: unknown): Uint8Array => new TextEncoder().encode(canonicalize(value));
const digestOf = (bytes: Uint8Array): string => `sha256:${hash('sha256', bytes, 'hex')}`;

export interface McpBuild {
  text: string;
  diagnostics: Diagnostic[];
  built?: { pinned: PinnedTool; manifest: Manifest; entry: Uint8Array };
}

/** Reads a pinned tool, and holds it against the server as `ice.yaml` declares it. */
export function buildMcpTool(source: ComponentSource, servers: ProjectFile['mcpServers']): McpBuild {
  const [, name = ''] = source.file.split('/');
  const again = `ice import mcp ${name}`;
  let size: number;
  let text: string;
  try {
    size = statSync(source.path).size;
    text = size > MOST_BYTES ? '' : readFileSync(source.path, 'utf8');
  } catch (error) {
    return { text: '', diagnostics: [unreadable(source, error)] };
  }
  const refuse = (code: string, message: string, help: string): McpBuild => ({
    text,
    diagnostics: [finding(code, source.file, message, { help })],
  });
  if (text === '') return refuse('ICE1532', `The file has ${size} bytes`, `Pin the tools again: ${again}`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return refuse(
      'ICE1532',
      `It is no JSON: ${(error as Error).message}`,
      `Undo the edit, or pin again: ${again}`,
    );
  }
  const parsed = pinnedToolSchema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    return refuse(
      'ICE1532',
      `It is no pinned tool: ${issue.path.join('.') || 'it'}: ${issue.message}`,
      `Undo the edit, or pin again: ${again}`,
    );
  }
  const pinned = parsed.data;
  const declared = declaredServer(name, servers[name]!);
  // What is wrong with the server is said at ice.yaml.
  if ('wrong' in declared) return { text, diagnostics: [] };
  for (const schema of [pinned.input, ...(pinned.output === undefined ? [] : [pinned.output])]) {
    const problem = boundsProblem(schema as Exclude<JsonSchema, boolean>);
    if (problem) return refuse('ICE1532', problem.message, `Pin the tools again: ${again}`);
  }
  const { manifest, entry, digest } = mcpComponent(declared, pinned);
  if (digest !== pinned.digest || `${referenceOf(pinned.tool)}.json` !== source.file.split('/').at(-1))
    return refuse(
      'ICE1533',
      `${manifest.name} is not what was pinned: this file, or the server in ice.yaml, has changed since`,
      `Pin its tools again, which gives what changed a new version: ${again}`,
    );
  return { text, diagnostics: [], built: { pinned, manifest, entry } };
}

/** The text of a pinned tool. */
export const pinnedText = (pinned: PinnedTool): string =>
  `${JSON.stringify(pinned as unknown as Json, null, 2)}\n`;
