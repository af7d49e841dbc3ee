import type { z } from 'zod';
import { IceError } from '../contracts/errors.ts';
import type { Request } from '../contracts/requests/request.ts';

/** The parameters of the path; what has not their form is not there. */
export function parseParams(takes: Request, given: Record<string, string>): unknown {
  if (!takes.params) return undefined;
  const parsed = takes.params.safeParse(given);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const which = String(issue.path[0]);
  throw new IceError(
    'not_found',
    `${(given[which] ?? '').slice(0, 200)} is not a ${PARAM_WORDS[which] ?? which}`,
    {
      ...(PARAM_HINTS[which] === undefined ? {} : { hint: PARAM_HINTS[which] }),
    },
  );
}

const PARAM_WORDS: Record<string, string> = {
  id: 'valid id',
  kind: 'kind of component',
  name: 'valid name',
  project: 'valid project name',
  tag: 'valid tag',
  path: 'path of a node',
  draft: 'valid id of a draft',
};
const PARAM_HINTS: Record<string, string> = {
  id: 'A run id is run_ and 26 characters: ice runs list',
  kind: 'Kinds: tool, agent, workflow',
  path: 'Paths: id, loop.id, check.then.id, fan.branch.id',
  tag: 'A tag is lower-case letters, digits and dashes: stable, dev',
  draft: 'See them: GET …/drafts',
  digest: 'A digest is sha256: and 64 hex digits',
};

/** The query: known names only, each once. */
export function parseQuery(takes: Request, search: URLSearchParams): unknown {
  const known = new Set(
    takes.query && 'shape' in takes.query ? Object.keys(takes.query.shape as object) : [],
  );
  const given: Record<string, string> = {};
  for (const [name, value] of search) {
    if (!known.has(name))
      throw new IceError('bad_request', `There is no query parameter ${name.slice(0, 100)}`, {
        hint: known.size === 0 ? 'This call takes none' : `Known: ${[...known].join(', ')}`,
      });
    if (name in given) throw new IceError('bad_request', `The query parameter ${name} stands there twice`);
    given[name] = value;
  }
  return takes.query ? parse(takes.query, given, 'query') : undefined;
}

/** Parses by a schema of the table; fails with `bad_request` and every finding. */
export function parse(schema: z.ZodType, value: unknown, where: 'query' | 'body'): unknown {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.slice(0, 20).map((issue) => ({
    path: [where, ...issue.path].join('.'),
    message: issue.message.slice(0, 300),
  }));
  throw new IceError('bad_request', `${issues[0]!.path}: ${issues[0]!.message}`, {
    hint: 'See the schema of this call at /docs',
    details: { issues },
  });
}
