import type { Tape } from '../models/cassettes.ts';
import type { ToolRuntime } from '../sandbox/port.ts';
import type { createMcpRuntime, McpRuntime } from './mcp-runtime.ts';

/** Servers of MCP that tools call, opened by the first call: most runs make none. */
export interface McpServers {
  /** As the runs of a project reach them: behind its tape, if it has one. */
  of(project: string): Pick<ToolRuntime, 'call'>;
  close(): Promise<void>;
}

export function openMcpServers(
  options: Parameters<typeof createMcpRuntime>[0],
  tapeOf?: (project: string) => Tape | undefined,
): McpServers {
  let runtime: Promise<McpRuntime> | undefined;
  const open = (): Promise<McpRuntime> => {
    runtime ??= import('./mcp-runtime.ts').then((made) => made.createMcpRuntime(options));
    return runtime;
  };
  return {
    of: (project) => ({
      call: async (call) => {
        const tape = tapeOf?.(project);
        if (!tape) return (await open()).call(call);
        const { readEntry } = await import('./mcp-runtime.ts');
        const { recordedCall } = await import('../models/recorded.ts');
        const { server, tool } = readEntry(await call.load());
        const request = { tool: `mcp/${server}/${tool}`, input: call.input };
        return recordedCall(tape, request, call.signal, async () => (await open()).call(call));
      },
    }),
    close: async () => {
      await (await runtime)?.close();
    },
  };
}
