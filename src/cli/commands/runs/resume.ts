import { Flags } from '@oclif/core';
import { IceCommand } from '../../base-command.ts';
import { eventsFlag, requiredArg } from '../../flags.ts';
import { followRun } from '../../follow.ts';
import type { Outcome } from '../../outcome.ts';
import { runIdOf } from '../../run-id.ts';
import { needServer, runOutcome } from '../../run-outcome.ts';

export default class RunsResume extends IceCommand<typeof RunsResume> {
  static override summary = 'Go on with a paused run, or one whose worker died';
  static override description =
    'Follows the run to its end unless --detach; what is finished is not done again.';
  static override examples = ['ice runs resume run_01jd…', 'ice runs resume last --detach --target prod'];
  static override args = { id: requiredArg('A run, or `last`') };
  static override flags = {
    ...eventsFlag,
    detach: Flags.boolean({ description: 'Do not follow it' }),
    out: Flags.string({ description: 'Save the outputs there', helpValue: 'DIR' }),
  };
  static override exitCodes = [1, 6, 7, 10, 11, 12];

  override async run(): Promise<Outcome> {
    return this.connected(
      await this.workspace(),
      async (connection) => {
        const { client } = connection;
        const runId = await runIdOf(client, this.args.id);
        if (this.flags.detach) needServer(connection.executes, 'resume');
        const run = await client.runs.resume(runId);
        if (this.flags.detach)
          return {
            body: { run, target: connection.target },
            text: ({ theme }) => [`${theme.good(theme.mark.ok)} ${runId} goes on`],
            next: [`ice runs watch ${runId}`],
          };
        const followed = await followRun({
          connection,
          runId,
          mode: 'run',
          output: this.output,
          stdin: this.world.stdin,
          person: this.mayAsk,
          show: this.output.mode !== 'json',
          maxCost: run.maxCost ?? undefined,
          timeoutMs: this.flags.timeout,
        });
        return runOutcome(followed, { connection, cwd: this.world.cwd, out: this.flags.out });
      },
      { changes: true },
    );
  }
}
