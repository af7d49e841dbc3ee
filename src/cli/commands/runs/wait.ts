import { IceCommand } from '../../base-command.ts';
import { requiredArg } from '../../flags.ts';
import { followRun } from '../../follow.ts';
import type { Outcome } from '../../outcome.ts';
import { runIdOf } from '../../run-id.ts';
import { runOutcome } from '../../run-outcome.ts';

export default class RunsWait extends IceCommand<typeof RunsWait> {
  static override summary = 'Wait for a run to end, without a picture';
  static override examples = ['ice runs wait run_01jd… --timeout 5m', 'ice runs wait last --json'];
  static override args = { id: requiredArg('A run, or `last`') };
  static override exitCodes = [1, 6, 7, 10, 11];

  override async run(): Promise<Outcome> {
    return this.connected(await this.workspace(), async (connection) => {
      const runId = await runIdOf(connection.client, this.args.id);
      const followed = await followRun({
        connection,
        runId,
        mode: 'watch',
        output: this.output,
        stdin: this.world.stdin,
        person: false,
        show: false,
        timeoutMs: this.flags.timeout,
      });
      return runOutcome(followed, { connection, cwd: this.world.cwd });
    });
  }
}
