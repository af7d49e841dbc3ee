import type { Client } from '../client/client.ts';
import type { ComponentVersion } from '../contracts/components.ts';
import type { Reach } from '../contracts/runs.ts';

/** A component as an MCP tool. */
export interface McpTool {
  /** The tool's name for the client: `price`, `std.csv-parse`, `workflow.report` where a name is ambiguous. */
  name: string;
  /** `tool/price@1.0.0`: pinned when the list was read, so that a call runs what was shown. */
  ref: string;
  component: ComponentVersion;
  touches: Touches;
}

/** What a component may touch, itself and through everything that it calls. */
export interface Touches {
  net: string[];
  secrets: string[];
  models: string[];
  /** Programs of MCP servers that are started. */
  commands: string[];
  /** Whether some of its code runs in full Node. */
  node: boolean;
}

/** Names of MCP tools have letters, digits, `_`, `-` and `.`; the slash of `std/` becomes a dot. */
const mcpName = (name: string): string => name.replaceAll('/', '.');

export interface CatalogOptions {
  /** Only components that ask for no network, no secret and no model of a provider. */
  readOnly: boolean;
  /** Whether the first-party tools are listed too. */
  std: boolean;
}

/** Whether it can touch nothing outside its own arguments, as far as is declared. */
export const touchesNothing = ({ net, secrets, models, commands, node }: Touches): boolean =>
  net.length + secrets.length + models.length + commands.length === 0 && !node;

/** Where nobody can say what a component reaches, it counts as reaching everything. */
const EVERYTHING: Touches = { net: ['*'], secrets: [], models: [], commands: [], node: false };

const touchesOf = (reach: Reach | undefined): Touches =>
  reach === undefined
    ? EVERYTHING
    : {
        net: [...new Set(reach.components.flatMap(({ net }) => net))].sort(),
        secrets: [...new Set(reach.components.flatMap(({ secrets }) => secrets))].sort(),
        models: reach.models,
        commands: [...new Set(reach.components.flatMap(({ commands = [] }) => commands))].sort(),
        node: reach.components.some(({ runtime }) => runtime === 'node'),
      };

/** The most references that are resolved in one call. */
const MOST_REFS = 500;

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
  const resolved: Awaited<ReturnType<Client['components']['resolve']>>['found'] = {};
  for (let from = 0; from < refs.length; from += MOST_REFS)
    Object.assign(
      resolved,
      (await client.components.resolve(refs.slice(from, from + MOST_REFS), { reach: true })).found,
    );
  const kinds = new Map<string, number>();
  for (const { name } of summaries) kinds.set(name, (kinds.get(name) ?? 0) + 1);
  for (const { kind, name, latest } of summaries) {
    const ref = `${kind}/${name}@${latest}`;
    const component = resolved[ref];
    if (!component) continue;
    const touches = touchesOf(component.reach);
    if (options.readOnly && !touchesNothing(touches)) continue;
    const unique = kind === 'tool' || kinds.get(name) === 1;
    const shown = mcpName(unique ? name : `${kind}.${name}`);
    found.set(shown, { name: shown, ref, component, touches });
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}
