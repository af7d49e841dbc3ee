import { createClient } from '../client/client.ts';
import type { Fetch } from '../client/request.ts';
import { readBytes } from './body.ts';
import { asResponse, type Incoming, incomingOf, type Reply } from './incoming.ts';
import type { RequestInfo } from './pipeline.ts';
import { asIceError, problemReply } from './problem.ts';
import type { ServerConfig } from './services.ts';

/** Where MCP clients go. */
export const MCP_PATH = '/mcp';
/** The most that one message of an MCP client may have. */
const MOST_BYTES = 1024 * 1024;

type Handle = (request: Incoming, info: RequestInfo) => Promise<Reply>;

/**
 * `/mcp`: pushed tools and workflows as MCP tools, over streamable HTTP. Every exchange calls the API in this process
 * with the caller's own token, so that roles, projects and limits are those of the routes and of nothing else.
 * Query: `project`, `readOnly=1` (only what asks for no network and no secret), `std=0` (without the first-party tools).
 */
export function createMcp(
  config: ServerConfig,
  handle: Handle,
): (request: Request, info: RequestInfo) => Promise<Response> {
  let handler: Promise<(request: Request) => Promise<Response>> | undefined;
  const load = async (): Promise<(request: Request) => Promise<Response>> => {
    const { createMcpFetch } = await import('../mcp/http.ts');
    return createMcpFetch((request) => {
      const { searchParams } = new URL(request.url);
      return {
        version: config.version,
        readOnly: searchParams.get('readOnly') === '1',
        std: searchParams.get('std') !== '0',
        client: createClient({
          baseUrl: new URL(request.url).origin,
          token: (request.headers.get('authorization') ?? '').replace(/^Bearer\s+/i, ''),
          project: searchParams.get('project') ?? '_',
          fetch: callsOf(handle),
        }),
      };
    });
  };
  return async (request, info) => {
    try {
      // Asked first: Host header, token and rate limit are checked as for any route, and a refusal is a plain problem.
      const who = await handle(
        {
          method: 'GET',
          url: new URL('/v1/whoami', request.url).href,
          headers: request.headers,
          body: null,
          content: '',
          signal: request.signal,
        },
        info,
      );
      if (who.status !== 200) return asResponse(who);
      const body = request.method === 'POST' ? await readBytes(request, MOST_BYTES) : undefined;
      handler ??= load();
      return await (await handler)(
        new Request(request.url, {
          method: request.method,
          headers: request.headers,
          signal: request.signal,
          ...(body ? { body: body as BodyInit } : {}),
        }),
      );
    } catch (error) {
      return asResponse(problemReply(asIceError(error)));
    }
  };
}

/** The client's calls, answered by the app itself. */
function callsOf(handle: Handle): Fetch {
  return async (url, { method, headers, body, signal = new AbortController().signal }) =>
    asResponse(await handle(incomingOf(url, { method, headers, body, signal }), { inProcess: true }));
}
