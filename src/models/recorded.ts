import { IceError, isErrorCode } from '../contracts/errors.ts';
import type { Json, JsonObject } from '../contracts/json.ts';
import { cutByBudget } from './budget.ts';
import type { Tape } from './cassettes.ts';
import type { ModelReply, Models } from './port.ts';

type Priced = ModelReply & { model: string; cost: number };

/** Failures that are a model's answer, and so belong on the tape: a retry or a fallback is replayed as it was. */
const RECORDED = new Set(['provider_failed', 'provider_rejected', 'output_invalid']);

/**
 * Models behind a cassette. A request is what decides the answer: model, messages, tools, output, temperature,
 * maxTokens; not the seed, nor the attempt. Replay never touches `models`, but for prices.
 */
export function wrapModels(models: Models, cassette: Tape): Models {
  return {
    async generate(model, request) {
      const { messages, tools, output, temperature, maxTokens, fallback } = request;
      const asked = {
        model,
        // What a provider carries from turn to turn decides nothing, and is not for reading.
        messages: messages.map((message) => ({ ...message, carry: undefined })),
        tools,
        output,
        temperature,
        maxTokens,
        fallback,
      } as unknown as JsonObject;
      if (cassette.mode === 'replay') {
        request.signal.throwIfAborted();
        const answer = cassette.play('model', asked);
        if (answer['error'] !== undefined) throw errorOf(answer['error'] as JsonObject);
        const reply = answer as unknown as Priced;
        if (request.budget !== undefined && reply.cost > request.budget)
          throw cutByBudget(model, request.budget, { usage: reply.usage, cost: reply.cost });
        for (const chunk of reply.text.match(/\s*\S+\s*|\s+/g) ?? []) request.onDelta?.(chunk);
        return reply;
      }
      try {
        const { carry, ...reply } = await models.generate(model, request);
        cassette.record('model', asked, reply as unknown as JsonObject);
        return carry ? { ...reply, carry } : reply;
      } catch (error) {
        if (error instanceof IceError && RECORDED.has(error.code)) {
          cassette.record('model', asked, { error: bodyOf(error) });
        }
        throw error;
      }
    },
    ...(models.price ? { price: (model: string) => models.price!(model) } : {}),
  };
}

/**
 * A call of a tool of an MCP server behind a cassette: matched by the tool and its input, whatever the server's transport.
 * That the tool failed is an answer, too; that it could not be reached is none.
 */
export async function recordedCall(
  cassette: Tape,
  request: { tool: string; input: Json },
  signal: AbortSignal,
  call: () => Promise<Json>,
): Promise<Json> {
  if (cassette.mode === 'replay') {
    signal.throwIfAborted();
    const answer = cassette.play('mcp', request);
    if (answer['error'] !== undefined) throw errorOf(answer['error'] as JsonObject);
    return answer['result'] ?? null;
  }
  try {
    const result = await call();
    cassette.record('mcp', request, { result });
    return result;
  } catch (error) {
    if (error instanceof IceError && error.code === 'tool_failed')
      cassette.record('mcp', request, { error: bodyOf(error) });
    throw error;
  }
}

/** A request of a tool and its response, in the shape of the sandbox's port, which this floor does not import. */
interface FetchRequest {
  url: string;
  method: string;
  headers: [string, string][];
  body?: Uint8Array;
}
interface FetchResponse {
  status: number;
  statusText: string;
  url: string;
  headers: [string, string][];
  body: Uint8Array;
}
type HostFetch = (request: FetchRequest, signal: AbortSignal) => Promise<FetchResponse>;

/** Headers that differ at each call and that no tool should build on, and those that carry somebody's session. */
const DROPPED = new Set(
  'set-cookie date age expires server via x-request-id cf-ray alt-svc nel report-to server-timing connection keep-alive transfer-encoding content-encoding content-length'.split(
    ' ',
  ),
);

/**
 * A tool's network behind a cassette. A request is its method, address, content type and body. Failures are not
 * recorded: what the allow-list refuses must be refused at replay by the list, so put this inside it.
 */
export function wrapFetch(fetch: HostFetch, cassette: Tape): HostFetch {
  return async (request, signal) => {
    const type = headerOf(request.headers, 'content-type');
    const asked: JsonObject = {
      method: request.method,
      url: request.url,
      ...(type === undefined ? {} : { contentType: type }),
      ...(request.body?.byteLength ? { body: readable(request.body, type, false) } : {}),
    };
    if (cassette.mode === 'replay') {
      signal.throwIfAborted();
      const answer = cassette.play('fetch', asked);
      return {
        status: Number(answer['status']),
        statusText: String(answer['statusText'] ?? ''),
        url: String(answer['url'] ?? request.url),
        headers: Object.entries((answer['headers'] ?? {}) as Record<string, string>),
        body: bytesOf(answer['body'] as JsonObject | string | undefined),
      };
    }
    const response = await fetch(request, signal);
    const headers = response.headers.filter(([name]) => !DROPPED.has(name.toLowerCase()));
    cassette.record('fetch', asked, {
      status: response.status,
      ...(response.statusText === '' ? {} : { statusText: response.statusText }),
      ...(response.url === request.url ? {} : { url: response.url }),
      headers: Object.fromEntries(headers),
      ...(response.body.byteLength === 0
        ? {}
        : { body: readable(response.body, headerOf(response.headers, 'content-type'), true) }),
    });
    return response;
  };
}

const headerOf = (headers: [string, string][], wanted: string): string | undefined =>
  headers.find(([name]) => name.toLowerCase() === wanted)?.[1];

/**
 * A body as a person can read it: JSON as `{ json }`, text as it is, other bytes as `{ base64 }`. With `exact`, JSON is
 * only taken apart when putting it together gives the same bytes.
 */
function readable(bytes: Uint8Array, type: string | undefined, exact: boolean): Json {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return { base64: Buffer.from(bytes).toString('base64') };
  }
  if (!/\bjson\b/i.test(type ?? '')) return text;
  try {
    const json = JSON.parse(text) as Json;
    return !exact || JSON.stringify(json) === text ? { json } : text;
  } catch {
    return text;
  }
}

function bytesOf(body: JsonObject | string | undefined): Uint8Array {
  if (body === undefined) return new Uint8Array();
  if (typeof body === 'string') return new TextEncoder().encode(body);
  if (typeof body['base64'] === 'string') return Uint8Array.from(Buffer.from(body['base64'], 'base64'));
  return new TextEncoder().encode(JSON.stringify(body['json'] ?? null));
}

const bodyOf = (error: IceError): JsonObject => ({
  code: error.code,
  message: error.message,
  ...(error.hint === undefined ? {} : { hint: error.hint }),
  ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
  ...(error.terminal ? { terminal: true } : {}),
  ...(error.details === undefined ? {} : { details: error.details as JsonObject }),
});

function errorOf(body: JsonObject): IceError {
  const code = isErrorCode(body['code']) ? body['code'] : 'provider_failed';
  return new IceError(code, String(body['message'] ?? 'The recording says so'), {
    ...(typeof body['hint'] === 'string' ? { hint: body['hint'] } : {}),
    ...(typeof body['retryAfterMs'] === 'number' ? { retryAfterMs: body['retryAfterMs'] } : {}),
    ...(typeof body['details'] === 'object' && body['details'] !== null
      ? { details: body['details'] as Record<string, unknown> }
      : {}),
    terminal: body['terminal'] === true,
  });
}
