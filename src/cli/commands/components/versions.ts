import type { ComponentVersion } from '../../../contracts/components.ts';
import { IceCommand } from '../../base-command.ts';
import { findKind } from '../../find-component.ts';
import { countFlag, requiredArg } from '../../flags.ts';
import type { Outcome } from '../../outcome.ts';
import { formatAge } from '../../render/figures.ts';
import { table } from '../../render/table.ts';
import { oneLine } from '../../render/text-width.ts';

export default class ComponentsVersions extends IceCommand<typeof ComponentsVersions> {
  static override summary = 'All versions of a component, newest first';
  static override examples = ['ice components versions price'];
  static override args = { ref: requiredArg('[kind/]name') };
  static override flags = { limit: countFlag(1, 1000)({ description: 'At most so many', default: 50 }) };
  static override readOnly = true;
  static override exitCodes = [11, 12];

  override async run(): Promise<Outcome> {
    return this.connected(await this.workspace(), async ({ client, target }) => {
      const { kind, name } = await findKind(client, this.args.ref);
      const items: ComponentVersion[] = [];
      let cursor: string | undefined;
      do {
        const page = await client.components.versions(kind, name, {
          limit: Math.min(200, this.flags.limit - items.length),
          ...(cursor === undefined ? {} : { cursor }),
        });
        items.push(...page.items);
        cursor = page.next ?? undefined;
      } while (cursor !== undefined && items.length < this.flags.limit);
      const now = Date.now();
      return {
        body: { items, target },
        text: ({ theme, columns }) =>
          table(
            items,
            [
              { title: 'VERSION', cell: (one) => theme.strong(one.version) },
              { title: 'TAGS', cell: (one) => one.tags.join(', ') },
              { title: 'DIGEST', cell: (one) => theme.dim(one.digest.slice(0, 19)), optional: true },
              { title: 'BY', cell: (one) => oneLine(one.createdBy), optional: true },
              { title: 'WHEN', cell: (one) => formatAge(Date.parse(one.createdAt), now) },
              { title: '', cell: (one) => (one.archivedAt ? theme.warn('archived') : '') },
            ],
            theme,
            columns,
          ),
      };
    });
  }
}
