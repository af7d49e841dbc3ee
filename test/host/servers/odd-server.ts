// A real MCP server whose tools do what servers should not, over stdio or in the process of a test.
import { McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { z } from 'zod';

let calls = 0;

export function oddServer() {
  const server = new McpServer({ name: 'Odd', version: '1.0.0' }, { capabilities: { tools: {} } });
  const tool = (name: string, answer: () => unknown) =>
    server.registerTool(name, { description: name, inputSchema: z.object({}) }, async () => ({
      content: [{ type: 'text', text: String(await answer()) }],
    }));
  tool('pid', () => `${process.pid} ${++calls}`);
  tool('env', () => JSON.stringify(process.env));
  tool('hang', () => new Promise(() => {}));
  tool('die', () => {
    console.error('out of cheese');
    process.exit(3);
  });
  tool('big', () => 'x'.repeat(200_000));
  tool('fail', () => {
    throw new Error(`no entry with ${process.env['ODD_KEY'] ?? 'nothing'}`);
  });
  return server;
}

if (process.argv[1] === import.meta.filename) serveStdio(() => oddServer());
