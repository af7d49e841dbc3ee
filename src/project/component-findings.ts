import semver from 'semver';
import { asciiHost } from '../contracts/ascii-host.ts';
import type { BuiltComponent } from '../contracts/components.ts';
import type { Diagnostic } from '../contracts/diagnostics.ts';
import { COMPONENT_NAME } from '../contracts/ids.ts';
import type { Json, JsonSchema } from '../contracts/json.ts';
import { capPermissions } from '../contracts/permission-policy.ts';
import type { ProjectFile } from '../contracts/project.ts';
import { finding } from '../language/diagnostics/finding.ts';
import type { ExtractedTool } from '../sandbox/port.ts';
import { fieldRange, toolRange } from './definition-fields.ts';

/** Everything that does not match a schema: where, and what is wrong. Handed in by the language. */
export type SchemaErrors = (schema: JsonSchema, value: Json) => { path: string; message: string }[];

/** What is wrong with a tool besides that it can be loaded: its name, version, schemas, examples, words. */
export function toolFindings(
  file: string,
  text: string,
  tool: ExtractedTool,
  schemaErrors: SchemaErrors,
): Diagnostic[] {
  const found: Diagnostic[] = [];
  const whole = toolRange(text);
  if (!COMPONENT_NAME.test(tool.name) || tool.name.startsWith('std/'))
    found.push(
      finding('ICE1507', file, `"${tool.name.slice(0, 60)}" can't be the name of a tool`, {
        ...fieldRange(text, 'name'),
        help: tool.name.startsWith('std/')
          ? 'std/ is kept for the tools that ship with ice.'
          : "Write lower-case letters, digits and dashes, starting with a letter: name: 'price'",
      }),
    );
  if (semver.valid(tool.version) !== tool.version || tool.version.includes('+'))
    found.push(
      finding(
        'ICE1506',
        file,
        tool.version === ''
          ? 'The tool has no version'
          : `"${tool.version.slice(0, 60)}" is not a semantic version`,
        { ...fieldRange(text, 'version'), help: "Write three numbers: version: '1.0.0'" },
      ),
    );
  found.push(...schemaFindings(file, text, tool), ...hostFindings(file, text, tool));
  for (const { where, path, reason } of tool.unrepresentable.slice(0, 20))
    found.push(
      finding(
        'ICE1509',
        file,
        `${where}${path === '' ? '' : ` ${path}`} can't be said as a JSON Schema: ${reason}`,
        {
          severity: 'warning',
          ...fieldRange(text, where, ...path.split('.').filter(Boolean)),
          help: 'Callers and the type check see any value there. Use what JSON has: a date as z.iso.datetime(), for one.',
        },
      ),
    );
  if (tool.description.trim() === '')
    found.push(
      finding('ICE1510', file, 'The tool has no description', {
        severity: 'info',
        ...whole,
        help: "Say in a sentence what it does; people and models choose it by that: description: '…'",
      }),
    );

  for (const [index, example] of tool.examples.entries()) {
    const label =
      example.name === undefined ? `Example ${index + 1}` : `The example "${example.name.slice(0, 60)}"`;
    const place = (part: string) => fieldRange(text, 'examples', index, part) ?? whole;
    const input = schemaErrors(tool.input, example.input)[0];
    if (input)
      found.push(
        finding('ICE1512', file, `${label} does not match the input schema: ${sayError(input)}`, {
          ...place('input'),
          help: 'Correct the example, or the schema.',
        }),
      );
    const output = example.output === undefined ? undefined : schemaErrors(tool.output, example.output)[0];
    if (output)
      found.push(
        finding('ICE1513', file, `${label} does not match the output schema: ${sayError(output)}`, {
          ...place('output'),
          help: 'Correct the example, or the schema.',
        }),
      );
  }
  return found;
}

/** Words of JSON Schema of which a schema that says anything has one. */
const SCHEMA_WORDS =
  /^(?:type|properties|required|additionalProperties|patternProperties|propertyNames|items|prefixItems|enum|const|anyOf|oneOf|allOf|not|if|\$ref|\$defs|definitions|format|pattern|title|description|default|examples|contentMediaType|min\w+|max\w+)$/;

/** A plain object that is no JSON Schema, and an input that no caller could write: arguments have names. */
function schemaFindings(file: string, text: string, tool: ExtractedTool): Diagnostic[] {
  const found: Diagnostic[] = [];
  for (const where of ['input', 'output'] as const) {
    const words = Object.keys(tool[where]);
    const [field] = words;
    if (field !== undefined && !words.some((word) => SCHEMA_WORDS.test(word)))
      found.push(
        finding('ICE1519', file, `${where} is no schema: JSON Schema has no word \`${field.slice(0, 60)}\``, {
          ...fieldRange(text, where, field),
          help: `Write ${where}: z.object({ ${field.slice(0, 60)}: z.string() }), or { type: 'object', properties: { … } }.`,
        }),
      );
  }
  const { type = 'object' } = tool.input as { type?: unknown };
  const types = [type].flat();
  if (!types.includes('object'))
    found.push(
      finding('ICE1519', file, `The input of a tool is an object, and this is ${String(types[0])}`, {
        ...fieldRange(text, 'input'),
        help: 'Arguments have names: input: z.object({ text: z.string() }).',
      }),
    );
  return found;
}

const HOST = /^(?:\*|(?:\*\.)?[^\s:/?#@[\]*\\%]+(?::(?:\d{1,5}|\*))?|\[[0-9a-f:.]+\](?::(?:\d{1,5}|\*))?)$/i;

/** Entries of `permissions.net` that can never allow anything. */
const hostFindings = (file: string, text: string, { permissions: { net } }: ExtractedTool): Diagnostic[] =>
  net.flatMap((entry, index) => {
    const at = fieldRange(text, 'permissions', 'net', index);
    const ascii = asciiHost(entry);
    if (ascii !== entry)
      return [
        finding('ICE1519', file, `permissions.net has "${entry}", which may look like another host`, {
          ...at,
          help: `Write it as URLs do: '${ascii}'.`,
        }),
      ];
    const port = /:(\d+)$/.exec(entry)?.[1] ?? '1';
    if (HOST.test(entry.trim()) && Number(port) >= 1 && Number(port) <= 65_535) return [];
    const host = URL.canParse(entry) ? new URL(entry).host : '';
    return [
      finding('ICE1519', file, `permissions.net names hosts, and "${entry.slice(0, 100)}" is none`, {
        ...at,
        help: `Write ${host === '' ? "the host alone: 'api.example.com'" : `'${host}'`}; a port may follow: 'localhost:8080'.`,
      }),
    ];
  });

const sayError = ({ path, message }: { path: string; message: string }): string =>
  path === '' ? message : `${path} ${message}`;

/** What a component asks for beyond what the project's policy lets any component have: what, and the cap. */
export function policyFindings(
  file: string,
  text: string,
  { name, permissions }: Pick<ExtractedTool, 'name' | 'permissions'>,
  policy: ProjectFile['policy'],
): Diagnostic[] {
  const most = policy?.permissions;
  if (!most) return [];
  const beyond = capPermissions(permissions, most);
  const asks: string[] = [];
  for (const field of ['net', 'secrets', 'commands'] as const)
    if (beyond[field].length > 0)
      asks.push(`${field}: ${beyond[field].join(', ')} (allowed: ${most[field]?.join(', ') || 'none'})`);
  for (const { name: limit, asked, most: cap } of beyond.limits)
    asks.push(`limits.${limit}: ${asked} (at most ${cap})`);
  if (asks.length === 0) return [];
  return [
    finding('ICE1514', file, `${name} asks for more than the policy of ice.yaml allows: ${asks.join('; ')}`, {
      ...(fieldRange(text, 'permissions') ?? {}),
      help: 'Ask for less, or widen policy.permissions in ice.yaml.',
    }),
  ];
}

/** Two components of one kind and name, and names that are not those of their files. */
export function nameFindings(
  components: readonly Pick<BuiltComponent, 'kind' | 'name' | 'file'>[],
): Diagnostic[] {
  const found: Diagnostic[] = [];
  const first = new Map<string, string>();
  const likeItsFile = (one: (typeof components)[number]): boolean => namesOf(one.file).includes(one.name);
  // Of two the one that is called as its file has the name.
  for (const { kind, name, file } of [
    ...components.filter(likeItsFile),
    ...components.filter((one) => !likeItsFile(one)),
  ]) {
    const key = `${kind}/${name}`;
    const other = first.get(key);
    if (other !== undefined) {
      found.push(
        finding('ICE1504', file, `There are two ${kind}s called ${name}`, {
          help: 'Give one of them another name.',
          related: [{ file: other, message: 'the other one is here' }],
        }),
      );
      continue;
    }
    first.set(key, file);
    if (!name.startsWith('mcp/') && !namesOf(file).includes(name))
      found.push(
        finding('ICE1511', file, `The ${kind} is called ${name}, and its file ${file.split('/').at(-1)}`, {
          severity: 'info',
          help: 'It is found either way; the same name is easier to find for people.',
        }),
      );
  }
  return found;
}

/** What a component is called in tools/price.ts, tools/price/index.ts, and tools/notes/add.ts for the tool notes-add. */
function namesOf(file: string): (string | undefined)[] {
  const parts = file.split('/');
  const base = parts.at(-1)!.replace(/\.[^.]+$/, '');
  return base === 'index' ? [parts.at(-2)] : [base, `${parts.at(-2)}-${base}`];
}
