import type { SchemaReach } from '../schema-reach.ts';
import { commentText, literal, memberOf, propertyKey, UniqueNames } from '../source-text.ts';
import { ZodSource } from '../zod-source.ts';
import type { Api, Auth, Body, Operation, Parameter } from './api.ts';
import type { Part } from './api-source.ts';
import { netHost } from './read-server.ts';

export interface OperationSource {
  text: string;
  /** The parts of `_api.ts` that it uses. */
  parts: Part[];
  secrets: string[];
  /** How many schemas were left open, because they hold themselves or are too large. */
  open: number;
}

/** The module of one tool. */
export function operationSource(
  api: Api,
  operation: Operation,
  { reach, resolve }: { reach: SchemaReach; resolve(ref: string): unknown },
): OperationSource {
  const names = new UniqueNames(['z', 'defineTool', 'call', 'input', 'ctx', 'NET', 'SERVER', ...FUNCTIONS]);
  const written = new Map<string, string>();
  const imports = new Set<string>(['call']);
  const writer = (mode: 'input' | 'output', schemas: unknown[]): ZodSource => {
    const allowed = reach.from(schemas);
    return new ZodSource({ mode, names, resolve, allowed: (ref) => allowed.has(ref), written });
  };
  const { parameters, body, answer, auth } = operation;
  const output = writer('output', answer.schemas);
  const outputCode = outputOf(operation, output);
  const input = writer('input', [...parameters.map((each) => each.schema), ...(body ? [body.schema] : [])]);
  const fields = [
    ...parameters.map((each) => fieldOf(each, input)),
    ...(body ? [bodyField(body, input)] : []),
  ];
  const request = requestOf(operation, imports);
  const secrets = secretsOf(auth);
  const net = operation.server === undefined ? 'NET' : `[${literal(netHost(operation.server))}]`;
  // The address of the API only where it is used, so that nothing in a bundle names a host that is not asked for.
  if (operation.server === undefined) imports.add('NET').add('SERVER');
  const permissions =
    secrets.length === 0
      ? `{ net: ${net} }`
      : `{ net: ${net}, secrets: [${secrets.map(literal).join(', ')}] }`;
  const usesInput = request.includes('input');
  const declared = [...output.declarations, ...input.declarations].map((each) => `${each}\n\n`).join('');
  const text = `// ${commentText(operation.id, 150)}${operation.deprecated ? ' (deprecated)' : ''}
import { defineTool } from 'iceos';
import { z } from 'zod';
import { ${[...imports].sort().join(', ')} } from './_api.ts';

${declared}export default defineTool({
  name: ${literal(operation.name)},
  version: ${literal(api.version)},
  description: ${literal(operation.description || operation.id)},
  input: z.object({${fields.length === 0 ? '' : `\n${fields.map((field) => `    ${field},\n`).join('')}  `}}),
  output: ${outputCode},
  permissions: ${permissions},
  run: (${usesInput ? 'input' : '_input'}, ctx) =>
    call(ctx, {
${request}    }),
});
`;
  return {
    text,
    parts: [...imports].filter((name): name is Part => PART_NAMES.has(name)),
    secrets,
    open: text.match(OPEN)?.length ?? 0,
  };
}

/** A schema that is left open, with the comment that says why; `.optional()` and such may stand between. */
const OPEN = /z\.unknown\(\)(?:\.\w+\((?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")?\))* \/\*/g;

const FUNCTIONS = [
  'commas',
  'spaces',
  'pipes',
  'deep',
  'asJson',
  'json',
  'form',
  'multipart',
  'raw',
  'bytes',
  'bearer',
  'basic',
];
const PART_NAMES = new Set<string>(FUNCTIONS.filter((name) => name !== 'json' && name !== 'bearer'));

function fieldOf(parameter: Parameter, input: ZodSource): string {
  const about = parameter.description === '' ? undefined : parameter.description;
  return `${propertyKey(parameter.field)}: ${input.field(parameter.schema, parameter.required, '    ', 0, about)}`;
}

function bodyField(body: Body, input: ZodSource): string {
  const about = body.description === '' ? undefined : body.description;
  const optional = body.required ? '' : '.optional()';
  if (body.kind === 'text')
    return `${propertyKey(body.field)}: z.string()${optional}${described(about ?? `Text of ${body.contentType}`)}`;
  if (body.kind === 'bytes')
    return `${propertyKey(body.field)}: z.base64()${optional}${described(about ? `${about} (base64)` : 'The content, as base64')}`;
  return `${propertyKey(body.field)}: ${input.field(body.schema, body.required, '    ', 0, about)}`;
}

const described = (text: string): string => `.describe(${literal(text)})`;

function outputOf({ answer }: Operation, output: ZodSource): string {
  if (answer.kind === 'none') return 'z.null()';
  if (answer.kind === 'text') return 'z.string()';
  if (answer.kind === 'bytes') return "z.string().describe('The content, as base64')";
  const schema = answer.schemas.length === 1 ? answer.schemas[0] : { anyOf: answer.schemas };
  const code = output.expression(schema, '  ');
  // One answer has a body and another none, as 200 and 204.
  return answer.empty && !code.startsWith('z.unknown()') && !code.endsWith('.nullable()')
    ? `${code}.nullable()`
    : code;
}

/** The fields of the call, one a line. */
function requestOf(
  { method, path, server, parameters, body, answer, auth }: Operation,
  imports: Set<string>,
): string {
  const lines = [
    `method: ${literal(method)}`,
    `server: ${server === undefined ? 'SERVER' : literal(server)}`,
    `path: ${literal(path)}`,
  ];
  const value = (parameter: Parameter): string => memberOf('input', parameter.field);
  const use = (name: string, args: string): string => {
    imports.add(name);
    return `${name}(${args})`;
  };
  const entries = (place: Parameter['in']): string[] =>
    parameters
      .filter((each) => each.in === place)
      .map((each) => {
        const key = propertyKey(each.name);
        if (each.style === 'deep') return `...${use('deep', `${literal(each.name)}, ${value(each)}`)}`;
        if (each.style === 'json') return `${key}: ${use('asJson', value(each))}`;
        if (place !== 'query' || each.style === 'plain')
          return `${key}: ${value(each)}${each.idempotencyKey ? ' ?? ctx.idempotencyKey' : ''}`;
        return `${key}: ${use(each.style, value(each))}`;
      });
  const secret = (name: string): string => memberOf('ctx.secrets', name);
  const proof = (kind: 'query' | 'headers'): string[] =>
    auth.flatMap((each) => {
      if (each.kind === 'query')
        return kind === 'query' ? [`${propertyKey(each.name)}: ${secret(each.secret)}`] : [];
      if (kind === 'query') return [];
      if (each.kind === 'bearer') return [`...${use('bearer', secret(each.secret))}`];
      if (each.kind === 'basic')
        return [`...${use('basic', `${secret(each.user)}, ${secret(each.password)}`)}`];
      if (each.kind === 'cookie') return [`cookie: ${literal(`${each.name}=`)} + ${secret(each.secret)}`];
      return [`${propertyKey(each.name.toLowerCase())}: ${secret(each.secret)}`];
    });
  const add = (name: string, items: string[]): void => {
    if (items.length === 0) return;
    const line = `${name}: { ${items.join(', ')} }`;
    lines.push(
      line.length <= 96 ? line : `${name}: {\n${items.map((item) => `        ${item},\n`).join('')}      }`,
    );
  };
  add('params', entries('path'));
  add('query', [...proof('query'), ...entries('query')]);
  add('headers', [...proof('headers'), ...entries('header')]);
  if (body) lines.push(`body: ${bodyCode(body, use)}`);
  if (answer.kind !== 'json')
    lines.push(`answer: ${literal(answer.kind === 'bytes' ? 'base64' : answer.kind)}`);
  if (answer.accept !== 'application/json') lines.push(`accept: ${literal(answer.accept)}`);
  return lines.map((line) => `      ${line},\n`).join('');
}

function bodyCode(body: Body, use: (name: string, args: string) => string): string {
  const value = memberOf('input', body.field);
  switch (body.kind) {
    case 'json':
      return use(
        'json',
        body.contentType === 'application/json' ? value : `${value}, ${literal(body.contentType)}`,
      );
    case 'form':
      return use('form', body.deep.length === 0 ? value : `${value}, [${body.deep.map(literal).join(', ')}]`);
    case 'multipart':
      return use('multipart', `${value}, [${body.files.map(literal).join(', ')}], ctx.idempotencyKey`);
    case 'text':
      return use('raw', `${value}, ${literal(body.contentType)}`);
    case 'bytes':
      return use('bytes', `${value}, ${literal(body.contentType)}`);
  }
}

function secretsOf(auth: readonly Auth[]): string[] {
  return [
    ...new Set(auth.flatMap((each) => (each.kind === 'basic' ? [each.user, each.password] : [each.secret]))),
  ];
}
