import { knownTargets } from '../../../project/targets.ts';
import { IceCommand } from '../../base-command.ts';
import type { Outcome } from '../../outcome.ts';
import { table } from '../../render/table.ts';
import { targetOf } from '../../workspace.ts';

export default class TargetList extends IceCommand<typeof TargetList> {
  static override summary = 'The targets that there are, and which is used';
  static override examples = ['ice target list'];
  static override readOnly = true;

  override async run(): Promise<Outcome> {
    const workspace = await this.workspace();
    const used = targetOf(workspace);
    const items = [
      { name: 'local', url: null as string | null, project: null as string | null, from: 'always' },
      ...knownTargets({
        user: workspace.user.config,
        ...(workspace.loaded?.project ? { project: workspace.loaded.project.file } : {}),
      }).map((one) => ({
        name: one.name,
        url: one.url as string | null,
        project: one.project ?? null,
        from: one.from === 'user' ? 'your config' : one.from,
      })),
      ...(used.name === 'env' && used.kind === 'remote'
        ? [{ name: 'env', url: used.url as string | null, project: null, from: used.from }]
        : []),
    ];
    return {
      body: { items, used: used.name, chosenBy: used.from },
      text: ({ theme, columns }) => [
        ...table(
          items,
          [
            { title: '', cell: (one) => (one.name === used.name ? theme.good(theme.mark.ok) : '') },
            { title: 'NAME', cell: (one) => (one.name === used.name ? theme.strong(one.name) : one.name) },
            { title: 'ADDRESS', cell: (one) => one.url ?? theme.dim('this machine'), flex: true },
            { title: 'PROJECT', cell: (one) => one.project ?? '', optional: true },
            { title: 'FROM', cell: (one) => theme.dim(one.from), optional: true },
          ],
          theme,
          columns,
        ),
        '',
        theme.dim(`${used.name} is used, chosen by ${used.from}`),
      ],
    };
  }
}
