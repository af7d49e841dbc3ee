// A real MCP server over stdio: two tools, one with an output schema.
import { McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { z } from 'zod';

export function makeServer() {
  const server = new McpServer(
    { name: 'Weather MCP Server', version: '2.3.4' },
    { capabilities: { tools: {} } },
  );
  server.registerTool(
    'get_forecast',
    {
      description: "The day's forecast",
      inputSchema: z.object({ city: z.string(), days: z.int().min(1).max(10).default(3) }),
      outputSchema: z.object({ city: z.string(), highs: z.array(z.number()) }),
    },
    async ({ city, days }) => {
      if (city === 'Atlantis') return { isError: true, content: [{ type: 'text', text: 'no such city' }] };
      const highs = Array.from({ length: days }, (_, i) => 20 + i);
      return {
        content: [{ type: 'text', text: JSON.stringify({ city, highs }) }],
        structuredContent: { city, highs },
      };
    },
  );
  server.registerTool(
    'Say Hello',
    { description: 'Greets', inputSchema: z.object({ name: z.string() }) },
    async ({ name }) => ({
      content: [
        { type: 'text', text: `Hello, ${name}` },
        { type: 'text', text: 'Bye' },
      ],
    }),
  );
  return server;
}

if (process.argv[1] === import.meta.filename) serveStdio(() => makeServer());
