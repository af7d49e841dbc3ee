import { Flags } from '@oclif/core';
import { IceCommand } from '../../base-command.ts';
import { eventsFlag, requiredArg } from '../../flags.ts';
import { followRun } from '../../follow.ts';
import type { Outcome } from '../../outcome.ts';
import { runIdOf } from '../../run-id.ts';
import { runOutcome } from '../../run-outcome.ts';

export default class RunsWatch extends IceCommand<typeof RunsWatch> {
  static override summary = "Follow a run to its end; its exit code is the run's";
  static override description =
    'On the local target it also executes a run that nobody else does, as after a crash. Ctrl-C stops looking: a server goes on with the run, and without one it waits for `ice runs resume`.';
  static override examples = [
    'ice runs watch run_01jd…',
    'ice runs watch last',
    'ice runs watch last --events',
  ];
  static override args = { id: requiredArg('A run, or `last`') };
  static override flags = {
    ...eventsFlag,
    out: Flags.string({ description: 'Save the outputs there', helpValue: 'DIR' }),
  };
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
        person: this.mayAsk,
        show: this.output.mode !== 'json',
        timeoutMs: this.flags.timeout,
      });
      return runOutcome(followed, { connection, cwd: this.world.cwd, out: this.flags.out });
    });
  }
}
