import {
  createMcpHandler,
  isLegacyRequest,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';
import { createMcpServer, type McpOptions } from './server.ts';

/**
 * Sessions of clients of the 2025 protocol. When there are more, whoever has the most gives up the oldest, so that nobody
 * ends another's by opening many; and each ends after so long without a word.
 */
const MOST_SESSIONS = 200;
const QUIET_MS = 30 * 60_000;

interface Session {
  transport: WebStandardStreamableHTTPServerTransport;
  /** The Authorization header that opened it: a session is of no use to anyone else. */
  owner: string;
  usedAt: number;
}

/**
 * `/mcp`: streamable HTTP. A client of the 2026 protocol is served request by request, without state. One of the 2025
 * protocol gets a session: it cancels by a message of its own, which has to find the call that it means.
 */
export function createMcpFetch(
  optionsOf: (request: Request) => McpOptions,
): (request: Request) => Promise<Response> {
  const modern = createMcpHandler(
    ({ requestInfo }) => {
      if (!requestInfo) throw new Error('an MCP exchange without its request');
      return createMcpServer(optionsOf(requestInfo));
    },
    { legacy: 'reject' },
  );
  const sessions = new Map<string, Session>();

  const end = (id: string): void => {
    const session = sessions.get(id);
    sessions.delete(id);
    void session?.transport.close();
  };
  const sweep = (now: number): void => {
    for (const [id, { usedAt }] of sessions) if (now - usedAt >= QUIET_MS) end(id);
    while (sessions.size > MOST_SESSIONS) {
      const byOwner = Map.groupBy(sessions.keys(), (id) => sessions.get(id)!.owner);
      const [most] = [...byOwner.values()].sort((a, b) => b.length - a.length);
      end(most![0]!);
    }
  };

  const open = async (request: Request): Promise<WebStandardStreamableHTTPServerTransport> => {
    const owner = request.headers.get('authorization') ?? '';
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => crypto.randomUUID(),
      onsessioninitialized: (id) => {
        sessions.set(id, { transport, owner, usedAt: Date.now() });
        sweep(Date.now());
      },
      onsessionclosed: (id) => void sessions.delete(id),
    });
    await createMcpServer(optionsOf(request)).connect(transport);
    return transport;
  };

  return async (request) => {
    if (!(await isLegacyRequest(request))) return modern.fetch(request);
    const id = request.headers.get('mcp-session-id');
    if (id === null) return (await open(request)).handleRequest(request);
    const session = sessions.get(id);
    // Somebody else's session is answered as one that is not there: the client then opens its own.
    if (!session || session.owner !== (request.headers.get('authorization') ?? ''))
      return Response.json(
        { jsonrpc: '2.0', error: { code: -32001, message: 'Session not found' }, id: null },
        { status: 404 },
      );
    session.usedAt = Date.now();
    return session.transport.handleRequest(request);
  };
}
