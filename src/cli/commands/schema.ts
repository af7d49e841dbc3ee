import { IceError } from '../../contracts/errors.ts';
import { suggest } from '../../language/expressions/suggest.ts';
import { IceCommand } from '../base-command.ts';
import { optionalArg } from '../flags.ts';
import type { Outcome } from '../outcome.ts';

export default class SchemaCommand extends IceCommand<typeof SchemaCommand> {
  static override summary = 'JSON Schemas of the documents that you write';
  static override description =
    'For editors and for coding agents: blueprint (a workflow), project (ice.yaml), agent, test, node types, run events. The same files are in node_modules/iceos/dist/schemas.';
  static override examples = [
    'ice schema',
    'ice schema blueprint > blueprint.schema.json',
    'ice schema node/loop',
  ];
  static override args = {
    name: optionalArg('blueprint, project, agent, test, event, node/TYPE; all names unless said'),
  };
  static override readOnly = true;
  static override exitCodes = [11];

  override async run(): Promise<Outcome> {
    const { documentNames, documentSchema } = await import('../document-schemas.ts');
    const names = documentNames();
    const { name } = this.args;
    if (name === undefined) return { body: { names }, text: () => names };
    const schema = documentSchema(name);
    if (!schema) {
      const near = suggest(name, names);
      throw new IceError('not_found', 'There is no schema of that name.', {
        hint: near ? `Did you mean: ice schema ${near}` : `There are: ${names.join(', ')}`,
      });
    }
    return { body: { name, schema }, text: () => [JSON.stringify(schema, null, 2)] };
  }
}
