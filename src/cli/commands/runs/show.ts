import { Flags } from '@oclif/core';
import { RunView } from '../../../contracts/run-view.ts';
import { IceCommand } from '../../base-command.ts';
import { requiredArg } from '../../flags.ts';
import type { Outcome, View } from '../../outcome.ts';
import { touchLines } from '../../render/component.ts';
import { failureLine } from '../../render/error-lines.ts';
import { footerLines } from '../../render/footer.ts';
import { logLines } from '../../render/log-lines.ts';
import { outputLines } from '../../render/outputs.ts';
import { timelineLines } from '../../render/timeline.ts';
import { wholeTree } from '../../render/tree.ts';
import { runIdOf } from '../../run-id.ts';

export default class RunsShow extends IceCommand<typeof RunsShow> {
  static override summary = 'A run as it is or was: tree, timeline, inputs, outputs';
  static override examples = [
    'ice runs show run_01jd…',
    'ice runs show last --timeline',
    'ice runs show last --save-test tests/report.test.yaml',
    'ice runs show run_01jd… --json',
  ];
  static override args = { id: requiredArg('A run, or `last`') };
  static override flags = {
    timeline: Flags.boolean({ description: 'When each node ran, instead of the tree' }),
    events: Flags.boolean({ description: 'The whole journal as JSON lines' }),
    'save-test': Flags.string({
      description: 'Add the run as a case to a test file, which is made if need be',
      helpValue: 'FILE',
    }),
  };
  static override readOnly = true;
  static override exitCodes = [3, 11, 12];

  override async run(): Promise<Outcome> {
    return this.connected(await this.workspace(), async ({ client, target }) => {
      const id = await runIdOf(client, this.args.id);
      const [run, { outline, permissions }, events] = await Promise.all([
        client.runs.get(id),
        client.runs.outline(id),
        client.runs.events(id),
      ]);
      const file = this.flags['save-test'];
      if (file !== undefined) {
        const { saveTest } = await import('../../test-save.ts');
        return saveTest({ file, run, outline, cwd: this.world.cwd, warn: (text) => this.output.warn(text) });
      }
      const view = new RunView(outline);
      for (const event of events) {
        view.apply(event);
        if (this.output.mode === 'events') await this.output.event(event);
      }
      const text = (screen: View): string[] => {
        const { theme } = screen;
        const frame = { ...screen, now: view.clock(Date.now()), moving: false };
        const heading = (title: string, lines: string[]) =>
          lines.length === 0 ? [] : ['', theme.strong(title), ...lines];
        return [
          ...(this.flags.timeline ? timelineLines(view, frame) : wholeTree(view, id, frame, 400)),
          '',
          ...footerLines(view, frame, run.maxCost === null ? {} : { maxCost: run.maxCost }),
          ...heading('May touch', touchLines(permissions, screen)),
          ...heading('Inputs', outputLines(run.inputs, screen)),
          ...(run.outputs ? heading('Outputs', outputLines(run.outputs, screen)) : []),
          ...(run.error ? ['', failureLine(run.error, theme)] : []),
          ...(view.logs.length > 0 ? heading('Log', logLines(view, frame, 20)) : []),
        ];
      };
      const waits = run.state === 'paused' || (run.state === 'running' && !run.driven);
      return {
        body: { run, permissions, target },
        text,
        ...(waits ? { next: [`ice runs resume ${id}`] } : {}),
      };
    });
  }
}
