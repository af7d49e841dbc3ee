import { join, relative } from 'node:path';
import { Flags } from '@oclif/core';
import { IceError } from '../../../contracts/errors.ts';
import type { Auth } from '../../../project/import/openapi/api.ts';
import { IceCommand } from '../../base-command.ts';
import { countFlag, requiredArg } from '../../flags.ts';
import { foldersOf, importOutcome } from '../../import-outcome.ts';
import type { Outcome } from '../../outcome.ts';
import { plural } from '../../render/figures.ts';

export default class ImportMcp extends IceCommand<typeof ImportMcp> {
  static override summary = 'Make a tool of each tool of an MCP server';
  static override description =
    'A name of mcpServers in ice.yaml pins the tools of that server in mcp/NAME: agents and nodes call them as mcp/NAME/TOOL, and nothing is generated. Anything else makes a source of each tool. An address is a server over streamable HTTP: its tools run in the sandbox and may reach its host alone. Anything else is a command, in quotes, spoken to over stdio. No tool can start a process, so for a command a small bridge is written beside the tools: started by you, it serves the command on the loopback, and the tools may reach that port alone. What the command itself does is not sandboxed.';
  static override examples = [
    'ice import mcp github   # of mcpServers in ice.yaml: pins its tools, as mcp/github/create_issue',
    'ice import mcp github --check   # in CI: has the server changed?',
    'ice import mcp https://mcp.example.com/mcp',
    'ice import mcp https://mcp.example.com/mcp --auth bearer=EXAMPLE_TOKEN   # the value is read from the environment',
    'ice import mcp "npx -y @modelcontextprotocol/server-everything" --name everything',
    'ice import mcp "node server.mjs" --include "read_*" --dry-run',
  ];
  static override args = {
    server: requiredArg('Name of a server in ice.yaml, its address, or the command that starts it'),
  };
  static override flags = {
    out: Flags.string({ description: 'Folder of the tools; tools/NAME unless said', helpValue: 'DIR' }),
    name: Flags.string({
      description: "Beginning of the tools' names; the server's unless said",
      helpValue: 'NAME',
    }),
    include: Flags.string({
      description: 'Only tools that fit; * is any text',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'PATTERN',
    }),
    auth: Flags.string({
      description:
        'How calls prove who they are: bearer=SECRET, header:NAME=SECRET; the value is read from the environment',
      helpValue: 'WAY',
    }),
    port: countFlag(
      1,
      65_535,
    )({ description: 'Of the bridge to a command; a fixed one for each name unless said' }),
    'as-version': Flags.string({
      description: 'Version of the tools; 1.0.0 unless said',
      helpValue: 'VERSION',
    }),
    check: Flags.boolean({
      description: 'Of a server of ice.yaml: fail if its tools are not what is pinned, and write nothing',
    }),
    'dry-run': Flags.boolean({ description: 'Say what would be written, and write nothing' }),
    force: Flags.boolean({ description: 'Write over files that you changed' }),
  };
  static override exitCodes = [3, 11, 12];

  override async run(): Promise<Outcome> {
    const { flags, world, output } = this;
    const { assertImportName, assertVersion } = await import('../../import-flags.ts');
    assertImportName(flags.name);
    assertVersion(flags['as-version']);
    const declared = await this.#declared();
    if (declared) return declared;
    const folders = foldersOf(await this.workspace(), flags.out);
    const { isUrl } = await import('../../../project/import/foreign-document.ts');
    const { commandWords } = await import('../../../mcp-client/server-process.ts');
    const { listServerTools } = await import('../../../mcp-client/list-tools.ts');
    const { matches } = await import('../../../project/import/matches.ts');
    const { importMcp } = await import('../../../project/import/mcp.ts');
    const { server: text } = this.args;

    const url = isUrl(text) ? addressOf(text) : undefined;
    const words = url ? [] : commandWords(text);
    const auth = await this.#auth(url !== undefined);
    const [command = '', ...args] = words;
    output.note(output.theme.dim(`Asking ${url ? `${url.origin}${url.pathname}` : command} for its tools …`));
    const listing = await listServerTools(
      url ?? { command, args, cwd: world.cwd, env: withoutOwn(world.env) },
      {
        version: world.version,
        env: world.env,
        headers: headersOf(auth, world.env),
        ...(flags.timeout === undefined ? {} : { timeoutMs: flags.timeout }),
      },
    );
    const fits = (flags.include ?? []).map(matches);
    const made = importMcp(listing, {
      server: url
        ? { url: url.href }
        : { command: words, ...(flags.port === undefined ? {} : { port: flags.port }) },
      auth,
      ...(flags.name === undefined ? {} : { name: flags.name }),
      ...(flags['as-version'] === undefined ? {} : { version: flags['as-version'] }),
      ...(fits.length === 0 ? {} : { chosen: (tool: string) => fits.some((pattern) => pattern(tool)) }),
    });
    if (made.tools.length === 0)
      throw new IceError(
        'not_found',
        made.total === 0
          ? 'The server has no tools.'
          : `None of its ${plural(made.total, 'tool')} is chosen.`,
        {
          hint: made.total === 0 ? undefined : 'Choose others: --include "*"',
          details: { left: made.left.slice(0, 50) },
        },
      );
    if (made.bridge && words.some((word) => /(?:key|token|secret|passw)[^=]*=?\S*/i.test(word)))
      output.warn(
        'The command is written into _bridge.mjs as it stands. If there is a secret in it, put that into the environment instead.',
      );
    const dir = folders.dir(made.name);
    const shown = relative(world.cwd, dir) || '.';
    const { planFolder, writeFolder } = await import('../../../project/import/import-folder.ts');
    const plan = planFolder(dir, made.files, {
      importedBy: 'ice import mcp',
      from: url ? url.href : words.join(' '),
      server: listing.server,
    });
    if (!flags['dry-run']) writeFolder(plan, { force: flags.force, shown });
    const bridge = made.bridge && join(shown, made.bridge.file);
    return importOutcome({
      plan,
      shown,
      dryRun: flags['dry-run'],
      heading: `${listing.server.name} ${listing.server.version}`,
      tools: made.tools.map(({ name, from, file }) => ({ name, from, file: join(shown, file) })),
      left: made.left.map(({ tool, reason }) => ({ from: tool, reason })),
      facts: [
        ['net', new URL(made.url).host],
        ['secrets', made.secrets.length === 0 ? 'none' : made.secrets.join(', ')],
        ...(bridge
          ? [['bridge', `${bridge}: runs the command, which is not sandboxed`] as [string, string]]
          : []),
      ],
      body: {
        server: { ...listing.server, url: made.url },
        secrets: made.secrets,
        bridge: made.bridge ? { file: bridge, port: made.bridge.port } : null,
      },
      next: [...(bridge ? [`node ${bridge}   # leave it running`] : []), 'ice validate'],
      quiet: folders.outside,
    });
  }

  /** A name of `mcpServers`: its tools are pinned, not written as sources. */
  async #declared(): Promise<Outcome | undefined> {
    const { flags, world, output } = this;
    const { server: name } = this.args;
    const project = (await this.workspace()).loaded?.project;
    if (!project || !Object.hasOwn(project.file.mcpServers, name)) {
      if (flags.check)
        throw new IceError('usage', '--check is for a server that ice.yaml declares under mcpServers.', {
          hint: `Declare ${/^[a-z][a-z0-9-]*$/.test(name) ? name : 'it'} there, and pin its tools: ice import mcp NAME`,
        });
      return undefined;
    }
    for (const flag of ['out', 'name', 'include', 'auth', 'port', 'as-version'] as const)
      if (flags[flag] !== undefined)
        throw new IceError('usage', `--${flag} is not for ${name}, which ice.yaml declares.`, {
          hint: `Write it under mcpServers.${name}.`,
        });
    const { pinServer } = await import('../../pin-mcp.ts');
    output.note(output.theme.dim(`Asking ${name} for its tools …`));
    return pinServer({
      project,
      name,
      env: world.env,
      cwd: world.cwd,
      version: world.version,
      timeoutMs: flags.timeout,
      dryRun: flags['dry-run'],
      check: flags.check,
      force: flags.force,
    });
  }

  async #auth(http: boolean): Promise<Auth[]> {
    const { auth } = this.flags;
    if (auth === undefined) return [];
    if (!http)
      throw new IceError(
        'usage',
        '--auth is for servers with an address; a command has its secrets from the environment.',
      );
    const { parseAuth } = await import('../../../project/import/openapi/read-auth.ts');
    const ways = parseAuth(auth, this.flags.name ?? 'mcp');
    if (ways.some((way) => way.kind !== 'bearer' && way.kind !== 'header'))
      throw new IceError('usage', '--auth is bearer=SECRET or header:NAME=SECRET for a server of MCP.');
    return ways;
  }
}

function addressOf(text: string): URL {
  if (!URL.canParse(text)) throw new IceError('usage', `${text.slice(0, 200)} is no address.`);
  const url = new URL(text);
  if (url.username !== '' || url.password !== '')
    throw new IceError('usage', 'The address holds a user name or password.', {
      hint: 'Put the token into a variable, and name it: --auth bearer=MY_TOKEN',
    });
  return url;
}

/** The values of the secrets, for asking the server now; they are written nowhere. Errors: `secret_missing`. */
function headersOf(auth: readonly Auth[], env: NodeJS.ProcessEnv): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const way of auth) {
    if (way.kind !== 'bearer' && way.kind !== 'header') continue;
    const value = env[way.secret];
    if (value === undefined || value === '')
      throw new IceError('secret_missing', `The secret ${way.secret} is not in the environment.`, {
        hint: `export ${way.secret}=…`,
      });
    if (way.kind === 'bearer') headers['authorization'] = `Bearer ${value}`;
    else headers[way.name] = value;
  }
  return headers;
}

/** A server is started with the user's environment, but for what opens the user's targets. */
const withoutOwn = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => name !== 'ICE_API_TOKEN'));
