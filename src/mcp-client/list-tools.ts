import { IceError } from '../contracts/errors.ts';
import { clientWords } from './client-words.ts';
import { transportTo } from './connect.ts';
import type { ServerCommand, ServerProcess } from './server-process.ts';

/** A tool as a server tells it. */
export interface ServerTool {
  name: string;
  description: string;
  inputSchema: { [keyword: string]: unknown };
  outputSchema?: { [keyword: string]: unknown };
}

export interface ServerListing {
  /** As the server calls itself. */
  server: { name: string; version: string };
  tools: ServerTool[];
}

export interface ListOptions {
  /** For all of it, milliseconds; 30 s. */
  timeoutMs?: number;
  /** Headers of each request, with secrets in them. */
  headers?: Record<string, string>;
  /** For the proxy that it names, if any. */
  env?: Readonly<Record<string, string | undefined>>;
  version: string;
}

const MOST_TOOLS = 2_000;
const MOST_PAGES = 100;

/**
 * Asks a server for its tools, by command (stdio) or address (streamable HTTP), and leaves it in order on every way
 * out. Errors: `unreachable`, `not_found`, `unauthenticated`, `forbidden`, `too_large`.
 */
export async function listServerTools(
  from: ServerCommand | URL,
  options: ListOptions,
): Promise<ServerListing> {
  const { Client } = await import('@modelcontextprotocol/client');
  const timeoutMs = options.timeoutMs ?? 30_000;
  const until = Date.now() + timeoutMs;
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), timeoutMs);
  const { child, web } = await transportTo(
    from instanceof URL
      ? { url: from, headers: options.headers ?? {}, fetch: await fetchFor(options.env ?? {}) }
      : from,
    over.signal,
  );
  const transport = child ?? web!;
  const client = new Client({ name: 'ice', version: options.version }, { capabilities: {} });
  const left = () => ({ timeout: Math.max(1, until - Date.now()), signal: over.signal });
  // Without a child's exit or an answer, these end the waiting.
  const stopped = new Promise<never>((_, reject) => {
    over.signal.addEventListener('abort', () => reject(new Timeout()));
  });
  stopped.catch(() => {});
  const leave = interrupted(() => transport.close());
  try {
    await Promise.race([client.connect(transport, left()), stopped]);
    const tools: ServerTool[] = [];
    let cursor: string | undefined;
    for (let page = 0; ; page++) {
      if (page === MOST_PAGES)
        throw new IceError('too_large', `The list of tools has not ended after ${MOST_PAGES} pages.`, {
          hint: 'The server is wrong: it always names a next page.',
        });
      // With a cursor, also an empty one, one page is asked for; the pages are counted here.
      const params = cursor === undefined ? {} : { cursor };
      const answer = await Promise.race([client.request({ method: 'tools/list', params }, left()), stopped]);
      for (const tool of answer.tools) {
        tools.push({
          name: tool.name,
          description: tool.description ?? tool.title ?? '',
          inputSchema: tool.inputSchema,
          ...(tool.outputSchema === undefined ? {} : { outputSchema: tool.outputSchema }),
        });
        if (tools.length > MOST_TOOLS)
          throw new IceError('too_large', `The server has more than ${MOST_TOOLS} tools.`, {
            hint: 'So many can not be imported at once.',
          });
      }
      cursor = answer.nextCursor;
      if (cursor === undefined) break;
    }
    const { name = 'mcp', version = '1.0.0' } = client.getServerVersion() ?? {};
    if (web) await Promise.race([web.terminateSession().catch(() => {}), stopped.catch(() => {})]);
    return { server: { name, version }, tools };
  } catch (error) {
    throw explain(error, from, child, timeoutMs);
  } finally {
    clearTimeout(timer);
    leave();
    await client.close().catch(() => {});
    await transport.close();
  }
}

class Timeout extends Error {}

function explain(
  error: unknown,
  from: ServerCommand | URL,
  child: ServerProcess | undefined,
  timeoutMs: number,
): unknown {
  if (child?.failure) {
    const { failure } = child;
    const { stderr } = child.traces;
    return stderr === undefined || failure.message.includes(stderr)
      ? failure
      : new IceError(failure.code, `${failure.message}\n${stderr}`, {
          hint: failure.hint,
          details: failure.details,
        });
  }
  if (error instanceof IceError) return error;
  const where = from instanceof URL ? `${from.origin}${from.pathname}` : from.command;
  const {
    code,
    data,
    message = String(error),
    cause,
  } = error as {
    code?: unknown;
    data?: { status?: number };
    message?: string;
    cause?: { code?: string };
  };
  if (error instanceof Timeout || code === 'REQUEST_TIMEOUT') {
    const { stdout } = child?.traces ?? {};
    return new IceError('unreachable', `${where} did not answer in ${timeoutMs / 1000} s.`, {
      hint: stdout
        ? `It printed what is no message: ${stdout}`
        : 'Is it a server of MCP? Give it longer: --timeout 2m',
      ...(child ? { details: child.traces } : {}),
    });
  }
  const status = typeof data?.status === 'number' ? data.status : undefined;
  if (
    status === 401 ||
    code === 'CLIENT_HTTP_AUTHENTICATION' ||
    error?.constructor?.name === 'UnauthorizedError'
  )
    return new IceError('unauthenticated', `${where} asks who you are (401).`, {
      hint: 'Put the token into a variable, and name it: --auth bearer=MY_TOKEN',
    });
  if (status === 403)
    return new IceError('forbidden', `${where} does not allow it (403).`, { hint: 'Check the token.' });
  if (status === 404 || status === 405)
    return new IceError('not_found', `There is no MCP server at ${where} (${status}).`, {
      hint: 'The address of a server often ends with /mcp.',
    });
  return new IceError(
    'unreachable',
    status === undefined
      ? `${where} can't be used: ${cause?.code ?? clientWords(message, 300)}`
      : `${where} answered ${status}.`,
    {
      hint: child
        ? 'It speaks MCP, and not as the protocol says: an update of the server may mend it.'
        : 'Is it a server of MCP, over streamable HTTP? Servers with SSE alone are not read here.',
    },
  );
}

/** Ctrl-C ends the server too, before it ends ice. */
function interrupted(close: () => Promise<void>): () => void {
  const signals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  const listener = (signal: NodeJS.Signals): void => {
    void close().finally(() => {
      process.off(signal, listener);
      process.kill(process.pid, signal);
    });
  };
  for (const signal of signals) process.once(signal, listener);
  return () => {
    for (const signal of signals) process.off(signal, listener);
  };
}

async function fetchFor(env: Readonly<Record<string, string | undefined>>): Promise<typeof fetch> {
  if (!['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy'].some((name) => env[name])) return fetch;
  const undici = await import('undici');
  const dispatcher = new undici.EnvHttpProxyAgent();
  return ((url: string | URL, init?: RequestInit) =>
    undici.fetch(url, { ...init, dispatcher } as never)) as unknown as typeof fetch;
}
