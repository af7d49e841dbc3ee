import { Flags } from '@oclif/core';
import type { ComponentSummary } from '../../../contracts/components.ts';
import { IceCommand } from '../../base-command.ts';
import { countFlag } from '../../flags.ts';
import type { Outcome } from '../../outcome.ts';
import { formatAge } from '../../render/figures.ts';
import { table } from '../../render/table.ts';
import { oneLine } from '../../render/text-width.ts';

export default class ComponentsList extends IceCommand<typeof ComponentsList> {
  static override summary = 'What the target has: pushed components, and std';
  static override examples = [
    'ice components list',
    'ice components list --kind tool --target prod',
    'ice components list --no-std',
  ];
  static override readOnly = true;
  static override flags = {
    kind: Flags.option({
      options: ['tool', 'workflow', 'agent'] as const,
      description: 'Only of this kind',
    })(),
    std: Flags.boolean({ description: 'Also those that ship with ice', default: true, allowNo: true }),
    archived: Flags.boolean({ description: 'Also archived ones' }),
    limit: countFlag(1, 10_000)({ description: 'At most so many', default: 200 }),
  };

  override async run(): Promise<Outcome> {
    const { flags } = this;
    return this.connected(await this.workspace(), async ({ client, target }) => {
      const items: ComponentSummary[] = [];
      const query = { ...(flags.kind ? { kind: flags.kind } : {}), archived: flags.archived };
      for await (const one of client.components.all(query)) {
        if (!flags.std && one.origin === 'std') continue;
        if (items.length >= flags.limit) {
          this.output.warn(`There are more than ${flags.limit}; see them with --limit.`);
          break;
        }
        items.push(one);
      }
      const now = Date.now();
      return {
        body: { items, target },
        text: ({ theme, columns }) =>
          items.length === 0
            ? [theme.dim('Nothing is here yet.')]
            : table(
                items,
                [
                  { title: 'KIND', cell: (one) => theme.dim(one.kind) },
                  {
                    title: 'NAME',
                    cell: (one) => (one.origin === 'std' ? one.name : theme.strong(one.name)),
                  },
                  { title: 'LATEST', cell: (one) => one.latest },
                  { title: 'VERSIONS', cell: (one) => String(one.versions), align: 'right', optional: true },
                  {
                    title: 'UPDATED',
                    cell: (one) =>
                      one.origin === 'std'
                        ? theme.dim('with ice')
                        : formatAge(Date.parse(one.updatedAt), now),
                    optional: true,
                  },
                  {
                    title: 'DESCRIPTION',
                    cell: (one) =>
                      `${one.archived ? theme.warn('archived ') : ''}${theme.dim(oneLine(one.description))}`,
                    flex: true,
                  },
                ],
                theme,
                columns,
              ),
        ...(items.some((one) => one.origin === 'pushed') ? {} : { next: ['ice push'] }),
      };
    });
  }
}
