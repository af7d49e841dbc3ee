import * as z from 'zod';
import { exampleSchema, permissionsSchema, runtimeNameSchema } from '../contracts/components.ts';
import { IceError } from '../contracts/errors.ts';
import { COMPONENT_NAME } from '../contracts/ids.ts';
import type { Json } from '../contracts/json.ts';
import { schemaSchema } from '../contracts/json-schemas.ts';
import { boundsProblem } from '../language/schema/bounds.ts';
import { patternProblem } from '../language/schema/pattern.ts';
import type { ExtractedTool } from './port.ts';

const extractedSchema = z.object({
  name: z.string().max(100).regex(COMPONENT_NAME, 'lower case letters, digits and dashes'),
  version: z.string().max(100),
  description: z.string().max(10_000),
  input: schemaSchema,
  output: schemaSchema,
  permissions: permissionsSchema,
  runtime: runtimeNameSchema.exclude(['mcp']),
  examples: z.array(exampleSchema).max(1000),
  unrepresentable: z.array(
    z.object({ where: z.enum(['input', 'output']), path: z.string(), reason: z.string() }),
  ),
});

/** What the code of a module says of itself, as a tool: nothing of it is known to be true. */
export function toolOf(said: Record<string, unknown>): ExtractedTool {
  if (said['kind'] === 'workflow')
    throw new IceError('project_invalid', 'It exports a workflow and no tool', {
      hint: 'Move it to where workflows are: components.workflows of ice.yaml, else workflows/.',
    });
  const parsed = extractedSchema.safeParse(said);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new IceError('project_invalid', `${issue!.path.join('.')}: ${issue!.message}`, {
      details: {
        issues: parsed.error.issues
          .slice(0, 10)
          .map(({ path, message }) => ({ path: path.join('.'), message })),
      },
    });
  }
  for (const where of ['input', 'output'] as const) {
    const schema = withoutFormatPatterns(parsed.data[where]);
    const problem = boundsProblem(schema);
    if (problem !== undefined) {
      const field = problem.path.filter((part) => !KEYWORDS.has(part)).join('.');
      throw new IceError(
        'project_invalid',
        `The ${where} schema cannot be used: ${field === '' ? '' : `${field}: `}${problem.message}`,
        { hint: problem.help, details: { path: problem.path } },
      );
    }
    parsed.data[where] = schema;
  }
  return parsed.data as ExtractedTool;
}

const KEYWORDS: ReadonlySet<string | number> = new Set(['properties', 'pattern', 'items', 'anyOf', 'allOf']);

/** Formats that zod writes a pattern beside. */
const ZOD_FORMATS = new Set(
  'email emoji hostname duration date-time date time ipv4 ipv6 cidrv4 cidrv6 base64 base64url uuid jwt'.split(
    ' ',
  ),
);

/**
 * Leaves out the patterns of zod's own formats that may not be run outside the sandbox (`z.email()` repeats inside a
 * repetition): the format says the same, and in the sandbox the tool's own schema still checks it.
 */
function withoutFormatPatterns<T>(schema: T, isMap = false): T {
  if (typeof schema !== 'object' || schema === null) return schema;
  if (Array.isArray(schema)) return schema.map((item) => withoutFormatPatterns(item)) as T;
  const { format, pattern } = schema as Record<string, unknown>;
  const leave =
    !isMap &&
    typeof pattern === 'string' &&
    typeof format === 'string' &&
    ZOD_FORMATS.has(format) &&
    patternProblem(pattern) !== undefined;
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([key]) => !(leave && key === 'pattern'))
      .map(([key, inner]) =>
        !isMap && DATA.has(key)
          ? [key, inner]
          : [key, withoutFormatPatterns(inner, !isMap && (key === 'properties' || key === '$defs'))],
      ),
  ) as T;
}

const DATA = new Set(['enum', 'const', 'default', 'examples']);

/** The same as the document of a workflow. */
export function documentOf(said: Record<string, unknown>): Json {
  if (said['kind'] === 'tool')
    throw new IceError('project_invalid', 'It exports a tool and no workflow', {
      hint: 'Move it to where tools are: components.tools of ice.yaml, else tools/.',
    });
  return said['document'] as Json;
}
