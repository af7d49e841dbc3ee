import { IceCommand } from '../../base-command.ts';
import type { Outcome } from '../../outcome.ts';
import { formatAge } from '../../render/figures.ts';
import { table } from '../../render/table.ts';
import { oneLine } from '../../render/text-width.ts';

export default class TokenList extends IceCommand<typeof TokenList> {
  static override summary = 'The tokens of a target';
  static override examples = ['ice token list', 'ice token list --target prod'];
  static override readOnly = true;

  override async run(): Promise<Outcome> {
    return this.connected(await this.workspace(), async ({ client, target }) => {
      const items = await client.tokens.list();
      const now = Date.now();
      return {
        body: { items, target },
        text: ({ theme, columns }) =>
          table(
            items,
            [
              { title: 'ID', cell: (one) => one.id },
              { title: 'NAME', cell: (one) => oneLine(one.name), flex: true },
              { title: 'ROLE', cell: (one) => one.role },
              { title: 'PROJECT', cell: (one) => one.project ?? theme.dim('all') },
              {
                title: 'STATE',
                cell: (one) =>
                  one.revokedAt
                    ? theme.bad('revoked')
                    : one.expiresAt && Date.parse(one.expiresAt) < now
                      ? theme.warn('expired')
                      : theme.good('valid'),
              },
              {
                title: 'LAST USED',
                cell: (one) =>
                  one.lastUsedAt ? formatAge(Date.parse(one.lastUsedAt), now) : theme.dim('never'),
                optional: true,
              },
            ],
            theme,
            columns,
          ),
      };
    });
  }
}
