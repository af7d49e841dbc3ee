import type { Diagnostic } from '../contracts/diagnostics.ts';
import type { IceError } from '../contracts/errors.ts';
import { finding } from '../language/diagnostics/finding.ts';
import { suggest } from '../language/expressions/suggest.ts';
import type { ComponentSource } from './component-sources.ts';
import { definitionFields, fieldRange, rangeIn, toolRange, type WrittenField } from './definition-fields.ts';
import { slug } from './slug.ts';

/** What defineTool reads, and what habit and other tools call it. */
const FIELDS = [
  'name',
  'version',
  'description',
  'input',
  'output',
  'permissions',
  'runtime',
  'limits',
  'run',
  'examples',
];
const MEANT: Record<string, string> = {
  execute: 'run',
  handler: 'run',
  handle: 'run',
  call: 'run',
  invoke: 'run',
  func: 'run',
  fn: 'run',
  inputs: 'input',
  inputSchema: 'input',
  parameters: 'input',
  params: 'input',
  args: 'input',
  outputs: 'output',
  outputSchema: 'output',
  returns: 'output',
  result: 'output',
  summary: 'description',
  permission: 'permissions',
  limit: 'limits',
  example: 'examples',
};
/** Names that stand one level deeper here. */
const DEEPER: Record<string, string> = {
  net: "permissions: { net: ['api.example.com'] }",
  network: "permissions: { net: ['api.example.com'] }",
  hosts: "permissions: { net: ['api.example.com'] }",
  secrets: "permissions: { secrets: ['EXAMPLE_KEY'] }",
  timeout: 'limits: { timeoutMs: 30_000 }',
  timeoutMs: 'limits: { timeoutMs: 30_000 }',
  memoryMb: 'limits: { memoryMb: 128 }',
};

/** Fields of `defineTool({ … })` that it does not have. Nothing reads them, so each was meant otherwise. */
export function unknownFields(file: string, text: string): Diagnostic[] {
  const fields = definitionFields(text) ?? [];
  const there = new Set(fields.map(({ name }) => name));
  return fields
    .filter(({ name }) => !FIELDS.includes(name))
    .map(({ name, start, end }) => {
      const meant = MEANT[name] ?? suggest(name, FIELDS);
      const message =
        meant === undefined || there.has(meant)
          ? `defineTool has no field \`${name.slice(0, 60)}\``
          : `defineTool has no field \`${name}\`: it is called \`${meant}\` here`;
      return finding('ICE1519', file, message, {
        range: rangeIn(text, start, end),
        help:
          DEEPER[name] !== undefined
            ? `Write ${DEEPER[name]}.`
            : meant !== undefined && !there.has(meant)
              ? `Write \`${meant}\`.`
              : `Its fields are ${FIELDS.join(', ')}.`,
      });
    });
}

/** Why a module could not be read as what it should be: what the runtime said, at the place where it is written. */
export function loadFindings(
  source: ComponentSource,
  text: string,
  error: IceError,
  place: { file: string; line: number; column: number } | undefined,
): Diagnostic[] {
  const { file, kind } = source;
  const unknown = kind === 'tool' ? unknownFields(file, text) : [];
  const issues = error.details?.['issues'];
  if (Array.isArray(issues) && issues.length > 0)
    return [
      ...unknown,
      ...(issues as { path: string; message: string }[]).map((issue) => issueFinding(file, text, issue)),
    ];
  // A part is missing because it stands there under another name: that is said already.
  const missing = /^defineTool: (\w+) is missing/.exec(error.message)?.[1];
  if (missing !== undefined && unknown.some(({ message }) => message.endsWith(`called \`${missing}\` here`)))
    return unknown;
  const says = saidOf(kind, error, place?.file === file ? calledAt(text, place) : undefined);
  const part = missing ?? /^(input|output)\b/.exec(error.message)?.[1];
  const range =
    place?.file === file && missing === undefined
      ? { range: lineRange(text, place) }
      : part !== undefined
        ? fieldRange(text, part)
        : toolRange(text);
  return [
    ...unknown,
    finding('ICE1508', file, `The ${kind} can't be loaded: ${says}`, {
      ...range,
      help:
        error.hint ??
        (part === 'input' || part === 'output'
          ? `${part} is a zod schema, as z.object({ … }), or a JSON Schema.`
          : undefined) ??
        (missing === 'run'
          ? 'Add run: what the tool does, as run({ text }) { return { … }; }.'
          : undefined) ??
        (/default export|not finished/.test(error.message)
          ? `Write export default ${kind === 'workflow' ? "workflow('…', { … }).nodes(…).outputs(…)" : 'defineTool({ … })'}.`
          : `The module is run once by itself, to read the ${kind} from it: that must not throw.`),
      ...(place && place.file !== file
        ? { related: [{ file: place.file, message: `it happens in line ${place.line}` }] }
        : {}),
    }),
  ];
}

/** What the runtime said, in words that say what it is about. */
function saidOf(kind: string, { message, details }: IceError, called: string | undefined): string {
  const name = details?.['name'];
  if (/^The default export is not what/.test(message))
    return `its default export is not what ${kind === 'workflow' ? "workflow('…').outputs(…)" : 'defineTool'} returns`;
  if (message === 'not a function' && called !== undefined) return `${called} is not a function`;
  return `${typeof name === 'string' && !['Error', 'TypeError'].includes(name) ? `${name}: ` : ''}${message}`;
}

/** A part of the definition that has not the form it must have. */
function issueFinding(
  file: string,
  text: string,
  { path, message }: { path: string; message: string },
): Diagnostic {
  const [first = '', second, ...rest] = path.split('.');
  if (first === 'name') {
    const written = definitionFields(text)?.find(({ name }) => name === 'name');
    const name = literal(written);
    const meant = name === undefined ? '' : slug(name);
    return finding(
      'ICE1507',
      file,
      `${name === undefined ? 'It' : `"${name.slice(0, 60)}"`} can't be the name of a tool`,
      {
        ...fieldRange(text, 'name'),
        help: `Names are made of lower-case letters, digits and dashes${meant === '' ? '' : `: name: '${meant}'`}.`,
      },
    );
  }
  // The limits of a definition are part of its permissions once it is made.
  const inside = first === 'permissions' && second === 'limits' ? ['limits', ...rest] : path.split('.');
  const [field = '', ...deeper] = inside;
  const shown = inside.join('.');
  const key = /^Unrecognized key: "(\w+)"/.exec(message)?.[1];
  const says =
    key !== undefined
      ? `${shown} has no field \`${key}\``
      : shown.startsWith('permissions.secrets')
        ? `${shown} can't be the name of a secret`
        : `${shown}: ${message}`;
  const help =
    field === 'limits'
      ? 'Its fields are timeoutMs, memoryMb, outputBytes and fetches, each a whole number: limits: { timeoutMs: 30_000 }.'
      : shown.startsWith('permissions.secrets')
        ? 'Names of secrets are capital letters, digits and _, as EXAMPLE_KEY.'
        : field === 'permissions'
          ? "Write permissions: { net: ['api.example.com'], secrets: ['EXAMPLE_KEY'] }."
          : field === 'examples'
            ? 'An example is { name?, input, output? }.'
            : undefined;
  const parts = deeper.map((part) => (/^\d+$/.test(part) ? Number(part) : part));
  return finding('ICE1519', file, says, {
    ...fieldRange(text, field, ...parts, ...(key === undefined ? [] : [key])),
    help,
  });
}

const literal = (field: WrittenField | undefined): string | undefined =>
  field?.value.length === 1 && field.value[0]!.kind === 'text' ? field.value[0]!.text : undefined;

/** From a place to the end of its line, without what is blank there. */
function lineRange(
  text: string,
  { line, column }: { line: number; column: number },
): NonNullable<Diagnostic['range']> {
  const lines = text.split('\n');
  const start = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0) + column - 1;
  return rangeIn(text, start, start + Math.max(1, lineOf(text, { line, column }).length));
}

/** The function that a line calls at a place, as it is written: `z.strnig`. */
function calledAt(text: string, { line, column }: { line: number; column: number }): string | undefined {
  const before = /[\w$.]*$/.exec((text.split('\n')[line - 1] ?? '').slice(0, column - 1))![0];
  const called = /^(?:new )?([\w$]+(?:\.[\w$]+)*)\(/.exec(lineOf(text, { line, column }))?.[1];
  return called === undefined ? undefined : `${before}${called}`;
}

const lineOf = (text: string, { line, column }: { line: number; column: number }): string =>
  (text.split('\n')[line - 1] ?? '').slice(column - 1).trimEnd();
