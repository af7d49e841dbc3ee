import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Flags } from '@oclif/core';
import { IceError } from '../../contracts/errors.ts';
import { IceCommand } from '../base-command.ts';
import { Catalogue } from '../catalogue.ts';
import { moneyFlag } from '../flags.ts';
import { cliVerbs } from '../mcp-verbs.ts';
import type { Outcome } from '../outcome.ts';

/** How long runs have to end after the client hung up; what takes longer is given back, and can be resumed. */
const HANG_UP_MS = 5_000;

export default class Mcp extends IceCommand<typeof Mcp> {
  static override summary = 'Serve the pushed tools and workflows to an MCP client, over stdio';
  static override description =
    'Every pushed component is an MCP tool with its schemas; its description says what it may touch. A call is a run in the journal: `ice runs list` shows it. Ends when the client closes the connection.';
  static override examples = [
    'ice mcp',
    'ice mcp --read-only --no-std',
    'ice mcp --verbs --target production',
    'claude mcp add ice -- npx iceos mcp --cwd path/to/project',
  ];
  static override flags = {
    'read-only': Flags.boolean({
      description: 'Only what asks for no network and no secret, and verbs that only read',
    }),
    std: Flags.boolean({ description: 'List the first-party tools too', default: true, allowNo: true }),
    verbs: Flags.boolean({ description: "Also offer ice's own commands: validate, push, run, runs show …" }),
    'max-cost': moneyFlag({ description: 'The most that one call may spend' }),
  };

  override async run(): Promise<Outcome> {
    if (this.flags.json)
      throw new IceError('usage', 'ice mcp speaks MCP on stdout; --json does not go with it.');
    const workspace = await this.workspace();
    const { root, version, commands, cwd } = this.world;
    const verbs = this.flags.verbs
      ? cliVerbs(await Catalogue.open(fileURLToPath(root), commands, version), { root, commands, cwd })
      : [];
    await this.connected(workspace, async (connection) => {
      const [{ serveStdio }, { createMcpServer }] = await Promise.all([
        import('@modelcontextprotocol/server/stdio'),
        import('../../mcp/server.ts'),
      ]);
      const { client } = connection;
      // Asked before the handshake, so that a target that refuses is an exit code and not a broken protocol.
      await client.whoami();
      const inFlight = new Set<Promise<unknown>>();
      const handle = serveStdio(() =>
        createMcpServer({
          client,
          version,
          verbs,
          inFlight,
          readOnly: this.flags['read-only'],
          std: this.flags.std,
          ...(this.flags['max-cost'] === undefined ? {} : { maxCost: this.flags['max-cost'] }),
          ...(connection.executes ? { drive: (runId: string) => connection.drive(runId) } : {}),
        }),
      );
      this.output.note(
        `Serving MCP on stdin and stdout, target ${connection.target.name}, project ${connection.target.project}`,
      );
      await ended(process.stdin);
      await handle.close();
      // Nobody is left who would read their answers, so their runs are cancelled, as far as that takes no long time.
      await Promise.race([Promise.allSettled(inFlight), setTimeout(HANG_UP_MS, undefined, { ref: false })]);
    });
    return { body: {} };
  }
}

/** Resolves when the client hangs up, or somebody ends us. */
function ended(stdin: NodeJS.ReadStream): Promise<void> {
  return new Promise((done) => {
    stdin.once('end', done).once('close', done);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => done());
  });
}
