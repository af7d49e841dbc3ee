import { Flags } from '@oclif/core';
import { IceCommand } from '../base-command.ts';
import { countFlag } from '../flags.ts';
import { firstSignal, listenLocally } from '../local-server.ts';
import type { Outcome } from '../outcome.ts';

export default class Serve extends IceCommand<typeof Serve> {
  static override summary = 'Serve the API from this folder, for other machines and people';
  static override description =
    "State is one SQLite file in .ice/. The operator's token is made on first use into .ice/token, which only you can read; make tokens for others with `ice token create`. Says in one line what it trusts.";
  static override examples = [
    'ice serve',
    'ice serve --port 0 --json',
    'ice serve --host 0.0.0.0 --trust-pushed-code',
  ];
  static override flags = {
    host: Flags.string({ description: 'Address to listen on (ICE_HOST)', helpValue: 'ADDRESS' }),
    port: countFlag(0, 65_535)({ description: 'Port; 0 = any free one (ICE_PORT)' }),
    database: Flags.string({ description: 'The SQLite file (ICE_DATABASE)', helpValue: 'FILE' }),
    'trust-pushed-code': Flags.boolean({
      description: "Run what any developer's token pushes as if the operator had",
    }),
  };
  static override exitCodes = [12];

  override async run(): Promise<Outcome> {
    const { flags } = this;
    const workspace = await this.workspace({
      host: flags.host,
      port: flags.port === undefined ? undefined : String(flags.port),
      database: flags.database,
    });
    const stopped = firstSignal();
    const serving = await listenLocally(workspace, this.world.env, {
      local: false,
      trustPushedCode: flags['trust-pushed-code'],
    });
    const { url, tokenFile, notes } = serving;
    const { theme } = this.output;
    await this.output.announce({
      body: { url, pid: process.pid, tokenFile, project: serving.project, notes },
      text: (view) => (view.isTTY ? [] : [url]),
    });
    this.output.note(
      `${theme.good(theme.mark.ok)} ice ${this.world.version} serves ${theme.strong(url)}  ${theme.dim(`project ${serving.project}, token in ${serving.tokenFileShown}`)}`,
      ...notes.map((note) => `${theme.warn(theme.mark.warn)} ${note}`),
      theme.dim('  Ctrl-C stops it; again = at once.'),
    );
    await stopped;
    await serving.close();
    return { body: {} };
  }
}
