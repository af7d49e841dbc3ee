import { IceCommand } from '../../base-command.ts';
import { requiredArg } from '../../flags.ts';
import type { Outcome } from '../../outcome.ts';
import { runIdOf } from '../../run-id.ts';

export default class RunsPause extends IceCommand<typeof RunsPause> {
  static override summary = 'Pause a run: nothing new starts until it is resumed';
  static override examples = ['ice runs pause run_01jd…'];
  static override args = { id: requiredArg('A run, or `last`') };
  static override exitCodes = [11, 12];

  override async run(): Promise<Outcome> {
    return this.connected(
      await this.workspace(),
      async ({ client, target }) => {
        const id = await runIdOf(client, this.args.id);
        const run = await client.runs.pause(id);
        return {
          body: { run, target },
          text: ({ theme }) => [
            `${theme.good(theme.mark.ok)} ${id} is ${run.state === 'paused' ? 'paused' : 'asked to pause'}`,
          ],
          next: [`ice runs resume ${id}`],
        };
      },
      { changes: true },
    );
  }
}
