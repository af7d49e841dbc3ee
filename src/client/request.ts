import { ERRORS, IceError } from '../contracts/errors.ts';
import { ROUTES, type Route, type RouteName } from '../contracts/routes.ts';
import { errorOf, unreachable } from './problem.ts';
import { DEFAULT_RETRY, type RetryOptions, sleep, waitMs } from './retry.ts';
import type { CallOptions } from './types.ts';

/** What the client reads of a response; a `Response` is one. */
export interface FetchAnswer
  extends Pick<Response, 'ok' | 'status' | 'statusText' | 'text' | 'json' | 'arrayBuffer'> {
  headers: { get(name: string): string | null };
  body: ReadableStream<Uint8Array> | null;
}

/** What the client calls a fetch with: never a Request, and headers as a plain object. */
export interface FetchInit {
  method: string;
  headers: Record<string, string>;
  body?: string | Uint8Array<ArrayBuffer>;
  redirect: 'manual';
  signal: AbortSignal;
}

/** A fetch: the platform's, undici's, or a host's in-process one. */
export type Fetch = (url: string, init: FetchInit) => Promise<FetchAnswer>;

export interface ClientOptions {
  /** `https://ice.example.com`, without a path. */
  baseUrl: string;
  token: string;
  /** The project of calls that say none; `_`, the token's default one. */
  project?: string;
  /** The platform's unless said. */
  fetch?: Fetch;
  /** Longest wait for an answer, ms; 30,000. */
  timeoutMs?: number;
  retry?: Partial<RetryOptions>;
  /** Said in User-Agent. */
  userAgent?: string;
}

/** A call with its types already checked. */
export interface RawCall extends CallOptions {
  params?: Record<string, unknown> | undefined;
  query?: Record<string, unknown> | undefined;
  body?: unknown;
  bytes?: Uint8Array | undefined;
}

/** Sends one call of the table and gives the answer, repeated where that is safe. */
export function createSender(options: ClientOptions) {
  const base = options.baseUrl.replace(/\/+$/, '');
  const repeat = repeater(options);

  return async function sendCall(name: RouteName, call: RawCall): Promise<FetchAnswer> {
    const route: Route = ROUTES[name];
    const url =
      base + pathOf(route, { project: options.project ?? '_', ...call.params }) + queryOf(call.query);
    const headers: Record<string, string> = { accept: 'application/json', ...call.headers };
    if (options.userAgent !== undefined) headers['user-agent'] = options.userAgent;
    if (route.role !== 'none') headers['authorization'] = `Bearer ${options.token}`;
    const init: Omit<FetchInit, 'signal'> = { method: route.method, headers, redirect: 'manual' };
    if (route.bytes !== undefined) {
      headers['content-type'] = 'application/octet-stream';
      init.body = (call.bytes ?? new Uint8Array(0)) as Uint8Array<ArrayBuffer>;
    } else if (call.body !== undefined) {
      headers['content-type'] = 'application/json';
      init.body = JSON.stringify(call.body);
    }
    // With a key of its own a write may be repeated: the server answers the second as it did the first. What is safe
    // to repeat anyway needs none, and neither does what names itself: a key costs the server a commit.
    const named = typeof (call.body as { id?: unknown } | undefined)?.id === 'string';
    const key = call.idempotencyKey ?? (route.safe || named ? undefined : crypto.randomUUID());
    if (key !== undefined) headers['idempotency-key'] = key;

    return repeat(url, init, call);
  };
}

/** What a raw request says; its body goes out as it is. */
export interface RawRequest extends CallOptions {
  body?: string | Uint8Array | undefined;
}

/**
 * Sends any request to the API: the token is added, and nothing else is known of the route. A path that does not begin
 * with `/` is one of the client's project (`runs?limit=5`). Reads are repeated when the target does not answer; other
 * methods carry an Idempotency-Key, so that they may be, too. Errors: `usage` for a path that leads elsewhere.
 */
export function createRawSender(options: ClientOptions) {
  const base = new URL(options.baseUrl);
  const repeat = repeater(options);
  return async function sendRaw(
    method: string,
    path: string,
    request: RawRequest = {},
  ): Promise<FetchAnswer> {
    const project = encodeURIComponent(options.project ?? '_');
    const url = URL.parse(path.startsWith('/') ? path : `/v1/projects/${project}/${path}`, base);
    // The token belongs to one server: `//elsewhere/` and `https://elsewhere/` would carry it there.
    if (!url || url.origin !== base.origin || path.startsWith('//') || path.includes('\\'))
      throw new IceError('usage', 'The path leads away from the target.', {
        hint: 'It begins with /v1/…, or without / inside of the project: runs?limit=5',
      });
    const { body } = request;
    const headers: Record<string, string> = {
      accept: 'application/json',
      authorization: `Bearer ${options.token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(method === 'GET' || method === 'HEAD' ? {} : { 'idempotency-key': crypto.randomUUID() }),
      ...(options.userAgent === undefined ? {} : { 'user-agent': options.userAgent }),
      ...request.headers,
    };
    return repeat(
      url.href,
      {
        method,
        headers,
        redirect: 'manual',
        ...(body === undefined ? {} : { body: body as string | Uint8Array<ArrayBuffer> }),
      },
      request,
    );
  };
}

/** Sends a request until it is answered, or may not be repeated any more. */
function repeater(options: ClientOptions) {
  const send: Fetch = options.fetch ?? ((url, init) => fetch(url, init));
  const retry = { ...DEFAULT_RETRY, ...options.retry };
  return async (url: string, init: Omit<FetchInit, 'signal'>, call: RawCall): Promise<FetchAnswer> => {
    for (let attempt = 1; ; attempt++) {
      let error: IceError;
      try {
        return await attemptCall(send, url, init, call, options.timeoutMs ?? 30_000);
      } catch (thrown) {
        if (!(thrown instanceof IceError)) throw thrown;
        error = thrown;
      }
      const mayRepeat = ERRORS[error.code].retry || error.details?.['inProgress'] === true;
      if (!mayRepeat || attempt >= retry.maxAttempts) throw error;
      await sleep(waitMs(attempt, retry, error.retryAfterMs), call.signal);
    }
  };
}

async function attemptCall(
  send: Fetch,
  url: string,
  init: Omit<FetchInit, 'signal'>,
  call: RawCall,
  defaultTimeoutMs: number,
): Promise<FetchAnswer> {
  call.signal?.throwIfAborted();
  const timeoutMs = call.timeoutMs ?? defaultTimeoutMs;
  const abort = new AbortController();
  const forward = (): void => abort.abort(call.signal!.reason);
  call.signal?.addEventListener('abort', forward, { once: true });
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    abort.abort();
  }, timeoutMs);
  try {
    const response = await send(url, { ...init, signal: abort.signal });
    if (response.ok || response.status === 304) return keepAbort(response, call.signal, forward);
    throw await errorOf(response, url);
  } catch (thrown) {
    call.signal?.removeEventListener('abort', forward);
    if (thrown instanceof IceError) throw thrown;
    if (call.signal?.aborted) throw call.signal.reason;
    if (timedOut)
      throw new IceError('unavailable', `${new URL(url).origin} did not answer in ${timeoutMs / 1000} s`, {
        hint: 'Try again; the call is safe to repeat',
        details: { url: new URL(url).origin, timeoutMs },
      });
    throw unreachable(url, thrown);
  } finally {
    clearTimeout(timer);
  }
}

/** The body of a stream is still to come, and the caller's signal has to end it. */
function keepAbort(response: FetchAnswer, signal: AbortSignal | undefined, forward: () => void): FetchAnswer {
  if (signal && !response.headers.get('content-type')?.startsWith('text/event-stream'))
    signal.removeEventListener('abort', forward);
  return response;
}

/** Reads an answer's JSON; a body that breaks off is `unavailable`, not a syntax error. */
export async function readAnswer(route: Route, response: FetchAnswer): Promise<unknown> {
  if (route.response === 'empty' || response.status === 204) {
    await response.body?.cancel();
    return undefined;
  }
  if (route.response === 'sse') return response;
  try {
    if (route.response === 'bytes') return new Uint8Array(await response.arrayBuffer());
    if (route.response === 'text') return await response.text();
    return await response.json();
  } catch (error) {
    throw new IceError('unavailable', 'The answer broke off', {
      hint: 'Try again; the call is safe to repeat',
      cause: error,
    });
  }
}

function pathOf(route: Route, params: Record<string, unknown>): string {
  return route.path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = params[name];
    if (typeof value !== 'string' || value === '')
      throw new IceError('bad_request', `${route.method} ${route.path} needs ${name}`);
    return encodeURIComponent(value);
  });
}

function queryOf(query: Record<string, unknown> | undefined): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {}))
    if (value !== undefined) search.set(name, String(value));
  return search.size === 0 ? '' : `?${search}`;
}
