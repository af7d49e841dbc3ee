import type { SchemaChange } from '../../contracts/components.ts';
import { COMPONENT_NAME } from '../../contracts/ids.ts';
import type { PinnedTool } from '../../contracts/mcp-servers.ts';
import { boundsProblem } from '../../language/schema/bounds.ts';
import type { ServerListing } from '../../mcp-client/list-tools.ts';
import { diffSchemas, nextVersion } from '../../registry/index.ts';
import type { Declared } from '../mcp-sources.ts';
import { CONTENT, mcpComponent, referenceOf } from '../mcp-tools.ts';
import { usable } from './mcp.ts';

export interface PinnedChange {
  /** `mcp/github/create_issue` */
  name: string;
  tool: string;
  change: 'new' | 'changed' | 'same' | 'gone';
  version: string;
  before?: string;
  /** Where its schemas differ; none where only its words, or its server, did. */
  schema: SchemaChange[];
}

export interface PinnedServer {
  changes: PinnedChange[];
  /** What is to be kept, in the order of the names. */
  pinned: PinnedTool[];
  left: { tool: string; reason: string }[];
}

/**
 * What a server tells of its tools, held against what was pinned before: a tool that changed gets a version that says
 * whether callers would break, as `ice push` would.
 */
export function pinTools(
  listing: ServerListing,
  server: Declared,
  before: ReadonlyMap<string, PinnedTool>,
  chosen: (tool: string) => boolean = () => true,
): PinnedServer {
  const made: PinnedServer = { changes: [], pinned: [], left: [] };
  const seen = new Set<string>();
  const names = new Set<string>();
  for (const told of [...listing.tools].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (!chosen(told.name) || seen.has(told.name)) continue;
    seen.add(told.name);
    const name = `mcp/${server.name}/${referenceOf(told.name)}`;
    // Where upper and lower case are the same, so are two files.
    const taken = names.has(name.toLowerCase());
    names.add(name.toLowerCase());
    if (taken || !COMPONENT_NAME.test(name) || name.length > 100) {
      made.left.push({
        tool: told.name,
        reason: taken ? `another tool is ${name}` : 'its name is too long for a reference',
      });
      continue;
    }
    const input = usable(told.inputSchema);
    const output = told.outputSchema === undefined ? undefined : usable(told.outputSchema);
    const problem = boundsProblem(input) ?? (output ? boundsProblem(output) : undefined);
    if (problem) {
      made.left.push({ tool: told.name, reason: `its schema can't be used: ${problem.message}` });
      continue;
    }
    const tool = { tool: told.name, input, ...(output ? { output } : {}) } as Pick<
      PinnedTool,
      'tool' | 'input' | 'output'
    >;
    const { digest } = mcpComponent(server, tool);
    const old = before.get(told.name);
    const description = told.description.slice(0, 20_000);
    const schema = old
      ? [
          ...diffSchemas('input', old.input, tool.input),
          ...diffSchemas('output', old.output ?? CONTENT, tool.output ?? CONTENT),
        ]
      : [];
    const version =
      old === undefined
        ? '1.0.0'
        : old.digest === digest
          ? old.version
          : nextVersion(
              old.version,
              schema.some((each) => each.breaking),
              [old.version],
            );
    const same = old !== undefined && old.digest === digest && old.description === description;
    made.pinned.push({ mcp: 1, version, digest, description, ...tool });
    made.changes.push({
      name,
      tool: told.name,
      change: old === undefined ? 'new' : same ? 'same' : 'changed',
      version,
      ...(old && old.version !== version ? { before: old.version } : {}),
      schema,
    });
  }
  for (const [tool, old] of before)
    if (!seen.has(tool))
      made.changes.push({
        name: `mcp/${server.name}/${referenceOf(tool)}`,
        tool,
        change: 'gone',
        version: old.version,
        schema: [],
      });
  return made;
}
