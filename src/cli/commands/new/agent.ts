import { Flags } from '@oclif/core';
import { IceCommand } from '../../base-command.ts';
import { requiredArg } from '../../flags.ts';
import { addComponent } from '../../new-component.ts';
import type { Outcome } from '../../outcome.ts';

export default class NewAgent extends IceCommand<typeof NewAgent> {
  static override summary = 'Add an agent to the project';
  static override examples = ['ice new agent my-agent'];
  static override args = { name: requiredArg('Its name: lower-case letters, digits and dashes') };
  static override flags = {
    template: Flags.string({ description: 'What to start from', helpValue: 'NAME' }),
  };
  static override exitCodes = [3, 12];

  override async run(): Promise<Outcome> {
    return addComponent('agent', this.args.name, this.flags.template, await this.workspace(), this.world);
  }
}
