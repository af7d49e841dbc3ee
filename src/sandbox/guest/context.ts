import { cut } from '../../contracts/cut.ts';

/**
 * `ctx`, as the tool sees it, over a bridge to the other side. Used in the child and, bundled as text, in the VM; it
 * uses JavaScript and the web's globals alone.
 */

export interface Bridge {
  log(level: string, message: string, fields: unknown): void;
  progress(progress: { done?: number; total?: number; message?: string }): void;
  fetch(request: { url: string; method: string; headers: [string, string][]; body?: Uint8Array }): Promise<{
    status: number;
    statusText: string;
    url: string;
    headers: [string, string][];
    body: Uint8Array;
  }>;
}

export interface CallLimitsSeen {
  logLines: number;
  logChars: number;
}

/** Lines that a call may still log; what is more is dropped, and said once. */
export function boundedLog(bridge: Pick<Bridge, 'log'>, limits: CallLimitsSeen) {
  let lines = limits.logLines;
  let chars = limits.logChars;
  return (level: string, message: unknown, fields?: unknown): void => {
    if (lines < 0) return;
    const said = typeof message === 'string' ? message : show(message);
    const line = said.length > 8192 ? `${cut(said, 8192)} (${said.length} characters)` : said;
    const data = fieldsText(fields);
    chars -= line.length + (data?.length ?? 0);
    if (lines-- === 0 || chars < 0) {
      lines = -1;
      bridge.log('warn', 'The rest of the log was dropped: it is over the limit of one call', undefined);
      return;
    }
    bridge.log(level, line, data === undefined ? undefined : JSON.parse(data));
  };
}

function fieldsText(fields: unknown): string | undefined {
  if (typeof fields !== 'object' || fields === null) return undefined;
  try {
    const text = JSON.stringify(fields);
    return text === undefined || text[0] !== '{'
      ? undefined
      : text.length > 8192
        ? '{"dropped":"too large"}'
        : text;
  } catch {
    return '{"dropped":"not JSON"}';
  }
}

/** A value as one line of a log. */
export function show(value: unknown): string {
  if (typeof value === 'string') return value;
  try {
    if (value instanceof Error) return `${value.name}: ${value.message}`;
    if (typeof value === 'object' && value !== null) return JSON.stringify(value) ?? String(value);
    return String(value);
  } catch {
    return '(cannot be shown)';
  }
}

export function makeContext(
  bridge: Bridge,
  log: (level: string, message: unknown, fields?: unknown) => void,
  call: { secrets: Record<string, string>; idempotencyKey: string; signal: AbortSignal; fetches: number },
): Record<string, unknown> {
  let fetches = call.fetches;
  const fetch = async (input: unknown, init: Record<string, unknown> = {}): Promise<Response> => {
    if (fetches-- <= 0)
      throw Object.assign(new Error(`More than ${call.fetches} requests in one call (limits.fetches)`), {
        ice: 'limit',
      });
    const request = input as { url?: unknown; method?: unknown; headers?: unknown };
    const isRequest = typeof input === 'object' && input !== null && typeof request.url === 'string';
    const url = isRequest ? String(request.url) : String(input);
    const headers = new Headers(
      (init['headers'] ?? (isRequest ? request.headers : undefined) ?? {}) as Record<string, string>,
    );
    const body = bodyBytes(init['body'], headers);
    const method = String(init['method'] ?? (isRequest ? (request.method ?? 'GET') : 'GET')).toUpperCase();
    const got = await bridge.fetch({
      url,
      method,
      headers: [...headers] as [string, string][],
      ...(body === undefined ? {} : { body }),
    });
    // The constructor refuses a body with these.
    const empty = got.status === 204 || got.status === 205 || got.status === 304;
    const response = new Response(empty ? null : (got.body as Uint8Array<ArrayBuffer>), {
      status: got.status,
      statusText: got.statusText,
      headers: got.headers,
    });
    Object.defineProperty(response, 'url', { value: got.url });
    return response;
  };
  const logger = (message: unknown, fields?: unknown) => log('info', message, fields);
  for (const level of ['debug', 'info', 'warn', 'error'])
    Object.assign(logger, { [level]: (message: unknown, fields?: unknown) => log(level, message, fields) });
  let shown = 1000;
  return Object.freeze({
    log: logger,
    progress(progress: { done?: unknown; total?: unknown; message?: unknown } = {}) {
      if (shown-- <= 0) return;
      const { done, total, message } = progress;
      bridge.progress({
        ...(typeof done === 'number' && Number.isFinite(done) ? { done } : {}),
        ...(typeof total === 'number' && Number.isFinite(total) ? { total } : {}),
        ...(typeof message === 'string' ? { message: cut(message, 500) } : {}),
      });
    },
    fetch,
    secrets: secretsOf(call.secrets),
    signal: call.signal,
    idempotencyKey: call.idempotencyKey,
  });
}

/** Reading a secret that is not declared is a mistake of the author: it says so instead of being undefined. */
function secretsOf(values: Record<string, string>): Record<string, string> {
  return new Proxy(Object.freeze({ ...values }), {
    get(target, name) {
      if (typeof name === 'symbol') return undefined;
      if (Object.hasOwn(target, name)) return target[name];
      if (name === 'then' || name === 'toJSON') return undefined;
      throw Object.assign(new Error(`The secret ${name} is not declared; add it to permissions.secrets`), {
        ice: 'denied',
        hint: `permissions: { secrets: ['${name}'] }`,
      });
    },
  });
}

function bodyBytes(body: unknown, headers: Headers): Uint8Array | undefined {
  if (body === undefined || body === null) return undefined;
  if (body instanceof Uint8Array) return body;
  if (body instanceof ArrayBuffer) return new Uint8Array(body);
  const isParams = typeof URLSearchParams === 'function' && body instanceof URLSearchParams;
  if (typeof body !== 'string' && !isParams)
    throw new TypeError(
      'The body of a request is a string, bytes or URLSearchParams; use JSON.stringify for JSON',
    );
  if (!headers.has('content-type'))
    headers.set(
      'content-type',
      isParams ? 'application/x-www-form-urlencoded;charset=UTF-8' : 'text/plain;charset=UTF-8',
    );
  return new TextEncoder().encode(String(body));
}
