import { IceCommand } from '../../base-command.ts';
import { changeUse } from '../../change-use.ts';
import { requiredArg } from '../../flags.ts';
import type { Outcome } from '../../outcome.ts';

export default class ComponentsArchive extends IceCommand<typeof ComponentsArchive> {
  static override summary = 'Take a version, or a whole component, out of use';
  static override description =
    'Nothing is deleted: an exact version still reaches it, so runs and pinned references go on; ranges, tags and lists no longer do. `latest` moves to the highest release that is still in use.';
  static override examples = ['ice components archive price@1.1.0', 'ice components archive tool/price'];
  static override args = { ref: requiredArg('[kind/]name[@version]') };
  static override exitCodes = [11, 12];

  override async run(): Promise<Outcome> {
    return this.connected(
      await this.workspace(),
      (connection) => changeUse(connection, 'archive', this.args.ref),
      { changes: true },
    );
  }
}
