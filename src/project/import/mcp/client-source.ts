import { commentText, literal } from '../source-text.ts';

export interface ClientSource {
  title: string;
  /** How the import was asked for, without secrets. */
  from: string;
  /** Address of the server. */
  url: string;
  host: string;
  /** Of a server that is a command: the port of its bridge. */
  bridge?: { command: string[]; port: number };
}

/** `_mcp.ts`: what the tools of one server share: a client of the protocol (2025-06-18) over `ctx.fetch`. */
export function clientSource({ title, from, url, host, bridge }: ClientSource): string {
  const bridged =
    bridge === undefined
      ? ''
      : `// The server is a command, and a tool can't start one: start it beside, with \`node _bridge.mjs\` in this folder.
`;
  return `// What the tools of the server ${commentText(title, 80)} share. Made by \`ice import mcp\` from ${commentText(from, 200)}.
${bridged}import { RetryableError, TerminalError, type ToolContext } from 'iceos';

/** Where the server is. For another one, change this line, or import again. */
export const SERVER = ${literal(url)};
/** The host that the tools may reach: the one of SERVER, with its port where that is not 443. */
export const NET = [${literal(host)}] as const;
${CLIENT}`;
}

const CLIENT = String.raw`
/** The result of a tool that does not say what it answers. */
export const CONTENT = {
  type: 'object',
  properties: {
    text: { type: 'string', description: 'All text of the answer' },
    content: {
      type: 'array',
      items: { type: 'object', properties: { type: { type: 'string' } }, required: ['type'] },
    },
  },
  required: ['text', 'content'],
  additionalProperties: false,
} as const;

type Headers = { [name: string]: string };
type Context = { fetch: ToolContext['fetch'] };
interface Answer {
  content?: { type: string; text?: string }[];
  structuredContent?: unknown;
  isError?: boolean;
}

/** Calls a tool of the server, in a session of its own. With structured, the result is what the server says as data. */
export async function callTool<T>(
  ctx: Context,
  name: string,
  args: unknown,
  { headers = {}, structured = false }: { headers?: Headers; structured?: boolean } = {},
): Promise<T> {
  const session: Headers = {};
  const opened = (await send(ctx, session, headers, 1, 'initialize', {
    protocolVersion: '2025-06-18',
    capabilities: {},
    clientInfo: { name: 'ice', version: '1' },
  })) as { protocolVersion?: string };
  if (typeof opened.protocolVersion === 'string') session['mcp-protocol-version'] = opened.protocolVersion;
  try {
    await send(ctx, session, headers, undefined, 'notifications/initialized', undefined);
    const answer = (await send(ctx, session, headers, 2, 'tools/call', { name, arguments: args })) as Answer;
    const content = answer.content ?? [];
    const text = content.flatMap((part) => (part.type === 'text' && part.text !== undefined ? [part.text] : [])).join('\n');
    if (answer.isError) throw new Error(name + ' failed: ' + (text === '' ? 'the server does not say why' : text.slice(0, 1500)));
    if (!structured) return { text, content } as T;
    if (answer.structuredContent === undefined) throw new Error(name + ' answered without the data that it promises');
    return answer.structuredContent as T;
  } finally {
    // A server that keeps sessions may forget this one; one that doesn't need not understand.
    if (session['mcp-session-id'] !== undefined)
      await ctx.fetch(SERVER, { method: 'DELETE', headers: { ...headers, ...session } }).catch(() => undefined);
  }
}

async function send(
  ctx: Context,
  session: Headers,
  headers: Headers,
  id: number | undefined,
  method: string,
  params: unknown,
): Promise<unknown> {
  const response = await ctx.fetch(SERVER, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...headers,
      ...session,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id, method, params }),
  });
  const text = await response.text();
  if (!response.ok) {
    const message = 'The server answered ' + response.status + ' to ' + method + ': ' + text.replace(/\s+/g, ' ').slice(0, 300);
    throw response.status >= 500 || response.status === 429 ? new RetryableError(message) : new TerminalError(message);
  }
  const given = response.headers.get('mcp-session-id');
  if (given !== null) session['mcp-session-id'] = given;
  if (id === undefined) return undefined;
  const messages = /event-stream/.test(response.headers.get('content-type') ?? '') ? events(text) : [text];
  for (const message of messages) {
    const answer = parsed(message, method);
    if (answer.id !== id) continue;
    if (answer.error === undefined) return answer.result;
    const { code, message: why } = answer.error;
    // The caller's mistake stays one: unknown tool, wrong arguments.
    const error = method + ': ' + why + ' (' + code + ')';
    throw code === -32601 || code === -32602 ? new TerminalError(error) : new Error(error);
  }
  throw new RetryableError('The server did not answer ' + method);
}

interface Message {
  id?: unknown;
  result?: unknown;
  error?: { code: number; message: string };
}

function parsed(text: string, method: string): Message {
  try {
    return JSON.parse(text) as Message;
  } catch {
    throw new Error('The server answered ' + method + ' with what is no JSON: ' + text.slice(0, 200));
  }
}

/** The data of each server-sent event. */
const events = (text: string): string[] =>
  text
    .split(/\r?\n\r?\n/)
    .map((event) =>
      event
        .split(/\r?\n/)
        .flatMap((line) => (line.startsWith('data:') ? [line.slice(5).replace(/^ /, '')] : []))
        .join('\n'),
    )
    .filter((data) => data !== '');
`;
