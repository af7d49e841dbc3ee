import type { Client } from '@modelcontextprotocol/client';
import { cut } from '../contracts/cut.ts';
import { IceError } from '../contracts/errors.ts';
import type { Json, JsonObject } from '../contracts/json.ts';
import { clientWords } from './client-words.ts';
import { nameOf, type Place, transportTo } from './connect.ts';
import type { ServerProcess } from './server-process.ts';

export interface ServerCall {
  tool: string;
  args: JsonObject;
  /** The tool says what it answers: the result is that. Else it is `{ text, content }`. */
  structured: boolean;
  timeoutMs: number;
  /** The longest result, in bytes of JSON. */
  outputBytes: number;
  signal: AbortSignal;
  onProgress(progress: { done?: number; total?: number; message?: string }): void;
}

/** A server that is connected to. */
export interface OpenServer {
  /**
   * Calls a tool once. Errors: `tool_failed` (it says so, or refuses, or can't be reached), `tool_crashed` (its process
   * ended), `timeout`, `tool_limit`, `output_invalid`, and whatever `fetch` of its place threw.
   */
  call(call: ServerCall): Promise<Json>;
  /** It can't be used any more. */
  readonly broken: boolean;
  close(): Promise<void>;
}

/** Connects to a server, within a time. Errors as of a call. */
export async function openServer(
  place: Place,
  { version, timeoutMs, signal }: { version: string; timeoutMs: number; signal: AbortSignal },
): Promise<OpenServer> {
  const { Client: Made } = await import('@modelcontextprotocol/client');
  const closing = new AbortController();
  let refused: IceError | undefined;
  // The client wraps what its fetch throws; what was refused is to be told as it was said.
  const watched: Place =
    'url' in place
      ? {
          ...place,
          fetch: async (input, init) => {
            try {
              return await place.fetch(input, init);
            } catch (error) {
              if (error instanceof IceError) refused = error;
              throw error;
            }
          },
        }
      : place;
  const { child, web } = await transportTo(watched, closing.signal);
  const transport = child ?? web!;
  const client: Client = new Made({ name: 'ice', version }, { capabilities: {} });
  let broken = false;

  /** Waits for an answer; also ends when its time is over, the caller stops, or the process has gone. */
  const within = async <T>(work: Promise<T>, ms: number, until: AbortSignal): Promise<T> => {
    work.catch(() => {});
    const over = AbortSignal.any([until, AbortSignal.timeout(ms)]);
    const stopped = new Promise<never>((_, reject) => {
      const stop = (): void => reject(until.aborted ? until.reason : new Overdue());
      if (over.aborted) stop();
      else over.addEventListener('abort', stop, { once: true });
    });
    stopped.catch(() => {});
    try {
      return await Promise.race([work, stopped]);
    } catch (error) {
      if (until.aborted) throw error;
      // A server that did not answer in time is not asked again: what it still says would be of another call.
      broken ||= error instanceof Overdue || child?.failure !== undefined;
      throw explain(error, { place, child, ms, refused });
    }
  };
  const close = async (): Promise<void> => {
    broken = true;
    if (web) await Promise.race([web.terminateSession().catch(() => {}), after(1_000)]);
    closing.abort();
    await client.close().catch(() => {});
    await transport.close();
  };

  try {
    await within(client.connect(transport, { timeout: timeoutMs }), timeoutMs, signal);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    get broken() {
      return broken || child?.failure !== undefined;
    },
    close,
    async call({ tool, args, structured, timeoutMs: ms, outputBytes, signal: until, onProgress }) {
      refused = undefined;
      const answer = await within(
        client.request(
          { method: 'tools/call', params: { name: tool, arguments: args } },
          {
            timeout: ms + 1_000,
            signal: until,
            onprogress: ({ progress, total, message }) =>
              onProgress({
                done: progress,
                ...(total === undefined ? {} : { total }),
                ...(message === undefined ? {} : { message }),
              }),
          },
        ),
        ms,
        until,
      );
      return resultOf(answer as unknown as Answer, { tool, structured, outputBytes });
    },
  };
}

interface Answer {
  content?: { type: string; text?: string }[];
  structuredContent?: Json;
  isError?: boolean;
}

function resultOf(
  { content = [], structuredContent, isError }: Answer,
  { tool, structured, outputBytes }: { tool: string; structured: boolean; outputBytes: number },
): Json {
  const text = content
    .flatMap((part) => (part.type === 'text' && part.text !== undefined ? [part.text] : []))
    .join('\n');
  if (isError === true)
    throw new IceError('tool_failed', cut(text, 4_000) || `The server says that ${tool} failed`);
  if (structured && structuredContent === undefined)
    throw new IceError('output_invalid', `${tool} gave no structured result, which the server promised`, {
      hint: DRIFT,
    });
  const result = structured ? structuredContent! : ({ text, content } as unknown as Json);
  const bytes = Buffer.byteLength(JSON.stringify(result));
  if (bytes > outputBytes)
    throw new IceError('tool_limit', `The result has ${bytes} bytes; ${outputBytes} is the most`, {
      terminal: true,
      hint: 'Ask for less: a page of it, or fewer fields',
    });
  return result;
}

const DRIFT = 'The server may have changed since its tools were pinned: ice import mcp NAME --check';

class Overdue extends Error {}

const after = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });

function explain(
  error: unknown,
  {
    place,
    child,
    ms,
    refused,
  }: { place: Place; child: ServerProcess | undefined; ms: number; refused: IceError | undefined },
): IceError {
  const where = nameOf(place);
  if (refused) return refused;
  if (error instanceof IceError && !child?.failure) return error;
  if (error instanceof Overdue)
    return new IceError('timeout', `${where} did not answer within ${ms} ms`, {
      hint: 'Give the server longer: timeout of the server in ice.yaml',
      ...(child ? { details: child.traces } : {}),
    });
  if (child?.failure) {
    const { stderr } = child.traces;
    const { code, message, hint } = child.failure;
    const said = stderr === undefined ? message : `${message}\n${stderr}`;
    return new IceError(
      code === 'unreachable' ? 'tool_crashed' : code === 'too_large' ? 'tool_limit' : 'tool_failed',
      said,
      {
        hint: hint ?? 'Run the command by itself to see why.',
      },
    );
  }
  const {
    code,
    data,
    message = String(error),
  } = error as {
    code?: unknown;
    data?: { status?: number };
    message?: string;
  };
  const status = typeof data?.status === 'number' ? data.status : undefined;
  if (status === 401 || status === 403 || code === 'CLIENT_HTTP_AUTHENTICATION')
    return new IceError('tool_failed', `${where} does not let the call in (${status ?? 401})`, {
      terminal: true,
      hint: 'Check the secret in its headers: ice secret set NAME',
    });
  if (status !== undefined)
    return new IceError('tool_failed', `${where} answered ${status}`, {
      ...(status === 404 || status === 405
        ? {
            terminal: true,
            hint: 'The address of a server often ends with /mcp; correct its url in ice.yaml',
          }
        : {}),
    });
  const said = clientWords(message, 500);
  // -32602: the arguments, or the tool, are unknown to it, though they match what was pinned.
  return typeof code === 'number'
    ? new IceError('tool_failed', `${where} refuses the call: ${said}`, { terminal: true, hint: DRIFT })
    : new IceError('tool_failed', `${where} can't be used: ${said}`);
}
