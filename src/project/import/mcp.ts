import { boundsProblem } from '../../language/schema/bounds.ts';
import { patternProblem } from '../../language/schema/pattern.ts';
import type { ServerListing, ServerTool } from '../../mcp-client/list-tools.ts';
import type { ImportedFile } from './import-folder.ts';
import { isMap } from './json-pointer.ts';
import { bridgeSource } from './mcp/bridge-source.ts';
import { clientSource } from './mcp/client-source.ts';
import type { Auth } from './openapi/api.ts';
import { netHost } from './openapi/read-server.ts';
import {
  commentText,
  jsonLiteral,
  kebab,
  literal,
  memberOf,
  propertyKey,
  sentence,
  UniqueNames,
} from './source-text.ts';

export interface McpOptions {
  /** Of the folder, and the beginning of the tools' names; the server's own unless said. */
  name?: string;
  /** Version of the tools; 1.0.0. */
  version?: string;
  /** The server's address, or its command and the port of the bridge to it. */
  server: { url: string } | { command: readonly string[]; port?: number };
  auth?: readonly Auth[];
  /** Only tools that one of these fits; `*` is any text. */
  chosen?: (tool: string) => boolean;
}

export interface McpImport {
  name: string;
  title: string;
  version: string;
  url: string;
  /** Absent for a server over HTTP. */
  bridge?: { port: number; file: string };
  files: ImportedFile[];
  tools: { name: string; from: string; file: string }[];
  secrets: string[];
  left: { tool: string; reason: string }[];
  total: number;
}

/** The tools of a server as modules, with the server's own JSON Schemas; each calls the server over `ctx.fetch`. */
export function importMcp(listing: ServerListing, options: McpOptions): McpImport {
  const title = sentence(listing.server.name, 80) || 'mcp';
  const name =
    (options.name ??
      kebab(title)
        .replace(/-?(?:mcp|server)(?=-|$)/g, '')
        .replace(/^-+|-+$/g, '')
        .slice(0, 30)
        .replace(/-+$/, '')) ||
    'mcp';
  const version = options.version ?? '1.0.0';
  const bridge =
    'command' in options.server
      ? { command: [...options.server.command], port: options.server.port ?? portOf(name) }
      : undefined;
  const url = 'url' in options.server ? options.server.url : `http://127.0.0.1:${bridge!.port}/mcp`;
  const auth = options.auth ?? [];
  const secrets = [
    ...new Set(auth.flatMap((each) => (each.kind === 'basic' ? [each.user, each.password] : [each.secret]))),
  ];
  const names = new UniqueNames();
  const fileNames = new UniqueNames();
  const files: ImportedFile[] = [];
  const tools: McpImport['tools'] = [];
  const left: McpImport['left'] = [];
  for (const tool of listing.tools) {
    const own = kebab(tool.name).slice(0, 60).replace(/-+$/, '') || 'tool';
    const full = names.take(own === name || own.startsWith(`${name}-`) ? own : `${name}-${own}`);
    if (options.chosen && !options.chosen(tool.name) && !options.chosen(full)) continue;
    const input = usable(tool.inputSchema);
    const output = tool.outputSchema === undefined ? undefined : usable(tool.outputSchema);
    const problem = boundsProblem(input) ?? (output ? boundsProblem(output) : undefined);
    if (problem) {
      left.push({ tool: tool.name, reason: `its schema can't be used: ${problem.message}` });
      continue;
    }
    const file = `${fileNames.take(own)}.ts`;
    files.push({ path: file, text: toolSource(tool, { name: full, version, input, output, auth, secrets }) });
    tools.push({ name: full, from: tool.name, file });
  }
  const from = bridge ? bridge.command.join(' ') : url;
  files.unshift({
    path: '_mcp.ts',
    text: clientSource({ title, from, url, host: netHost(url), ...(bridge ? { bridge } : {}) }),
  });
  if (bridge)
    files.splice(1, 0, { path: '_bridge.mjs', text: bridgeSource(bridge.command, bridge.port, title) });
  return {
    name,
    title,
    version,
    url,
    ...(bridge ? { bridge: { port: bridge.port, file: '_bridge.mjs' } } : {}),
    files,
    tools,
    secrets,
    left,
    total: listing.tools.length,
  };
}

function toolSource(
  tool: ServerTool,
  made: {
    name: string;
    version: string;
    input: object;
    output: object | undefined;
    auth: readonly Auth[];
    secrets: string[];
  },
): string {
  const { name, version, input, output, auth, secrets } = made;
  const imports = ['NET', ...(output ? [] : ['CONTENT']), 'callTool'];
  const headers = auth.flatMap((each) => {
    const secret = (of: string): string => memberOf('ctx.secrets', of);
    if (each.kind === 'bearer') return [`authorization: \`Bearer \${${secret(each.secret)}}\``];
    if (each.kind === 'header') return [`${propertyKey(each.name.toLowerCase())}: ${secret(each.secret)}`];
    return [];
  });
  const options = [
    ...(headers.length > 0 ? [`headers: { ${headers.join(', ')} }`] : []),
    ...(output ? ['structured: true'] : []),
  ];
  const permissions =
    secrets.length === 0 ? '{ net: NET }' : `{ net: NET, secrets: [${secrets.map(literal).join(', ')}] }`;
  const described = sentence(tool.description, 600);
  return `// ${commentText(tool.name, 100)}
import { defineTool } from 'iceos';
import { ${imports.join(', ')} } from './_mcp.ts';

export default defineTool({
  name: ${literal(name)},
  version: ${literal(version)},
  description: ${literal(described || tool.name)},
  input: ${jsonLiteral(input, '  ')},
  output: ${output ? jsonLiteral(output, '  ') : 'CONTENT'},
  permissions: ${permissions},
  run: (input, ctx) => callTool(ctx, ${literal(tool.name)}, input${options.length > 0 ? `, { ${options.join(', ')} }` : ''}),
});
`;
}

/** A schema of a stranger as ice takes it: without patterns that may run for minutes, and references out of it. */
export function usable(schema: { [keyword: string]: unknown }): { [keyword: string]: unknown } {
  const clean = (value: unknown, names: boolean): unknown => {
    if (Array.isArray(value)) return value.map((item) => clean(item, false));
    if (!isMap(value)) return value;
    const out: { [key: string]: unknown } = {};
    for (const [key, item] of Object.entries(value)) {
      if (!names) {
        if (key === '$schema' || key === '$id') continue;
        if (key === 'pattern' && typeof item === 'string' && patternProblem(item)) continue;
        if ((key === '$ref' || key === '$dynamicRef') && typeof item === 'string' && !item.startsWith('#'))
          continue;
        if (key === 'enum' || key === 'const' || key === 'default' || key === 'examples') {
          set(out, key, item);
          continue;
        }
      }
      set(
        out,
        key,
        clean(item, !names && (key === 'properties' || key === '$defs' || key === 'definitions')),
      );
    }
    return out;
  };
  return clean(schema, false) as { [keyword: string]: unknown };
}

/** A key may be `__proto__`, which an assignment would not make a field. */
const set = (object: { [key: string]: unknown }, key: string, value: unknown): void => {
  Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
};

/** A port of its own for each server, the same at each import: 7300 to 7999. */
function portOf(name: string): number {
  let hash = 0;
  for (const char of name) hash = (hash * 31 + char.codePointAt(0)!) % 700;
  return 7300 + hash;
}
