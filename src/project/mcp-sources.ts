import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { durationMs } from '../contracts/durations.ts';
import { MCP_SERVER_NAME, type McpServer, SECRET_NAME } from '../contracts/mcp-servers.ts';
import type { ProjectFile } from '../contracts/project.ts';
import { finding } from '../language/diagnostics/finding.ts';
import type { ComponentSource, GlobFinding } from './component-sources.ts';
import { matches } from './import/matches.ts';

/** The folder of what is pinned, one folder a server and one file a tool. */
export const MCP_FOLDER = 'mcp';
const MOST_FILES = 2_000;
/** Headers that open something. */
const OPENS = /authorization|cookie|api-?key|token|secret|password/i;

/** A server that can be asked: one way to it, and only what goes with that. */
export type Declared =
  | { name: string; url: string; headers: Record<string, string>; timeoutMs: number | undefined }
  | { name: string; command: string; args: string[]; env: string[]; timeoutMs: number | undefined };

/** Reads one of `mcpServers`; what is wrong with it as a text, with the field. */
export function declaredServer(name: string, server: McpServer): Declared | { field: string; wrong: string } {
  const { url, headers, command, args, env, timeout } = server;
  const timeoutMs = timeout === undefined ? undefined : durationMs(timeout);
  const wrong = (field: string, text: string) => ({ field, wrong: text });
  if (!MCP_SERVER_NAME.test(name) || name.length > 40)
    return wrong('', 'Its name is made of lower-case letters, digits and dashes, at most 40');
  if ((url === undefined) === (command === undefined))
    return wrong('', 'It has either a url or a command, and not both');
  if (url !== undefined) {
    for (const field of ['args', 'env'] as const)
      if (server[field] !== undefined)
        return wrong(field, `A server with a url has no ${field}; it may have headers`);
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    if (!parsed || !['http:', 'https:'].includes(parsed.protocol))
      return wrong('url', `${JSON.stringify(url.slice(0, 100))} is no address of http or https`);
    if (parsed.username !== '' || parsed.password !== '')
      return wrong('url', 'The address holds a user name or a password');
    for (const [header, value] of Object.entries(headers ?? {}))
      if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(header) || /[\r\n\0]/.test(value))
        return wrong('headers', `${JSON.stringify(header.slice(0, 60))} is no header`);
    for (const [header, value] of Object.entries(headers ?? {})) {
      const [odd] = value.match(/\$\{(?![A-Z][A-Z0-9_]*\})[^}]*\}?/) ?? [];
      if (odd !== undefined)
        return wrong(
          'headers',
          `${odd.slice(0, 60)} in ${header} names no secret; write one as \${API_TOKEN}`,
        );
      // What is written here is in the digest, the registry and every run that calls the server.
      if (OPENS.test(header) && !value.includes('${'))
        return wrong(
          'headers',
          `${header} holds its value in the open; write the name of a secret, as \${API_TOKEN}`,
        );
    }
    return { name, url: parsed.href, headers: headers ?? {}, timeoutMs };
  }
  if (headers !== undefined) return wrong('headers', 'A command has no headers; it may have env');
  for (const secret of env ?? [])
    if (!SECRET_NAME.test(secret))
      return wrong(
        'env',
        `${JSON.stringify(secret.slice(0, 60))} is no name of a secret: upper-case letters, digits and _`,
      );
  return { name, command: command!, args: args ?? [], env: env ?? [], timeoutMs };
}

/** None where there is no folder; that is a finding of its own. */
export function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** The files of the tools of declared servers. A server whose tools are not pinned is a finding. */
export function mcpSources(
  root: string,
  file: ProjectFile,
): { sources: ComponentSource[]; findings: GlobFinding[] } {
  const sources: ComponentSource[] = [];
  const findings: GlobFinding[] = [];
  for (const [name, server] of Object.entries(file.mcpServers)) {
    const declared = declaredServer(name, server);
    if ('wrong' in declared) {
      findings.push({
        keys: ['mcpServers', name, ...(declared.field === '' ? [] : [declared.field])],
        diagnostic: finding('ICE1530', 'ice.yaml', `The server ${name} can't be used: ${declared.wrong}`, {
          help: 'Write url and headers for a server over HTTP, or command, args and env for a program.',
        }),
      });
      continue;
    }
    const folder = join(root, MCP_FOLDER, name);
    const wanted = server.tools?.map(matches);
    const files = filesIn(folder)
      .filter((each) => each.endsWith('.json') && !each.startsWith('_') && !each.startsWith('.'))
      .filter((each) => !wanted || wanted.some((isWanted) => isWanted(each.slice(0, -'.json'.length))))
      .sort()
      .slice(0, MOST_FILES);
    if (files.length === 0)
      findings.push({
        keys: ['mcpServers', name],
        diagnostic: finding('ICE1531', 'ice.yaml', `The tools of the server ${name} are not pinned`, {
          severity: 'warning',
          help: `Ask it for them, and commit what is written to ${MCP_FOLDER}/${name}: ice import mcp ${name}`,
        }),
      });
    for (const each of files)
      sources.push({ kind: 'tool', file: `${MCP_FOLDER}/${name}/${each}`, path: join(folder, each) });
  }
  return { sources, findings };
}
