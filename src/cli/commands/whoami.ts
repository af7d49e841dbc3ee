import { IceCommand } from '../base-command.ts';
import type { Outcome } from '../outcome.ts';
import { keyPlaceText } from '../render/key-place.ts';
import { credentialsOf, targetOf } from '../workspace.ts';

export default class Whoami extends IceCommand<typeof Whoami> {
  static override summary = 'Who the token says you are, and where it was found';
  static override examples = ['ice whoami', 'ice whoami --target prod --json'];
  static override readOnly = true;

  override async run(): Promise<Outcome> {
    const workspace = await this.workspace();
    const target = targetOf(workspace);
    return this.connected(workspace, async (connection) => {
      const who = await connection.client.whoami();
      const credential =
        target.kind === 'remote' ? await credentialsOf(workspace).get(target.url) : undefined;
      const place = credential?.place ?? 'file';
      const from = credential?.from ?? '.ice/token';
      const rows: [string, string][] = [
        ['name', who.name],
        ['role', `${who.role}${who.operator ? ', operator' : ''}`],
        ['org', who.org],
        ['project', connection.target.project === '_' ? who.project : connection.target.project],
        [
          'target',
          `${connection.target.name}${connection.target.url ? ` (${connection.target.url})` : ''}, chosen by ${connection.target.from}`,
        ],
        ['token', `${who.tokenId}, from ${from}`],
        ['expires', who.expiresAt ?? 'never'],
        ['secrets', keyPlaceText[who.server.masterKey]],
        ['server', `ice ${who.server.version}`],
      ];
      return {
        body: { ...who, target: connection.target, credential: { place, from } },
        text: ({ theme }) => rows.map(([name, value]) => `${theme.dim(name.padEnd(8))}  ${value}`),
      };
    });
  }
}
