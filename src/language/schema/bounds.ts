import { IceError } from '../../contracts/errors.ts';
import type { JsonSchema } from '../../contracts/json.ts';
import { patternProblem } from './pattern.ts';

/** Schemas of tenants are data of strangers: their size, depth and patterns are bounded before anything uses them. */
export const SCHEMA_LIMITS = { depth: 40, nodes: 5_000, chars: 512 * 1024, patternChars: 500 } as const;

export interface BoundsProblem {
  message: string;
  help?: string;
  path: (string | number)[];
}

/** What is out of bounds in a schema; undefined when nothing is. `$ref` may only point into the schema itself. */
export function boundsProblem(schema: JsonSchema): BoundsProblem | undefined {
  if (typeof schema === 'boolean') return undefined;
  let nodes = 0;
  let chars = 0;
  const visit = (value: unknown, path: (string | number)[], data: boolean): BoundsProblem | undefined => {
    if (typeof value === 'string') chars += value.length;
    if (++nodes > SCHEMA_LIMITS.nodes * 10 || chars > SCHEMA_LIMITS.chars) {
      return {
        message: `The schema is larger than ${SCHEMA_LIMITS.chars} characters or ${SCHEMA_LIMITS.nodes * 10} values`,
        path: [],
      };
    }
    if (typeof value !== 'object' || value === null) return undefined;
    if (path.length > SCHEMA_LIMITS.depth * 2) {
      return {
        message: `The schema is nested more than ${SCHEMA_LIMITS.depth} deep`,
        path: path.slice(0, 2),
      };
    }
    for (const [key, item] of Object.entries(value)) {
      const at = [...path, Array.isArray(value) ? Number(key) : key];
      chars += key.length;
      if (!data && !Array.isArray(value)) {
        const problem = keywordProblem(key, item, at);
        if (problem) return problem;
      }
      // The values of these are data, and the keys of `properties` are names, where nothing is a keyword.
      const inner = data
        ? true
        : key === 'enum' || key === 'const' || key === 'default' || key === 'examples';
      const problem =
        !inner && (key === 'properties' || key === '$defs' || key === 'definitions') && isObject(item)
          ? named(item, at, visit)
          : visit(item, at, inner);
      if (problem) return problem;
    }
    return undefined;
  };
  return visit(schema, [], false);
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function named(
  map: object,
  path: (string | number)[],
  visit: (value: unknown, path: (string | number)[], data: boolean) => BoundsProblem | undefined,
): BoundsProblem | undefined {
  for (const [key, item] of Object.entries(map)) {
    const problem = visit(item, [...path, key], false);
    if (problem) return problem;
  }
  return undefined;
}

function keywordProblem(key: string, value: unknown, path: (string | number)[]): BoundsProblem | undefined {
  if (key === 'pattern' && typeof value === 'string') {
    const problem = patternProblem(value);
    if (problem) return { ...problem, path };
  }
  if (key === 'patternProperties' && isObject(value)) {
    for (const pattern of Object.keys(value)) {
      const problem = patternProblem(pattern);
      if (problem) return { ...problem, path: [...path, pattern] };
    }
  }
  if ((key === '$ref' || key === '$dynamicRef') && typeof value === 'string' && !value.startsWith('#')) {
    return {
      message: `The schema refers to ${JSON.stringify(value.slice(0, 80))}, which is not part of it`,
      help: 'References stay inside a schema: put the other schema under `$defs`.',
      path,
    };
  }
  return undefined;
}

/** Throws `bad_request` when a schema is too deep, too large, refers outside itself or has a dangerous pattern. */
export function assertSchemaBounded(schema: JsonSchema, what = 'The schema'): void {
  const problem = boundsProblem(schema);
  if (problem === undefined) return;
  throw new IceError('bad_request', `${what} cannot be used: ${problem.message}`, {
    hint: problem.help,
    details: { path: problem.path },
  });
}
