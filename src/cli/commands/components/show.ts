import { IceCommand } from '../../base-command.ts';
import { findComponent } from '../../find-component.ts';
import { requiredArg } from '../../flags.ts';
import type { Outcome } from '../../outcome.ts';
import { componentLines } from '../../render/component.ts';

export default class ComponentsShow extends IceCommand<typeof ComponentsShow> {
  static override summary = 'One component: inputs, result, permissions, examples';
  static override examples = ['ice components show price', 'ice components show tool/std/csv-parse@^1'];
  static override args = { ref: requiredArg('[kind/]name[@version]') };
  static override readOnly = true;
  static override exitCodes = [11, 12];

  override async run(): Promise<Outcome> {
    return this.connected(await this.workspace(), async ({ client, target }) => {
      const { kind, name, version } = await findComponent(client, this.args.ref);
      const exact = `${kind}/${name}@${version}`;
      const component = (await client.components.resolve([exact], { reach: true })).found[exact]!;
      return { body: { component, target }, text: (view) => componentLines(component, view) };
    });
  }
}
