import { IceError } from '../../contracts/errors.ts';
import { suggest } from '../../language/expressions/suggest.ts';
import { IceCommand } from '../base-command.ts';
import { optionalArg } from '../flags.ts';
import type { Outcome } from '../outcome.ts';

export default class SchemaCommand extends IceCommand<typeof SchemaCommand> {
  static override summary = 'JSON Schemas of the documents that you write';
  static override description =
    'For editors and for coding agents: blueprint (a workflow), project (ice.yaml), and node types.';
  static override examples = [
    'ice schema',
    'ice schema blueprint > blueprint.schema.json',
    'ice schema node/loop',
  ];
  static override args = {
    name: optionalArg('blueprint, project, event, or node/TYPE; all names unless said'),
  };
  static override readOnly = true;
  static override exitCodes = [11];

  override async run(): Promise<Outcome> {
    const { z } = await import('zod');
    const { blueprintSchema, NODE_SCHEMAS } = await import('../../contracts/blueprint.ts');
    const { projectFileSchema } = await import('../../contracts/project.ts');
    const { runEventSchema } = await import('../../contracts/events.ts');
    const { manifestSchema } = await import('../../contracts/components.ts');
    const schemas: Record<string, import('zod').ZodType> = {
      blueprint: blueprintSchema,
      project: projectFileSchema,
      event: runEventSchema,
      manifest: manifestSchema,
      ...Object.fromEntries(Object.entries(NODE_SCHEMAS).map(([type, schema]) => [`node/${type}`, schema])),
    };
    const names = Object.keys(schemas);
    const { name } = this.args;
    if (name === undefined) return { body: { names }, text: () => names };
    const found = schemas[name];
    if (!found)
      throw new IceError('not_found', 'There is no schema of that name.', {
        hint: `There are: ${names.join(', ')}${suggest(name, names) ? `. Did you mean ${suggest(name, names)}?` : ''}`,
      });
    const schema = z.toJSONSchema(found, { io: 'input', unrepresentable: 'any' });
    return { body: { name, schema }, text: () => [JSON.stringify(schema, null, 2)] };
  }
}
