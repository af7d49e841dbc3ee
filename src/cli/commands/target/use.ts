import { knownTargets, useTarget } from '../../../project/targets.ts';
import { IceCommand } from '../../base-command.ts';
import { requiredArg } from '../../flags.ts';
import type { Outcome } from '../../outcome.ts';
import { configFolderOf, openWorkspace, targetOf } from '../../workspace.ts';

export default class TargetUse extends IceCommand<typeof TargetUse> {
  static override summary = 'Choose where commands go when nothing else is said';
  static override examples = ['ice target use prod', 'ice target use local'];
  static override args = { name: requiredArg('A target, or local') };
  static override exitCodes = [11];

  override async run(): Promise<Outcome> {
    const { name } = this.args;
    const workspace = await this.workspace();
    await useTarget(
      configFolderOf(workspace),
      name,
      knownTargets({
        user: workspace.user.config,
        ...(workspace.loaded?.project ? { project: workspace.loaded.project.file } : {}),
      }),
    );
    const now = targetOf(await openWorkspace(this.world.cwd, this.world.env, {}));
    if (now.name !== name) this.output.warn(`Here ${now.name} goes first: it is chosen by ${now.from}.`);
    return {
      body: { target: name, usedHere: now.name },
      text: ({ theme }) => [`${theme.good(theme.mark.ok)} Commands go to ${theme.strong(name)}`],
    };
  }
}
