import type { ComponentVersion } from '../../contracts/components.ts';
import type { JsonSchema } from '../../contracts/json.ts';
import type { Reach, RunPermissions } from '../../contracts/runs.ts';
import type { View } from '../outcome.ts';
import { entriesText } from './push-plan.ts';
import { oneLine, pad, printable, textWidth, truncate, wrap } from './text-width.ts';

/** `ice components show`. */
export function componentLines(component: ComponentVersion & { reach?: Reach }, view: View): string[] {
  const { theme, columns } = view;
  const { manifest, info } = component;
  const width = Math.min(columns, 100);
  const tags = component.tags.length > 0 ? `  ${theme.dim(component.tags.join(', '))}` : '';
  const lines = [`${theme.dim(component.kind)} ${theme.strong(component.name)} ${component.version}${tags}`];
  if (info.description) lines.push(...wrap(printable(info.description), width));
  lines.push('', theme.strong('Input'), ...schemaLines(manifest.input, view));
  lines.push('', theme.strong('Result'), ...schemaLines(manifest.output, view));
  const { net, secrets, limits, commands = [] } = manifest.permissions;
  const limit = Object.entries(limits).map(([name, value]) => `${name} ${value}`);
  lines.push('', theme.strong('May touch'));
  // A workflow or an agent declares nothing; it touches what its tools and models do.
  const through = manifest.kind === 'tool' ? [] : touchLines(component.reach?.components ?? [], view);
  const models = component.reach?.models ?? [];
  if (net.length + secrets.length + limit.length + commands.length + through.length + models.length === 0)
    lines.push(theme.dim(component.reach ? '  nothing' : '  what the components do that it calls'));
  lines.push(...through);
  if (models.length > 0) lines.push(`  ${theme.dim('models   ')} ${oneLine(models.join(', '))}`);
  if (net.length > 0) lines.push(`  ${theme.dim('net      ')} ${entriesText(net)}`);
  if (secrets.length > 0) lines.push(`  ${theme.dim('secrets  ')} ${secrets.join(', ')}`);
  if (commands.length > 0)
    lines.push(
      `  ${theme.dim('starts   ')} ${theme.warn(oneLine(commands.join(', ')))}, which is not sandboxed`,
    );
  if (limit.length > 0) lines.push(`  ${theme.dim('limits   ')} ${limit.join(', ')}`);
  if (manifest.kind === 'tool') lines.push(`  ${theme.dim('runtime  ')} ${manifest.runtime}`);
  if (info.examples.length > 0) {
    lines.push('', theme.strong('Examples'));
    for (const example of info.examples.slice(0, 5)) {
      const text = `${JSON.stringify(example.input)}${example.output === undefined ? '' : ` ${theme.mark.next} ${JSON.stringify(example.output)}`}`;
      lines.push(truncate(`  ${oneLine(text)}`, columns, theme.mark.ellipsis));
    }
  }
  lines.push('', theme.dim(component.digest));
  return lines;
}

/** What the components of a run may touch, one a line; those that may touch nothing are left out. */
export function touchLines(permissions: readonly RunPermissions[], { theme, columns }: View): string[] {
  const lines = permissions.flatMap(({ component, runtime, net, secrets, limits, commands = [] }) => {
    const limit = Object.entries(limits).map(([name, value]) => `${name} ${value}`);
    const parts = [
      ...(runtime === 'node' ? ['runtime node'] : []),
      ...(commands.length > 0 ? [`starts ${commands.join(', ')}`] : []),
      ...(net.length > 0 ? [`net ${entriesText(net)}`] : []),
      ...(secrets.length > 0 ? [`secrets ${secrets.join(', ')}`] : []),
      ...(limit.length > 0 ? [`limits ${limit.join(', ')}`] : []),
    ];
    return parts.length === 0 ? [] : [{ component, said: parts.join(`  ${theme.mark.dot} `) }];
  });
  const width = Math.min(32, Math.max(0, ...lines.map(({ component }) => textWidth(component))));
  return lines.map(({ component, said }) =>
    truncate(`  ${pad(oneLine(component), width)}  ${oneLine(said)}`, columns, theme.mark.ellipsis),
  );
}

interface ObjectSchema {
  properties?: Record<string, JsonSchema>;
  required?: readonly string[];
}

/** The fields of an object schema, one a line; another schema as its type. */
export function schemaLines(schema: JsonSchema, { theme, columns }: View): string[] {
  const { properties, required } = (typeof schema === 'object' ? schema : {}) as ObjectSchema;
  if (!properties || Object.keys(properties).length === 0)
    return [theme.dim(`  ${oneLine(typeName(schema))}`)];
  const fields = Object.entries(properties);
  const names = fields.map(([name]) => oneLine(name));
  const nameWidth = Math.min(24, Math.max(...names.map(textWidth)));
  const types = fields.map(([, field]) => oneLine(typeName(field)));
  const typeWidth = Math.min(28, Math.max(...types.map(textWidth)));
  return fields.map(([name, field], i) => {
    const more: string[] = [];
    if (typeof field === 'object' && 'default' in field)
      more.push(`default ${JSON.stringify(field['default'])}`);
    else if (!required?.includes(name)) more.push('optional');
    if (typeof field === 'object' && typeof field['description'] === 'string')
      more.push(field['description']);
    const line = `  ${pad(names[i]!, nameWidth)}  ${theme.accent(pad(types[i]!, typeWidth))}  ${theme.dim(more.map(oneLine).join(`  ${theme.mark.dot} `))}`;
    return truncate(line.trimEnd(), columns, theme.mark.ellipsis);
  });
}

/** A schema in a word: `number`, `string[]`, `"a" | "b"`, `object`. */
export function typeName(schema: JsonSchema): string {
  if (typeof schema === 'boolean' || Object.keys(schema).length === 0) return 'anything';
  const { type, items, const: constant } = schema as Record<string, unknown>;
  if (constant !== undefined) return JSON.stringify(constant);
  const options = schema['enum'];
  if (Array.isArray(options)) return options.map((one) => JSON.stringify(one)).join(' | ');
  const union = schema['anyOf'] ?? schema['oneOf'];
  if (Array.isArray(union))
    return [...new Set(union.map((one) => memberName(one as JsonSchema)))].join(' | ');
  if (Array.isArray(type)) return type.join(' | ');
  if (type === 'array') {
    const item = items === undefined ? 'anything' : typeName(items as JsonSchema);
    return item.includes(' ') ? `(${item})[]` : `${item}[]`;
  }
  return typeof type === 'string' ? type : 'anything';
}

const MOST_FIELDS = 4;

/** A member of a union: of an object the fields that tell it from the others, `{ type: "cat", lives }`. */
function memberName(schema: JsonSchema): string {
  const { properties, required = [] } = (typeof schema === 'object' ? schema : {}) as ObjectSchema;
  if (!properties || Object.keys(properties).length === 0) return typeName(schema);
  const fields = Object.entries(properties).map(([name, field]) => {
    const only = typeof field === 'object' ? field['const'] : undefined;
    if (only !== undefined) return `${name}: ${JSON.stringify(only)}`;
    return required.includes(name) ? name : `${name}?`;
  });
  return `{ ${fields.slice(0, MOST_FIELDS).join(', ')}${fields.length > MOST_FIELDS ? ', …' : ''} }`;
}
