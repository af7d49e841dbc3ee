import { TrieRouter } from 'hono/router/trie-router';
import { IceError } from '../contracts/errors.ts';
import { ROUTES, type Route, type RouteName } from '../contracts/routes.ts';
import type { Memory } from './idempotency.ts';
import { asResponse, type Incoming, type Reply, withoutContent } from './incoming.ts';
import { createMcp, MCP_PATH } from './mcp.ts';
import { type AnyCall, type AnyHandler, pipeline, type RequestInfo } from './pipeline.ts';
import { asIceError, problemReply } from './problem.ts';
import { type Handlers, loadedLater } from './route.ts';
import { artifactRoutes } from './routes/artifacts.ts';
import { healthRoutes } from './routes/health.ts';
import { identityMemories, identityRoutes } from './routes/identity.ts';
import { runMemories, runRoutes } from './routes/runs.ts';
import { secretRoutes } from './routes/secrets.ts';
import type { Services } from './services.ts';
import { createStreams } from './streams.ts';

export type { RequestInfo } from './pipeline.ts';

export interface App {
  /** Answers a request, over whatever carries it. */
  fetch(request: Request, info?: RequestInfo): Promise<Response>;
  /**
   * The same without the platform's classes: the first `Request` of a process costs as much as starting it, which a
   * command that calls its own process need not pay.
   */
  handle(request: Incoming, info?: RequestInfo): Promise<Reply>;
  /** Ends every open stream, as a server that goes down has to; clients take them up elsewhere. */
  endStreams(): void;
}

const HEADERS: Record<string, string> = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
};

interface Target {
  name: RouteName;
  act: ReturnType<typeof pipeline>;
  /** Part of the name that stands in the path itself: `std/`. */
  prefix: string;
}

/**
 * The API as a fetch function: request in, response out. Routes, schemas, roles and limits come from
 * `contracts/routes.ts`; the handlers, one file a noun, only say what a call does.
 */
export function createApp(services: Services): App {
  const streams = createStreams(services.config.maxStreams ?? 1000);
  const handlers: Handlers = {
    ...healthRoutes(services),
    ...identityRoutes(services),
    ...artifactRoutes(services),
    ...secretRoutes(services),
    ...runRoutes(services, streams),
    ...registryRoutes(services),
  };
  const memories: Partial<Record<RouteName, (call: AnyCall) => Memory>> = {
    ...identityMemories(),
    ...runMemories(services),
  };
  const router = new TrieRouter<Target>();
  const methods = new Set<string>();
  for (const [name, route] of Object.entries(ROUTES) as [RouteName, Route][]) {
    const act = pipeline(services, name, route, handlers[name] as unknown as AnyHandler, memories[name]);
    const path = route.path.replace(/\{(\w+)\}/g, ':$1');
    methods.add(route.method);
    router.add(route.method, path, { name, act, prefix: '' });
    // `std/csv-parse` is one name; a path that has its slash unescaped means the same.
    if (path.includes('/:name'))
      router.add(route.method, path.replace('/:name', '/std/:name'), { name, act, prefix: 'std/' });
  }

  const find = (
    method: string,
    path: string,
  ): { target: Target; params: Record<string, string> } | undefined => {
    const [found] = router.match(method, path)[0];
    if (!found) return undefined;
    const params: Record<string, string> = {};
    for (const [name, value] of Object.entries(found[1])) params[name] = decoded(String(value));
    if (params['name'] !== undefined) params['name'] = found[0].prefix + params['name'];
    return { target: found[0], params };
  };

  /** Nothing is there; or something is, and takes other methods. */
  const nothing = (method: string, path: string): Reply => {
    const allowed = [...methods].filter((other) => find(other, path) !== undefined);
    if (allowed.length === 0)
      return problemReply(
        new IceError('not_found', `There is no route ${path.slice(0, 200)}`, {
          hint: 'See /docs for what there is',
        }),
      );
    if (allowed.includes('GET')) allowed.push('HEAD');
    const allow = allowed.sort().join(', ');
    const reply = problemReply(
      new IceError('method_not_allowed', `${method.slice(0, 20)} is not possible here`, {
        hint: `Possible: ${allow}`,
        details: { allow: allowed },
      }),
    );
    reply.headers['allow'] = allow;
    return reply;
  };

  const handle = async (request: Incoming, info: RequestInfo = {}): Promise<Reply> => {
    const from = performance.now();
    const given = request.headers.get('x-request-id');
    const requestId = given !== null && /^[\w-]{1,64}$/.test(given) ? given : crypto.randomUUID();
    const { method } = request;
    let route = 'none';
    let path = '';
    let reply: Reply;
    try {
      const url = new URL(request.url);
      path = url.pathname;
      assertHost(url, info.allowedHosts);
      const found = find(method === 'HEAD' ? 'GET' : method, path);
      if (found) {
        route = found.target.name;
        reply = await found.target.act(request, url, found.params, info);
      } else reply = nothing(method, path);
    } catch (thrown) {
      const error = asIceError(thrown);
      if (error.status >= 500)
        services.log({
          level: error.code === 'internal' ? 'error' : 'warn',
          message: `${method} ${path}: ${error.message}`,
          requestId,
          error: error.cause ?? error,
        });
      reply = problemReply(error);
    }
    reply = {
      ...(method === 'HEAD' ? withoutContent(reply) : reply),
      headers: { ...HEADERS, ...reply.headers, 'x-request-id': requestId },
    };
    services.metrics.request(route, method, reply.status, performance.now() - from);
    return reply;
  };

  const mcp = createMcp(services.config, handle);
  return {
    fetch: async (request, info = {}) =>
      new URL(request.url).pathname === MCP_PATH
        ? mcp(request, info)
        : asResponse(await handle(request, info)),
    handle,
    endStreams: streams.end,
  };
}

/** Routes of the registry: they bring versions, ranges and the language, which most calls do without. */
const registryRoutes = (services: Services) => ({
  ...loadedLater(['componentsList', 'componentsGet', 'componentsVersions', 'componentsResolve'], async () =>
    (await import('./routes/components.ts')).componentRoutes(services),
  ),
  ...loadedLater(
    ['componentsTag', 'componentsSetTag', 'componentsRemoveTag', 'componentsArchive', 'componentsRestore'],
    async () => (await import('./routes/tags.ts')).tagRoutes(services),
  ),
  ...loadedLater(['pushesCreate'], async () => (await import('./routes/pushes.ts')).pushRoutes(services)),
  ...loadedLater(['blueprintsValidate'], async () =>
    (await import('./routes/blueprints.ts')).blueprintRoutes(services),
  ),
  ...loadedLater(
    [
      'draftsList',
      'draftsCreate',
      'draftsGet',
      'draftsUpdate',
      'draftsRemove',
      'draftsSetNode',
      'draftsRemoveNode',
      'draftsValidate',
      'draftsFinalize',
    ],
    async () => (await import('./routes/drafts.ts')).draftRoutes(services),
  ),
});

function assertHost(url: URL, allowedHosts: readonly string[] | undefined): void {
  if (!allowedHosts) return;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (!allowedHosts.includes(host))
    throw new IceError(
      'forbidden',
      `The Host header says ${host.slice(0, 100)}, which this server does not answer to`,
      { hint: 'Use its loopback address, as printed when it started' },
    );
}

/** A part of the path; one with a broken escape stays as it is, and is then no valid name. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
