import { IceCommand } from '../../base-command.ts';
import { changeUse } from '../../change-use.ts';
import { requiredArg } from '../../flags.ts';
import type { Outcome } from '../../outcome.ts';

export default class ComponentsRestore extends IceCommand<typeof ComponentsRestore> {
  static override summary = 'Take a version, or a whole component, back into use';
  static override description = '`latest` follows a release that comes back above it.';
  static override examples = ['ice components restore price@1.1.0', 'ice components restore tool/price'];
  static override args = { ref: requiredArg('[kind/]name[@version]') };
  static override exitCodes = [11, 12];

  override async run(): Promise<Outcome> {
    return this.connected(
      await this.workspace(),
      (connection) => changeUse(connection, 'restore', this.args.ref),
      { changes: true },
    );
  }
}
