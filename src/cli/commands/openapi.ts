import { IceCommand } from '../base-command.ts';
import type { Outcome } from '../outcome.ts';

export default class Openapi extends IceCommand<typeof Openapi> {
  static override summary = 'The API as OpenAPI 3.1';
  static override examples = ['ice openapi > openapi.json', 'ice openapi --target prod'];
  static override readOnly = true;

  override async run(): Promise<Outcome> {
    return this.connected(await this.workspace(), async ({ client }) => {
      const openapi = await client.call('openapi');
      return { body: { openapi }, text: () => [JSON.stringify(openapi, null, 2)] };
    });
  }
}
