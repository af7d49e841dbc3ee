import { IceCommand } from '../../base-command.ts';
import type { Outcome } from '../../outcome.ts';
import { plural } from '../../render/figures.ts';

export default class SecretRotate extends IceCommand<typeof SecretRotate> {
  static override summary = 'Put every secret of the target under its current master key';
  static override description =
    'First start the target with the new master key before the old one (ICE_MASTER_KEY=NEW,OLD, or one a line in its file). After this the old one is needed no more. Values stay as they are.';
  static override examples = ['ice secret rotate', 'ice secret rotate --target prod'];

  override async run(): Promise<Outcome> {
    return this.connected(
      await this.workspace(),
      async ({ client, target }) => {
        const { resealed } = await client.secrets.rotate();
        return {
          body: { resealed, target },
          text: ({ theme }) => [
            resealed === 0
              ? theme.dim('Every secret was under the current master key already')
              : `${theme.good(theme.mark.ok)} ${plural(resealed, 'secret')} put under the current master key`,
          ],
        };
      },
      { changes: true },
    );
  }
}
