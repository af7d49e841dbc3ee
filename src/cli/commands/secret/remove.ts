import { IceCommand } from '../../base-command.ts';
import { requiredArg } from '../../flags.ts';
import type { Outcome } from '../../outcome.ts';

export default class SecretRemove extends IceCommand<typeof SecretRemove> {
  static override summary = 'Remove a secret of the project';
  static override examples = ['ice secret remove OPENAI_API_KEY'];
  static override args = { name: requiredArg('Its name, from ice secret list') };
  static override exitCodes = [11];

  override async run(): Promise<Outcome> {
    const { name } = this.args;
    return this.connected(
      await this.workspace(),
      async ({ client, target }) => {
        await client.secrets.remove(name);
        return {
          body: { name, removed: true, target },
          text: ({ theme }) => [`${theme.good(theme.mark.ok)} Removed ${theme.strong(name)}`],
        };
      },
      { changes: true },
    );
  }
}
