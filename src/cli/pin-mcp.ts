import { readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { IceError } from '../contracts/errors.ts';
import { type PinnedTool, pinnedToolSchema, secretsIn, withSecrets } from '../contracts/mcp-servers.ts';
import { listServerTools } from '../mcp-client/list-tools.ts';
import { plainEnvironment } from '../mcp-client/server-process.ts';
import { planFolder, writeFolder } from '../project/import/import-folder.ts';
import { matches } from '../project/import/matches.ts';
import { type PinnedChange, pinTools } from '../project/import/pin-mcp.ts';
import type { Project } from '../project/load-project.ts';
import { type Declared, declaredServer, filesIn, MCP_FOLDER } from '../project/mcp-sources.ts';
import { pinnedText, referenceOf } from '../project/mcp-tools.ts';
import type { Outcome } from './outcome.ts';
import { plural } from './render/figures.ts';
import { oneLine } from './render/text-width.ts';

export interface PinRequest {
  project: Project;
  /** The server's name in ice.yaml. */
  name: string;
  env: NodeJS.ProcessEnv;
  cwd: string;
  version: string;
  timeoutMs: number | undefined;
  /** Writes nothing. */
  dryRun: boolean;
  /** Writes nothing, and fails if there is something to write. */
  check: boolean;
  force: boolean;
}

const MARKS = { new: '+', changed: '~', gone: '-', same: ' ' } as const;

/** `ice import mcp NAME`: asks a declared server for its tools, and keeps what they are in the project. */
export async function pinServer(request: PinRequest): Promise<Outcome> {
  const { project, name, dryRun, check } = request;
  const entry = project.file.mcpServers[name]!;
  const server = declaredServer(name, entry);
  if ('wrong' in server)
    throw new IceError('project_invalid', `The server ${name} in ice.yaml can't be used: ${server.wrong}`, {
      hint: 'ice validate shows where',
    });
  const listing = await ask(server, request);
  const wanted = entry.tools?.map(matches);
  const folder = join(project.root, MCP_FOLDER, name);
  const shown = relative(request.cwd, folder) || '.';
  const before = pinnedIn(folder);
  const { changes, pinned, left } = pinTools(
    listing,
    server,
    before,
    (tool) => !wanted || wanted.some((isWanted) => isWanted(tool)),
  );
  if (pinned.length === 0)
    throw new IceError(
      'not_found',
      listing.tools.length === 0
        ? `The server ${name} has no tools.`
        : `None of the ${plural(listing.tools.length, 'tool')} of ${name} is chosen by \`tools\` in ice.yaml.`,
      { details: { left: left.slice(0, 50) } },
    );
  const moved = changes.filter((each) => each.change !== 'same');
  if (!dryRun && !check) {
    const plan = planFolder(
      folder,
      pinned.map((tool) => ({ path: `${referenceOf(tool.tool)}.json`, text: pinnedText(tool) })),
      { importedBy: 'ice import mcp', from: name, server: listing.server },
    );
    writeFolder(plan, { force: request.force, shown });
    for (const each of changes)
      if (each.change === 'gone') rmSync(join(folder, `${referenceOf(each.tool)}.json`), { force: true });
  }
  const drifted = check && moved.length > 0;
  return {
    body: {
      server: { name, told: listing.server },
      folder: shown,
      dryRun: dryRun || check,
      changes,
      left,
    },
    ...(drifted
      ? {
          error: new IceError(
            'validation_failed',
            `The server ${name} has changed since its tools were pinned: ${plural(moved.length, 'tool')}.`,
            { hint: `Look at what changed, and pin it: ice import mcp ${name}` },
          ),
        }
      : {}),
    text: ({ theme }) => {
      const line = (each: PinnedChange): string[] => {
        const paint = each.change === 'new' ? theme.good : each.change === 'gone' ? theme.bad : theme.warn;
        const version = each.before ? `${each.before} ${theme.mark.next} ${each.version}` : each.version;
        return [
          `  ${paint(MARKS[each.change])} ${each.name} ${theme.dim(version)}`,
          ...each.schema
            .slice(0, 6)
            .map(
              (one) =>
                `      ${one.breaking ? theme.bad('breaking') : theme.dim('changed')}  ${oneLine(`${one.where} ${one.path} ${one.change}`)}`,
            ),
        ];
      };
      const same = changes.length - moved.length;
      const written = moved.length === 0 ? 'Nothing changed' : dryRun || check ? 'Would be pinned' : 'Pinned';
      return [
        `${theme.strong(oneLine(`${listing.server.name} ${listing.server.version}`))}  ${plural(pinned.length, 'tool')} in ${shown}`,
        ...touches(server).map(([what, value]) => `  ${theme.dim(what.padEnd(8))} ${oneLine(value)}`),
        ...(moved.length > 0 ? [''] : []),
        ...moved.slice(0, 40).flatMap(line),
        ...(moved.length > 40 ? [theme.dim(`  and ${moved.length - 40} more`)] : []),
        ...(left.length > 0
          ? ['', theme.warn(`${theme.mark.warn} ${plural(left.length, 'tool')} left out`)]
          : []),
        ...left.slice(0, 10).map(({ tool, reason }) => `  ${oneLine(tool)}: ${theme.dim(oneLine(reason))}`),
        '',
        `${(drifted ? theme.warn : theme.good)(theme.mark.ok)} ${written}${same > 0 ? theme.dim(`, ${same} as before`) : ''}`,
      ];
    },
    ...(dryRun || check ? {} : { next: ['ice validate'] }),
  };
}

const touches = (server: Declared): [string, string][] =>
  'url' in server
    ? [
        ['net', new URL(server.url).host],
        ['secrets', secretsIn(server.headers).join(', ') || 'none'],
      ]
    : [
        ['starts', `${[server.command, ...server.args].join(' ')}, which is not sandboxed`],
        ['secrets', server.env.join(', ') || 'none'],
      ];

/** The server as calls of its tools would reach it, with secrets from the environment. Errors: `secret_missing`. */
async function ask(server: Declared, { env, project, version, timeoutMs }: PinRequest) {
  const names = 'url' in server ? secretsIn(server.headers) : server.env;
  const secrets: Record<string, string> = {};
  for (const name of names) {
    const value = env[name];
    if (value === undefined || value === '')
      throw new IceError('secret_missing', `The secret ${name} is not in the environment.`, {
        hint: `export ${name}=…   # to ask the server now; runs have it by: ice secret set ${name}`,
      });
    secrets[name] = value;
  }
  const more = timeoutMs === undefined ? {} : { timeoutMs };
  if ('url' in server)
    return listServerTools(new URL(server.url), {
      version,
      env,
      headers: Object.fromEntries(
        Object.entries(server.headers).map(([header, value]) => [header, withSecrets(value, secrets)]),
      ),
      ...more,
    });
  const { command, args } = server;
  const own = { ...plainEnvironment(env), ...secrets };
  return listServerTools({ command, args, cwd: project.root, env: own }, { version, ...more });
}

/** What is pinned already. A file that is none counts as not there: it is written anew. */
function pinnedIn(folder: string): Map<string, PinnedTool> {
  const pinned = new Map<string, PinnedTool>();
  for (const file of filesIn(folder)) {
    if (!file.endsWith('.json') || file.startsWith('_')) continue;
    let value: unknown;
    try {
      value = JSON.parse(readFileSync(join(folder, file), 'utf8'));
    } catch {
      continue;
    }
    const parsed = pinnedToolSchema.safeParse(value);
    if (parsed.success) pinned.set(parsed.data.tool, parsed.data);
  }
  return pinned;
}
