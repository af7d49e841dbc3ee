import { Flags } from '@oclif/core';
import { ENDED } from '../../../contracts/events.ts';
import { IceCommand } from '../../base-command.ts';
import { requiredArg } from '../../flags.ts';
import type { Outcome } from '../../outcome.ts';
import { runIdOf } from '../../run-id.ts';

export default class RunsCancel extends IceCommand<typeof RunsCancel> {
  static override summary = 'Cancel a run: what runs is stopped, nothing new starts';
  static override examples = [
    'ice runs cancel run_01jd…',
    'ice runs cancel last --reason "wrong input"',
    'ice runs cancel last --force',
  ];
  static override args = { id: requiredArg('A run, or `last`') };
  static override flags = {
    reason: Flags.string({ description: 'Kept in the journal', helpValue: 'TEXT' }),
    force: Flags.boolean({ description: 'Do not wait for what runs to stop' }),
  };
  static override exitCodes = [11, 12];

  override async run(): Promise<Outcome> {
    const { flags } = this;
    return this.connected(
      await this.workspace(),
      async (connection) => {
        const { client, target } = connection;
        const id = await runIdOf(client, this.args.id);
        let run = await client.runs.cancel(id, {
          force: flags.force,
          ...(flags.reason === undefined ? {} : { reason: flags.reason }),
        });
        // A run that nobody executes has nobody to say that it is cancelled.
        if (connection.executes && !ENDED.has(run.state) && !run.driven) {
          await connection.drive(id);
          run = await client.runs.get(id);
        }
        const done = ENDED.has(run.state);
        return {
          body: { run, target },
          text: ({ theme }) => [
            done
              ? `${theme.good(theme.mark.ok)} ${id} is ${run.state}`
              : `${theme.good(theme.mark.ok)} ${id} is asked to stop`,
          ],
          ...(done ? {} : { next: [`ice runs wait ${id}`] }),
        };
      },
      { changes: true },
    );
  }
}
