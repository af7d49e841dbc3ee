import { createMcpHandler } from '@modelcontextprotocol/server';
import { createMcpServer, type McpOptions } from './server.ts';

/** `/mcp`: streamable HTTP, one exchange a request, each with a client that carries the caller's own token. */
export function createMcpFetch(
  optionsOf: (request: Request) => McpOptions,
): (request: Request) => Promise<Response> {
  const handler = createMcpHandler(({ requestInfo }) => {
    if (!requestInfo) throw new Error('an MCP exchange without its request');
    return createMcpServer(optionsOf(requestInfo));
  });
  return (request) => handler.fetch(request);
}
