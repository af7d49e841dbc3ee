import type { Client } from '../client/client.ts';
import type { ComponentVersion } from '../contracts/components.ts';

/** A component as an MCP tool. */
export interface McpTool {
  /** The tool's name for the client: `price`, `std.csv-parse`, `workflow.report` where a name is ambiguous. */
  name: string;
  /** `tool/price@1.0.0`: pinned when the list was read, so that a call runs what was shown. */
  ref: string;
  component: ComponentVersion;
}

/** Names of MCP tools have letters, digits, `_`, `-` and `.`; the slash of `std/` becomes a dot. */
const mcpName = (name: string): string => name.replaceAll('/', '.');

export interface CatalogOptions {
  /** Only components that ask for no network and no secret. */
  readOnly: boolean;
  /** Whether the first-party tools are listed too. */
  std: boolean;
}

/** Whether a component can touch nothing outside its own arguments, as far as it declares. */
export const touchesNothing = (component: ComponentVersion): boolean =>
  component.manifest.permissions.net.length === 0 &&
  component.manifest.permissions.secrets.length === 0 &&
  component.manifest.runtime === 'sandbox';

/** The pushed tools and workflows of the client's project, latest versions, in the order of their names. */
export async function readCatalog(client: Client, options: CatalogOptions): Promise<Map<string, McpTool>> {
  const summaries = [];
  for await (const summary of client.components.all()) {
    if (summary.kind === 'agent') continue;
    if (summary.origin === 'std' && !options.std) continue;
    summaries.push(summary);
  }
  const found = new Map<string, McpTool>();
  const refs = summaries.map(({ kind, name, latest }) => `${kind}/${name}@${latest}`);
  const resolved = refs.length === 0 ? {} : (await client.components.resolve(refs)).found;
  const kinds = new Map<string, number>();
  for (const { name } of summaries) kinds.set(name, (kinds.get(name) ?? 0) + 1);
  for (const { kind, name, latest } of summaries) {
    const ref = `${kind}/${name}@${latest}`;
    const component = resolved[ref];
    if (!component || (options.readOnly && !touchesNothing(component))) continue;
    const unique = kind === 'tool' || kinds.get(name) === 1;
    const shown = mcpName(unique ? name : `${kind}.${name}`);
    found.set(shown, { name: shown, ref, component });
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}
