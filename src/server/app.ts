import { Hono } from 'hono';
import type { z } from 'zod';
import { IceError } from '../contracts/errors.ts';
import { JSON_BODY_LIMIT, ROUTES, type Route, type RouteName } from '../contracts/routes.ts';
import type { TokenRow } from '../registry/ports.ts';
import { readBytes, readJson } from './body.ts';
import { type Memory, once } from './idempotency.ts';
import { assertRole, authenticate, NOBODY, projectOf, touch } from './policy.ts';
import { asIceError, problemResponse } from './problem.ts';
import type { Answer, Call, Handlers } from './route.ts';
import { artifactRoutes } from './routes/artifacts.ts';
import { blueprintRoutes } from './routes/blueprints.ts';
import { componentRoutes } from './routes/components.ts';
import { healthRoutes } from './routes/health.ts';
import { identityMemories, identityRoutes } from './routes/identity.ts';
import { pushRoutes } from './routes/pushes.ts';
import { runMemories, runRoutes } from './routes/runs.ts';
import { secretRoutes } from './routes/secrets.ts';
import type { Services } from './services.ts';
import { createStreams } from './streams.ts';

/** What the transport knows of a request and the request itself does not say. */
export interface RequestInfo {
  /** The caller's address. */
  remote?: string;
  /** The caller is this very process: no limits. */
  inProcess?: boolean;
  /**
   * Names that the Host header may say, without port; absent = any. A listener on loopback gives its own: a page of
   * another site whose name was pointed at this machine (DNS rebinding) says that name, and gets no answer.
   */
  allowedHosts?: readonly string[];
}

export interface App {
  fetch(request: Request, info?: RequestInfo): Promise<Response>;
  /** Ends every open stream, as a server that goes down has to; clients take them up elsewhere. */
  endStreams(): void;
}

type AnyCall = Call<RouteName>;
type AnyHandler = (call: AnyCall) => Promise<Answer<unknown> | Response>;

const HEADERS: Record<string, string> = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
};

/**
 * The API as a fetch function: request in, response out, over whatever carries it. Routes, schemas, roles and limits
 * come from `contracts/routes.ts`; the handlers, one file a noun, only say what a call does.
 */
export function createApp(services: Services): App {
  const streams = createStreams(services.config.maxStreams ?? 1000);
  const handlers: Handlers = {
    ...healthRoutes(services),
    ...identityRoutes(services),
    ...componentRoutes(services),
    ...artifactRoutes(services),
    ...pushRoutes(services),
    ...blueprintRoutes(services),
    ...secretRoutes(services),
    ...runRoutes(services, streams),
  };
  const memories: Partial<Record<RouteName, (call: AnyCall) => Memory>> = {
    ...identityMemories(),
    ...runMemories(services),
  };
  const app = new Hono<{ Bindings: RequestInfo; Variables: { requestId: string; route: string } }>();
  const routes = Object.entries(ROUTES) as [RouteName, Route][];

  app.use(async (c, next) => {
    const from = performance.now();
    const given = c.req.header('x-request-id');
    const requestId = given !== undefined && /^[\w-]{1,64}$/.test(given) ? given : crypto.randomUUID();
    c.set('requestId', requestId);
    c.set('route', 'none');
    assertHost(c.req.raw, c.env?.allowedHosts);
    await next();
    const headers = c.res.headers;
    for (const [name, value] of Object.entries(HEADERS)) if (!headers.has(name)) headers.set(name, value);
    headers.set('x-request-id', requestId);
    services.metrics.request(c.get('route'), c.req.method, c.res.status, performance.now() - from);
  });

  app.onError((thrown, c) => {
    const error = asIceError(thrown);
    const requestId = c.get('requestId');
    if (error.status >= 500)
      services.log({
        level: error.code === 'internal' ? 'error' : 'warn',
        message: `${c.req.method} ${c.req.path}: ${error.message}`,
        requestId,
        error: error.cause ?? error,
      });
    return problemResponse(error, { ...HEADERS, 'x-request-id': requestId });
  });

  for (const [name, route] of routes) {
    const act = pipeline(services, name, route, handlers[name] as unknown as AnyHandler, memories[name]);
    const path = route.path.replace(/\{(\w+)\}/g, ':$1');
    const handle = (params: Record<string, string>, c: { env: RequestInfo; req: { raw: Request } }) =>
      act(c.req.raw, params, c.env ?? {});
    app.on(route.method, path, (c) => {
      c.set('route', name);
      return handle(c.req.param() as Record<string, string>, c);
    });
    // `std/csv-parse` is one name; a path that has its slash unescaped means the same.
    if (path.includes('/:name'))
      app.on(route.method, path.replace('/:name', '/std/:name'), (c) => {
        c.set('route', name);
        const params = c.req.param() as Record<string, string>;
        return handle({ ...params, name: `std/${params['name']}` }, c);
      });
  }

  app.notFound((c) => {
    const allowed = new Set<string>();
    for (const [, route] of routes) if (matches(route.path, c.req.path)) allowed.add(route.method);
    const requestId = c.get('requestId');
    if (allowed.size === 0)
      return problemResponse(
        new IceError('not_found', `There is no route ${c.req.path.slice(0, 200)}`, {
          hint: 'See /docs for what there is',
        }),
        { 'x-request-id': requestId },
      );
    if (allowed.has('GET')) allowed.add('HEAD');
    const allow = [...allowed].sort().join(', ');
    return problemResponse(
      new IceError('method_not_allowed', `${c.req.method.slice(0, 20)} is not possible here`, {
        hint: `Possible: ${allow}`,
        details: { allow: [...allowed].sort() },
      }),
      { allow, 'x-request-id': requestId },
    );
  });

  return { fetch: async (request, info = {}) => app.fetch(request, info), endStreams: streams.end };
}

function assertHost(request: Request, allowedHosts: readonly string[] | undefined): void {
  if (!allowedHosts) return;
  const host = new URL(request.url).hostname.replace(/^\[|\]$/g, '');
  if (!allowedHosts.includes(host))
    throw new IceError(
      'forbidden',
      `The Host header says ${host.slice(0, 100)}, which this server does not answer to`,
      {
        hint: 'Use its loopback address, as printed when it started',
      },
    );
}

const matches = (pattern: string, path: string): boolean =>
  new RegExp(
    `^${pattern
      .replace(/[.]/g, '\\.')
      .replace(/\{name\}/g, '(?:std/)?[^/]+')
      .replace(/\{\w+\}/g, '[^/]+')}$`,
  ).test(path);

/** What happens to every request of a route, in order; a step that refuses throws. */
function pipeline(
  services: Services,
  name: RouteName,
  route: Route,
  handler: AnyHandler,
  memory: ((call: AnyCall) => Memory) | undefined,
) {
  const keyed = route.method !== 'GET' && route.method !== 'PUT' && route.readOnly !== true;
  return async (request: Request, given: Record<string, string>, info: RequestInfo): Promise<Response> => {
    const url = new URL(request.url);
    const token = route.role === 'none' ? NOBODY : await tokenOf(services, request, info);
    const params = parseParams(route, given);
    const project = projectOf(services.config, route, params as Record<string, string> | undefined, token);
    assertRole(route, token);
    const query = parseQuery(route, url.searchParams);

    let bytes = new Uint8Array(0) as Uint8Array;
    let body: unknown;
    let bodyText = '';
    let longIntegers = false;
    if (route.bytes !== undefined) bytes = await readBytes(request, route.bytes);
    else if (route.body !== undefined) {
      const read = await readJson(request, route.maxBody ?? JSON_BODY_LIMIT);
      if (read === undefined && !route.body.safeParse(undefined).success)
        throw new IceError('bad_request', 'This call needs a JSON body', { hint: 'See its schema at /docs' });
      body = parse(route.body, read?.value, 'body');
      longIntegers = read?.longIntegers ?? false;
      if (keyed) bodyText = JSON.stringify(read?.value ?? null);
    }
    const call = {
      params,
      query,
      body,
      bytes,
      longIntegers,
      project,
      token,
      signal: request.signal,
      header: (header: string) => request.headers.get(header) ?? undefined,
    } as AnyCall;

    const key = keyed ? request.headers.get('idempotency-key') : null;
    if (key === null) {
      const answer = await handler(call);
      return answer instanceof Response ? answer : render(services, request, route, answer);
    }
    const scope = `${token.org}/${token.id}/${project}`;
    const done = await once(
      services,
      scope,
      key,
      { name, text: `${url.pathname}?${url.search}\n${bodyText}` },
      memory?.(call),
      async () => {
        const answer = (await handler(call)) as Answer<unknown>;
        return { status: answer.status ?? route.status, body: answer.body };
      },
    );
    return render(services, request, route, {
      body: done.body,
      status: done.status,
      ...(done.replayed ? { headers: { 'idempotency-replayed': 'true' } } : {}),
    });
  };
}

/** The caller's token, within its limits. */
async function tokenOf(services: Services, request: Request, info: RequestInfo): Promise<TokenRow> {
  const { limits } = services;
  const remote = info.remote ?? 'unknown';
  const tooMany = (waitMs: number) =>
    new IceError('rate_limited', 'Too many requests', {
      hint: `Try again in ${Math.ceil(waitMs / 1000)} s`,
      retryAfterMs: waitMs,
    });
  let token: TokenRow;
  try {
    token = await authenticate(services, request.headers.get('authorization'));
  } catch (error) {
    // Guessing has to be slow; who has the right token is not slowed by others at the same address.
    const wait = limits && !info.inProcess ? await limits.failure(remote) : undefined;
    throw wait === undefined ? error : tooMany(wait);
  }
  if (info.inProcess) return token;
  if (limits) {
    const wait = await limits.request(token);
    if (wait !== undefined) throw tooMany(wait);
  }
  touch(services, token);
  return token;
}

function parseParams(route: Route, given: Record<string, string>): unknown {
  if (!route.params) return undefined;
  const parsed = route.params.safeParse(given);
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
};
const PARAM_HINTS: Record<string, string> = {
  id: 'A run id is run_ and 26 characters: ice runs list',
  kind: 'Kinds: tool, agent, workflow',
  digest: 'A digest is sha256: and 64 hex digits',
};

function parseQuery(route: Route, search: URLSearchParams): unknown {
  const known = new Set(
    route.query && 'shape' in route.query ? Object.keys(route.query.shape as object) : [],
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
  return route.query ? parse(route.query, given, 'query') : undefined;
}

/** Parses by a schema of the table; fails with `bad_request` and every finding. */
function parse(schema: z.ZodType, value: unknown, where: 'query' | 'body'): unknown {
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

async function render(
  services: Services,
  request: Request,
  route: Route,
  answer: Answer<unknown>,
): Promise<Response> {
  const status = answer.status ?? route.status;
  const headers: Record<string, string> = { ...answer.headers };
  if (route.response === 'empty') return new Response(null, { status, headers });
  const text = JSON.stringify(answer.body);
  if (answer.etag !== undefined) {
    const etag = `"${answer.etag === 'hash' ? (await services.sha256(text)).slice(0, 32) : answer.etag}"`;
    headers['etag'] = etag;
    headers['cache-control'] = 'private, no-cache';
    if (route.method === 'GET' && noneMatch(request.headers.get('if-none-match'), etag))
      return new Response(null, { status: 304, headers });
  }
  headers['content-type'] = 'application/json';
  return new Response(text, { status, headers });
}

const noneMatch = (header: string | null, etag: string): boolean =>
  (header ?? '').split(',').some((each) => ['*', etag, `W/${etag}`].includes(each.trim()));
