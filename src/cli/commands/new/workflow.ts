import { Flags } from '@oclif/core';
import { IceCommand } from '../../base-command.ts';
import { requiredArg } from '../../flags.ts';
import { addComponent } from '../../new-component.ts';
import type { Outcome } from '../../outcome.ts';

export default class NewWorkflow extends IceCommand<typeof NewWorkflow> {
  static override summary = 'Add a workflow to the project';
  static override examples = [
    'ice new workflow my-workflow',
    'ice new workflow my-workflow --template workflow-ts   # in TypeScript',
  ];
  static override args = { name: requiredArg('Its name: lower-case letters, digits and dashes') };
  static override flags = {
    template: Flags.string({ description: 'What to start from', helpValue: 'NAME' }),
  };
  static override exitCodes = [3, 12];

  override async run(): Promise<Outcome> {
    return addComponent('workflow', this.args.name, this.flags.template, await this.workspace(), this.world);
  }
}
