import { Flags } from '@oclif/core';
import { ENDED } from '../../../contracts/events.ts';
import { type LogLine, RunView } from '../../../contracts/run-view.ts';
import { IceCommand } from '../../base-command.ts';
import { eventsFlag, requiredArg } from '../../flags.ts';
import type { Outcome } from '../../outcome.ts';
import { logLine } from '../../render/log-lines.ts';
import { runIdOf } from '../../run-id.ts';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

export default class RunsLogs extends IceCommand<typeof RunsLogs> {
  static override summary = 'What the nodes of a run logged, retries and failures included';
  static override examples = [
    'ice runs logs last',
    'ice runs logs last -f',
    'ice runs logs last --level warn --node priced',
  ];
  static override args = { id: requiredArg('A run, or `last`') };
  static override flags = {
    ...eventsFlag,
    follow: Flags.boolean({ char: 'f', description: 'And what comes, until the run ends' }),
    level: Flags.option({ options: LEVELS, description: 'Only from this level up', default: 'debug' })(),
    node: Flags.string({ description: 'Only of this node and what is in it', helpValue: 'PATH' }),
  };
  static override readOnly = true;
  static override exitCodes = [11];

  override async run(): Promise<Outcome> {
    const { flags, output } = this;
    const least = LEVELS.indexOf(flags.level as (typeof LEVELS)[number]);
    const wanted = (line: LogLine): boolean =>
      LEVELS.indexOf(line.level) >= least &&
      (flags.node === undefined ||
        line.path === flags.node ||
        (/^[.[]/.test(line.path.slice(flags.node.length)) && line.path.startsWith(flags.node)));
    return this.connected(await this.workspace(), async ({ client, target }) => {
      const id = await runIdOf(client, this.args.id);
      const { outline } = await client.runs.outline(id);
      const view = new RunView(outline);
      const items: LogLine[] = [];
      const take = async (event: Parameters<RunView['apply']>[0]): Promise<void> => {
        const before = view.logs.at(-1);
        view.apply(event);
        const line = view.logs.at(-1);
        if (line === undefined || line === before || !wanted(line)) return;
        if (output.mode === 'json') items.push(line);
        await output.event({ v: 1, runId: id, type: 'node.log', ...line });
        await output.emit(logLine(line, output.resultTheme));
      };
      const stop = new AbortController();
      const leave = (): void => stop.abort();
      output.readerGone.addEventListener('abort', leave, { once: true });
      process.once('SIGINT', leave);
      process.once('SIGTERM', leave);
      try {
        const run = await client.runs.get(id);
        if (flags.follow && !ENDED.has(run.state)) {
          for await (const entry of client.runs.follow(id, { signal: stop.signal })) {
            if (entry.kind === 'event') await take(entry.event);
          }
        } else {
          for (const event of await client.runs.events(id)) {
            if (output.readerGone.aborted) break;
            await take(event);
          }
        }
      } catch (error) {
        if (!stop.signal.aborted) throw error;
      } finally {
        process.off('SIGINT', leave);
        process.off('SIGTERM', leave);
      }
      return { body: { id, items, target } };
    });
  }
}
