import { IceCommand } from '../../base-command.ts';
import { requiredArg } from '../../flags.ts';
import type { Outcome } from '../../outcome.ts';

export default class TokenRevoke extends IceCommand<typeof TokenRevoke> {
  static override summary = 'Revoke a token, at once and for good';
  static override examples = ['ice token revoke tok_01jd…'];
  static override args = { id: requiredArg('The id from ice token list') };
  static override exitCodes = [11];

  override async run(): Promise<Outcome> {
    const { id } = this.args;
    return this.connected(
      await this.workspace(),
      async ({ client, target }) => {
        await client.tokens.revoke(id);
        return {
          body: { id, revoked: true, target },
          text: ({ theme }) => [`${theme.good(theme.mark.ok)} Revoked ${id}`],
        };
      },
      { changes: true },
    );
  }
}
