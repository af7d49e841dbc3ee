import { readFileSync } from 'node:fs';
import { IceCommand } from '../base-command.ts';
import type { Outcome } from '../outcome.ts';

export default class Openapi extends IceCommand<typeof Openapi> {
  static override summary = 'The API as OpenAPI 3.1';
  static override description = 'That of this version of ice; with --target, that of the target.';
  static override examples = ['ice openapi > openapi.json', 'ice openapi --target prod'];
  static override readOnly = true;

  override async run(): Promise<Outcome> {
    const openapi = this.flags.target === undefined ? this.#own() : await this.#ofTarget();
    return { body: { openapi }, text: () => [JSON.stringify(openapi, null, 2)] };
  }

  #own(): unknown {
    const { root, commands } = this.world;
    return JSON.parse(readFileSync(new URL(`${commands}/server/openapi.generated.json`, root), 'utf8'));
  }

  async #ofTarget(): Promise<unknown> {
    return this.connected(await this.workspace(), ({ client }) => client.call('openapi'));
  }
}
