import { Flags } from '@oclif/core';
import { IceCommand } from '../../base-command.ts';
import type { Outcome } from '../../outcome.ts';
import { plural } from '../../render/figures.ts';
import { keyPlaceText } from '../../render/key-place.ts';

export default class SecretRotate extends IceCommand<typeof SecretRotate> {
  static override summary = 'Put every secret of the target under its current master key';
  static override description =
    'On your own machine --new-key makes a new master key first, in the keyring of the system if there is one. Elsewhere start the target with the new key before the old one (ICE_MASTER_KEY=NEW,OLD, or one a line in its file). Old keys are only needed for runs with secret inputs that began under them. Values stay as they are.';
  static override examples = [
    'ice secret rotate --new-key',
    'ice secret rotate',
    'ice secret rotate --target prod',
  ];
  static override flags = {
    'new-key': Flags.boolean({ description: 'Make a new master key, and put every secret under it' }),
  };

  override async run(): Promise<Outcome> {
    return this.connected(
      await this.workspace(),
      async ({ client, target }) => {
        const { resealed, masterKey } = await client.secrets.rotate({ newKey: this.flags['new-key'] });
        return {
          body: { resealed, masterKey, target },
          text: ({ theme }) => [
            resealed === 0
              ? theme.dim('Every secret was under the current master key already')
              : `${theme.good(theme.mark.ok)} ${plural(resealed, 'secret')} put under ${this.flags['new-key'] ? 'a new' : 'the current'} master key`,
            theme.dim(keyPlaceText[masterKey]),
          ],
        };
      },
      { changes: true },
    );
  }
}
