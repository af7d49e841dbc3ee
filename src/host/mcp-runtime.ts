import { createHash } from 'node:crypto';
import { IceError } from '../contracts/errors.ts';
import type { Json, JsonObject } from '../contracts/json.ts';
import { commandLine, type McpEntry, mcpEntrySchema, withSecrets } from '../contracts/mcp-servers.ts';
import { type OpenServer, openServer } from '../mcp-client/open-server.ts';
import { plainEnvironment } from '../mcp-client/server-process.ts';
import type { HostFetch, ToolCall, ToolRuntime } from '../sandbox/port.ts';

/** Where a tool of an MCP server runs: at its server. */
export interface McpRuntime extends Pick<ToolRuntime, 'call'> {
  close(): Promise<void>;
}

const TIMEOUT_MS = 60_000;
const OUTPUT_BYTES = 16 * 1024 * 1024;
/** Processes of servers at once; another one ends the one that was idle longest. */
const MOST_PROCESSES = 16;
const IDLE_MS = 30_000;

interface Kept {
  server: Promise<OpenServer>;
  /** Gives up opening it. */
  giveUp: AbortController;
  /** Once it is open; it did not open when it is `failed`. */
  opened?: OpenServer;
  failed: boolean;
  calls: number;
  usedAt: number;
  stopIdle?: NodeJS.Timeout;
}

/**
 * Calls tools of MCP servers over the official client. A server over HTTP is connected to for each call, through the
 * network of tools and its guards. A program is started once for a run, and ends a while after its last call: what it
 * keeps in its memory is never another run's.
 */
export function createMcpRuntime(options: {
  cwd: string;
  version: string;
  env: Readonly<Record<string, string | undefined>>;
}): McpRuntime {
  const processes = new Map<string, Kept>();

  const end = async (key: string, kept: Kept): Promise<void> => {
    if (processes.get(key) === kept) processes.delete(key);
    clearTimeout(kept.stopIdle);
    kept.giveUp.abort(new IceError('run_cancelled', 'Nobody waits for the server any more'));
    await kept.server.then((server) => server.close()).catch(() => {});
  };

  const overHttp = async (entry: Extract<McpEntry, { url: string }>, call: ToolCall): Promise<Json> => {
    const { fetch } = call;
    if (!fetch) throw denied(`The tool names no host, so ${new URL(entry.url).host} can't be reached`);
    const headers = Object.fromEntries(
      Object.entries(entry.headers).map(([name, value]) => [name, withSecrets(value, call.secrets)]),
    );
    const timeoutMs = call.permissions.limits.timeoutMs ?? TIMEOUT_MS;
    const until = Date.now() + timeoutMs;
    const server = await openServer(
      { url: new URL(entry.url), headers, fetch: fetchOver(fetch, call.signal) },
      { version: options.version, timeoutMs, signal: call.signal },
    );
    try {
      return await server.call({ ...asked(entry, call), timeoutMs: Math.max(1, until - Date.now()) });
    } finally {
      await server.close();
    }
  };

  const overStdio = async (entry: Extract<McpEntry, { command: string }>, call: ToolCall): Promise<Json> => {
    const line = commandLine(entry);
    if (!call.permissions.commands?.includes(line))
      throw denied(`The program ${line} is not among those that may be started`);
    const timeoutMs = call.permissions.limits.timeoutMs ?? TIMEOUT_MS;
    // Who has other secrets, or is another run, has another process.
    const key = createHash('sha256')
      .update(JSON.stringify([runOf(call), entry.command, entry.args, call.secrets]))
      .digest('hex');
    const kept = take(key, (signal) =>
      openServer(
        {
          command: entry.command,
          args: entry.args,
          cwd: options.cwd,
          env: {
            ...plainEnvironment(options.env),
            ...Object.fromEntries(entry.env.map((name) => [name, call.secrets[name]])),
          },
        },
        { version: options.version, timeoutMs, signal },
      ),
    );
    try {
      const server = await unlessAborted(kept.server, call.signal);
      return await server.call({ ...asked(entry, call), timeoutMs });
    } finally {
      kept.calls -= 1;
      kept.usedAt = Date.now();
      if (isBroken(kept) || (kept.calls === 0 && !kept.opened)) await end(key, kept);
      else if (kept.calls === 0) {
        kept.stopIdle = setTimeout(() => void end(key, kept), IDLE_MS);
        kept.stopIdle.unref();
      }
    }
  };

  /** The process of a call, which has it from now on. Nothing is awaited here: two first calls at once have the same. */
  const take = (key: string, open: (signal: AbortSignal) => Promise<OpenServer>): Kept => {
    let kept = processes.get(key);
    if (!kept || isBroken(kept)) {
      const before = Promise.all([kept && end(key, kept), makeRoom()]);
      const giveUp = new AbortController();
      const server = before.then(() => open(giveUp.signal));
      const made: Kept = { server, giveUp, failed: false, calls: 0, usedAt: Date.now() };
      server.then(
        (opened) => {
          made.opened = opened;
        },
        () => {
          made.failed = true;
        },
      );
      processes.set(key, made);
      kept = made;
    }
    clearTimeout(kept.stopIdle);
    kept.calls += 1;
    return kept;
  };

  const makeRoom = async (): Promise<void> => {
    if (processes.size < MOST_PROCESSES) return;
    const [oldest] = [...processes]
      .filter(([, kept]) => kept.calls === 0)
      .sort(([, a], [, b]) => a.usedAt - b.usedAt);
    if (!oldest)
      throw new IceError('tool_limit', `${MOST_PROCESSES} servers of MCP are running for others`, {
        hint: 'Try again when they are done: a retry of the node waits for it',
        retryAfterMs: 1_000,
      });
    await end(...oldest);
  };

  return {
    async call(call) {
      const entry = readEntry(await call.load());
      return 'url' in entry ? overHttp(entry, call) : overStdio(entry, call);
    },
    close: async () => {
      await Promise.all([...processes].map(([key, kept]) => end(key, kept)));
    },
  };
}

const asked = (entry: McpEntry, call: ToolCall) => ({
  tool: entry.tool,
  args: call.input as JsonObject,
  structured: entry.structured,
  outputBytes: call.permissions.limits.outputBytes ?? OUTPUT_BYTES,
  signal: call.signal,
  onProgress: call.onProgress,
});

const isBroken = (kept: Kept): boolean => kept.failed || kept.opened?.broken === true;

/** One caller's wait: another one may go on to wait for the same. */
const unlessAborted = <T>(work: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });

const runOf = (call: ToolCall): string =>
  call.idempotencyKey.slice(0, Math.max(0, call.idempotencyKey.indexOf(':')));

/** The entry of a tool of a server. Errors: `artifact_mismatch`. */
export function readEntry(text: string): McpEntry {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const parsed = mcpEntrySchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new IceError('artifact_mismatch', 'The entry of the tool says of no MCP server where it is', {
    terminal: true,
    hint: 'Pin its tools again, and push them: ice import mcp NAME',
  });
}

const denied = (message: string): IceError =>
  new IceError('tool_denied', message, {
    terminal: true,
    hint: 'What a server of MCP may reach stands in its tools: ice components show mcp/SERVER/TOOL',
  });

/**
 * The network of a tool as the client's `fetch`. The client also asks for a stream of what the server has to say by
 * itself; nobody here would listen.
 */
function fetchOver(hostFetch: HostFetch, signal: AbortSignal): typeof fetch {
  return async (input, init) => {
    const request = new Request(input instanceof Request ? input : String(input), init ?? {});
    if (request.method === 'GET') return new Response(null, { status: 405 });
    const body = new Uint8Array(await request.arrayBuffer());
    const response = await hostFetch(
      {
        url: request.url,
        method: request.method,
        headers: [...request.headers],
        ...(body.byteLength > 0 ? { body } : {}),
      },
      AbortSignal.any([signal, request.signal]),
    );
    const empty = response.body.byteLength === 0 || [101, 204, 205, 304].includes(response.status);
    return new Response(empty ? null : (response.body as Uint8Array<ArrayBuffer>), {
      status: response.status,
      statusText: response.statusText,
      headers: response.headers,
    });
  };
}
