import { removeTarget } from '../../../project/targets.ts';
import { IceCommand } from '../../base-command.ts';
import { requiredArg } from '../../flags.ts';
import type { Outcome } from '../../outcome.ts';
import { configFolderOf, credentialsOf } from '../../workspace.ts';

export default class TargetRemove extends IceCommand<typeof TargetRemove> {
  static override summary = 'Forget a target and its token';
  static override examples = ['ice target remove staging'];
  static override args = { name: requiredArg('A target of your config') };
  static override exitCodes = [11];

  override async run(): Promise<Outcome> {
    const { name } = this.args;
    const workspace = await this.workspace();
    const entry = workspace.user.config.targets[name];
    await removeTarget(configFolderOf(workspace), name);
    const shared = Object.entries(workspace.user.config.targets).some(
      ([other, { url }]) => other !== name && entry && new URL(url).origin === new URL(entry.url).origin,
    );
    const forgotten = entry && !shared ? await credentialsOf(workspace).remove(entry.url) : false;
    return {
      body: { target: name, credentialRemoved: forgotten },
      text: ({ theme }) => [
        `${theme.good(theme.mark.ok)} Removed ${theme.strong(name)}${forgotten ? theme.dim('  and its token') : ''}`,
      ],
    };
  }
}
