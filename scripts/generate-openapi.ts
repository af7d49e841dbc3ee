/**
 * docs/reference/openapi.json (to read) and src/server/openapi.generated.json (what a server answers) from the route
 * table. `--check` changes nothing and fails if one is stale.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { OpenAPIRegistry, OpenApiGeneratorV31, type RouteConfig } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import {
  ANSWERS,
  componentSummarySchema,
  componentVersionSchema,
  diagnosticSchema,
  ERRORS,
  manifestSchema,
  outlineNodeSchema,
  pushItemSchema,
  pushPlanSchema,
  REQUESTS,
  ROUTES,
  type Route,
  type RouteName,
  runEventSchema,
  runSchema,
  runSummarySchema,
  tokenSchema,
} from '../src/contracts/index.ts';
import { jsonSchema } from '../src/contracts/json-schemas.ts';
import type { Requests } from '../src/contracts/requests/request.ts';

type Json = Record<string, unknown>;
const root = join(import.meta.dirname, '..');
const routes = (Object.entries(ROUTES) as [RouteName, Route][]).map(([name, route]) => ({
  name,
  route,
  takes: (REQUESTS as Requests)[name] ?? {},
  answers: (ANSWERS as Partial<Record<RouteName, z.ZodType>>)[name],
}));
type Row = (typeof routes)[number];
const capital = (text: string): string => text[0]!.toUpperCase() + text.slice(1);

// Schemas that have a name of their own, so that they stand in the document once.
const NAMED_ANSWERS: Record<string, z.ZodType> = {
  Json: jsonSchema,
  Run: runSchema,
  RunSummary: runSummarySchema,
  RunEvent: runEventSchema,
  OutlineNode: outlineNodeSchema,
  ComponentVersion: componentVersionSchema,
  ComponentSummary: componentSummarySchema,
  Manifest: manifestSchema,
  PushPlan: pushPlanSchema,
  Diagnostic: diagnosticSchema,
  Token: tokenSchema,
};
const BODIES: Record<string, z.ZodType> = { Json: jsonSchema, PushItem: pushItemSchema };
for (const { name, takes, answers } of routes) {
  if (answers && !Object.values(NAMED_ANSWERS).includes(answers))
    NAMED_ANSWERS[`${capital(name)}Answer`] = answers;
  if (takes.body) BODIES[`${capital(name)}Body`] = takes.body;
}

/** References into `__shared` become references to schemas beside the others. */
const asNamed = (schema: Json): Json =>
  JSON.parse(
    JSON.stringify(schema).replaceAll(
      /"#\/components\/schemas\/__shared#\/\$defs\/|"#\/\$defs\//g,
      '"#/components/schemas/',
    ),
  ) as Json;

function schemasOf(named: Record<string, z.ZodType>, io: 'input' | 'output'): Record<string, Json> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(named)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, {
    io,
    unrepresentable: 'any',
    uri: (id) => `#/components/schemas/${id}`,
  });
  const out: Record<string, Json> = {};
  for (const [id, { $schema: _, $id: __, ...schema }] of Object.entries(schemas as Record<string, Json>)) {
    // `__shared` holds what zod factors out by itself: recursion without a name.
    const { $defs, ...rest } = schema as { $defs?: Record<string, Json> };
    if (id !== '__shared') out[id] = asNamed(rest);
    for (const [name, def] of Object.entries($defs ?? {})) out[name] = asNamed(def);
  }
  return out;
}

const problem: Json = {
  type: 'object',
  description: 'A problem of RFC 9457; `code` is one of the catalogue and never changes its meaning',
  required: ['type', 'title', 'status', 'detail', 'code'],
  properties: {
    type: { type: 'string', format: 'uri', description: 'The page of the code' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'What happened, and why' },
    code: { type: 'string', enum: Object.keys(ERRORS) },
    hint: { type: 'string', description: 'A next step' },
    details: { type: 'object', additionalProperties: true },
    terminal: { type: 'boolean' },
  },
};

/** Parameters of a zod object, one by one: the query is read as strings, so its input form is what a caller writes. */
function parametersOf(schema: z.ZodType | undefined, where: 'path' | 'query'): Json[] {
  if (!schema) return [];
  const { properties, required } = z.toJSONSchema(schema, {
    io: where === 'path' ? 'input' : 'output',
    unrepresentable: 'any',
  }) as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties ?? {}).map(([name, { description, ...property }]) => ({
    name,
    in: where,
    required: where === 'path' || (required?.includes(name) === true && property['default'] === undefined),
    ...(description === undefined ? {} : { description }),
    schema: property,
  }));
}

const IDEMPOTENCY = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'An id of this call: a repeated one with the same key gets the first answer',
  schema: { type: 'string', maxLength: 200 },
};
const LAST_EVENT = {
  name: 'Last-Event-ID',
  in: 'header',
  required: false,
  description: 'The `seq` of the last event seen; the stream begins after it',
  schema: { type: 'integer', minimum: 0 },
};

const registry = new OpenAPIRegistry();
registry.registerComponent('securitySchemes', 'token', {
  type: 'http',
  scheme: 'bearer',
  bearerFormat: 'ice_…',
  description: 'A token: ice_, 32 random characters, 7 characters of checksum',
});
const components = { Problem: problem, ...schemasOf(NAMED_ANSWERS, 'output'), ...schemasOf(BODIES, 'input') };
for (const [name, schema] of Object.entries(components))
  registry.registerComponent('schemas', name, schema as never);
const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const nameOf = (schema: z.ZodType, named: Record<string, z.ZodType>): string =>
  Object.keys(named).find((name) => named[name] === schema)!;

function answerContent({ route, answers }: Row): Json | undefined {
  if (route.response === 'empty') return undefined;
  if (route.response === 'sse')
    return {
      'text/event-stream': { schema: { type: 'string' } },
      'application/x-ndjson': { schema: ref('RunEvent') },
    };
  if (route.response === 'bytes')
    return { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } };
  if (route.response === 'text')
    return { [route.path === '/docs' ? 'text/html' : 'text/plain']: { schema: { type: 'string' } } };
  return { 'application/json': { schema: ref(nameOf(answers!, NAMED_ANSWERS)) } };
}

for (const row of routes) {
  const { name, route, takes } = row;
  const keyed = route.method !== 'GET' && route.method !== 'PUT' && route.readOnly !== true;
  const content = answerContent(row);
  const parameters = [
    ...parametersOf(takes.params, 'path'),
    ...parametersOf(takes.query, 'query'),
    ...(keyed ? [IDEMPOTENCY] : []),
    ...(route.response === 'sse' ? [LAST_EVENT] : []),
  ];
  registry.registerPath({
    method: route.method.toLowerCase() as RouteConfig['method'],
    path: route.path,
    operationId: name,
    summary: route.summary,
    tags: [route.tag],
    'x-role': route.role,
    security: route.role === 'none' ? [] : [{ token: [] }],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.bytes !== undefined
      ? {
          requestBody: {
            required: true,
            content: {
              'application/octet-stream': {
                schema: { type: 'string', format: 'binary', maxLength: route.bytes },
              },
            },
          },
        }
      : takes.body === undefined
        ? {}
        : {
            requestBody: {
              required: !takes.body.safeParse(undefined).success,
              content: { 'application/json': { schema: ref(nameOf(takes.body, BODIES)) } },
            },
          }),
    responses: {
      [route.status]: {
        description: route.status === 204 ? 'Done' : 'The answer',
        ...(content ? { content } : {}),
      },
      default: {
        description: 'A problem',
        content: { 'application/problem+json': { schema: ref('Problem') } },
      },
    },
  } as unknown as RouteConfig);
}

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
const document = new OpenApiGeneratorV31(registry.definitions).generateDocument({
  openapi: '3.1.0',
  info: {
    title: 'ice',
    version,
    description:
      'Typed, permissioned, resumable workflows and tools. Project resources live under `/v1/projects/{project}`; `_` is the default project of the token. Lists are paged by cursor, writes take `Idempotency-Key`, documents have an `ETag`, errors are problems of RFC 9457 with a stable `code`.',
    license: { name: 'MIT', identifier: 'MIT' },
  },
  servers: [{ url: '/' }],
});

const files: Record<string, string> = {
  'docs/reference/openapi.json': `${JSON.stringify(document, null, 2)}\n`,
  'src/server/openapi.generated.json': `${JSON.stringify(document)}\n`,
};
let stale = false;
for (const [file, text] of Object.entries(files)) {
  const path = join(root, file);
  if (process.argv.includes('--check')) {
    let there = '';
    try {
      there = readFileSync(path, 'utf8');
    } catch {
      // A file that is not there is as stale as one that is old.
    }
    if (there === text) continue;
    stale = true;
    process.stderr.write(`${file} is stale: npm run generate\n`);
  } else {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}
process.exitCode = stale ? 1 : 0;
