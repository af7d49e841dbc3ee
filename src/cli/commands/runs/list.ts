import { Flags } from '@oclif/core';
import { RUN_STATES } from '../../../contracts/events.ts';
import type { RunSummary } from '../../../contracts/runs.ts';
import { IceCommand } from '../../base-command.ts';
import { countFlag } from '../../flags.ts';
import type { Outcome } from '../../outcome.ts';
import { runTable } from '../../render/run-table.ts';

export default class RunsList extends IceCommand<typeof RunsList> {
  static override summary = 'Runs of the project, newest first';
  static override examples = [
    'ice runs list',
    'ice runs list --state failed --name report',
    'ice runs list --limit 5 --json',
  ];
  static override readOnly = true;
  static override flags = {
    state: Flags.option({ options: RUN_STATES, description: 'Only in this state' })(),
    name: Flags.string({ description: 'Only of this component', helpValue: 'NAME' }),
    limit: countFlag(1, 10_000)({ description: 'At most so many', default: 20 }),
    cursor: Flags.string({
      description: 'Go on from the `next` of an earlier --json answer',
      helpValue: 'TEXT',
    }),
  };

  override async run(): Promise<Outcome> {
    const { flags } = this;
    return this.connected(await this.workspace(), async ({ client, target }) => {
      const items: RunSummary[] = [];
      let next: string | null = flags.cursor ?? null;
      do {
        const page = await client.runs.list({
          limit: Math.min(200, flags.limit - items.length),
          ...(flags.state ? { state: flags.state } : {}),
          ...(flags.name ? { name: flags.name } : {}),
          ...(next === null ? {} : { cursor: next }),
        });
        items.push(...page.items);
        next = page.next;
      } while (next !== null && items.length < flags.limit);
      return {
        body: { items, next, target },
        text: (view) =>
          items.length === 0 ? [view.theme.dim('No runs yet.')] : runTable(items, view, Date.now()),
        ...(next === null ? {} : { next: [`ice runs list --limit ${flags.limit * 5}`] }),
      };
    });
  }
}
