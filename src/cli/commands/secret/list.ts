import { IceCommand } from '../../base-command.ts';
import type { Outcome } from '../../outcome.ts';
import { formatAge } from '../../render/figures.ts';
import { keyPlaceText } from '../../render/key-place.ts';
import { table } from '../../render/table.ts';

export default class SecretList extends IceCommand<typeof SecretList> {
  static override summary = 'The names of the secrets of the project, never their values';
  static override examples = ['ice secret list', 'ice secret list --target prod --json'];
  static override readOnly = true;

  override async run(): Promise<Outcome> {
    return this.connected(await this.workspace(), async ({ client, target }) => {
      const { items, masterKey } = await client.secrets.list();
      const now = Date.now();
      return {
        body: { items, masterKey, target },
        text: ({ theme, columns }) =>
          items.length === 0
            ? [theme.dim('No secrets')]
            : [
                ...table(
                  items,
                  [
                    { title: 'NAME', cell: (one) => one.name, flex: true },
                    { title: 'VERSION', cell: (one) => String(one.version) },
                    { title: 'SET', cell: (one) => formatAge(Date.parse(one.updatedAt), now) },
                    { title: 'BY', cell: (one) => one.updatedBy, optional: true },
                  ],
                  theme,
                  columns,
                ),
                theme.dim(keyPlaceText[masterKey]),
              ],
        ...(items.length === 0 ? { next: ['ice secret set EXAMPLE_KEY'] } : {}),
      };
    });
  }
}
