import { lookup as dnsLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import type { Agent } from 'undici';
import { cut } from '../contracts/cut.ts';
import { IceError } from '../contracts/errors.ts';
import { bare, type HostRule, parseHostRule, portOf, reachOf, ruleFor } from './allowed-hosts.ts';
import type { HostFetch, HostRequest, HostResponse } from './port.ts';

export interface HostNetworkOptions {
  /** Whether loopback and private addresses may be reached that an entry names literally. A local target says yes. */
  allowPrivate?: boolean;
  /** Longest time of one request with its redirects; 30 s. */
  timeoutMs?: number;
  /** Most bytes of an answer, decompressed; 16 MB. */
  maxBytes?: number;
  maxRedirects?: number;
  /** All addresses of a name; the system's resolver unless said (tests). */
  resolve?(hostname: string): Promise<string[]>;
}

/** Hosts that one call may reach, and what its author should write when one is missing. */
export interface Allowed {
  hosts: readonly string[];
  hint?(host: string): string | undefined;
  /** Longest time of one request with its redirects; that of the network unless said. */
  timeoutMs?: number;
  /** Stands between the list and the network, as a cassette does: what the list refuses never comes to it. */
  through?(network: HostFetch): HostFetch;
}

export interface HostNetwork {
  hostFetch(allowed: Allowed): HostFetch;
  close(): Promise<void>;
}

const MOST_REQUEST_BYTES = 16 * 1024 * 1024;
const MOST_HEADER_CHARS = 64 * 1024;
const MOST_URL_CHARS = 8 * 1024;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Headers of the connection, which are not the tool's; `host` would name another site on an allowed machine. */
const NOT_YOURS = new Set([
  'host',
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
  'upgrade',
  'te',
  'trailer',
  'expect',
  'proxy-authorization',
  'proxy-connection',
]);
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/**
 * The network of tools. A request is checked by name against the allow-list, and by address where the connection is
 * made: the addresses of a name are looked up once, checked, and used, so a name can't turn into another address in
 * between. Each redirect is a request of its own.
 */
export function createHostNetwork(options: HostNetworkOptions = {}): HostNetwork {
  const {
    allowPrivate = false,
    timeoutMs = 30_000,
    maxBytes = 16 * 1024 * 1024,
    maxRedirects = 10,
  } = options;
  const resolve = options.resolve ?? systemResolve;
  const agents = new Map<boolean, Promise<Agent>>();

  /** One pool of connections to public addresses, one that may reach `localhost`. */
  const agent = (near: boolean): Promise<Agent> => {
    let made = agents.get(near);
    if (made === undefined) {
      made = import('undici').then(
        ({ Agent: Pool }) =>
          new Pool({
            connect: { lookup: checkedLookup(resolve, near), timeout: Math.min(timeoutMs, 10_000) },
            keepAliveTimeout: 4000,
            // A request ends by its signal, which knows how long it may take.
            headersTimeout: 0,
            bodyTimeout: 0,
            connections: 64,
          }),
      );
      agents.set(near, made);
    }
    return made;
  };

  const once = async (
    request: HostRequest,
    rule: HostRule,
    url: URL,
    signal: AbortSignal,
  ): Promise<HostResponse> => {
    const near = allowPrivate && !rule.wildcard && (rule.name === 'localhost' || isIP(rule.name) !== 0);
    const literal = bare(url.hostname);
    // An address that is written out never comes to the lookup.
    if (isIP(literal) !== 0) assertReach(literal, literal, near);
    const { fetch } = await import('undici');
    const response = await fetch(url, {
      method: request.method,
      headers: request.headers,
      ...(request.body === undefined ? {} : { body: request.body }),
      redirect: 'manual',
      signal,
      dispatcher: await agent(near),
    });
    const body = await readBounded(response.body, maxBytes, request.method, url);
    const headers: [string, string][] = [...response.headers].filter(
      ([name]) => name !== 'content-encoding' && name !== 'content-length',
    );
    return { status: response.status, statusText: response.statusText, url: url.href, headers, body };
  };

  return {
    hostFetch(allowed) {
      const rules = allowed.hosts.map(parseHostRule).filter((rule) => rule !== undefined);
      return async (first, signal) => {
        let request = checkedRequest(first);
        // Loading it is no time of the request's.
        if (allowed.through === undefined) await import('undici');
        const mostMs = allowed.timeoutMs ?? timeoutMs;
        const all = AbortSignal.any([signal, AbortSignal.timeout(mostMs)]);
        for (let hops = 0; ; hops++) {
          const url = checkedUrl(request.url);
          const rule = ruleFor(rules, url);
          if (rule === undefined) throw denied(url, allowed, hops > 0);
          let response: HostResponse;
          try {
            const send: HostFetch = (asked, until) => once(asked, rule, url, until);
            response = await (allowed.through?.(send) ?? send)({ ...request, url: url.href }, all);
          } catch (error) {
            if (error instanceof IceError) throw error;
            throw failed(error, url, signal, mostMs);
          }
          const location = response.headers.find(([name]) => name === 'location')?.[1];
          if (![301, 302, 303, 307, 308].includes(response.status) || location === undefined) return response;
          if (hops >= maxRedirects)
            throw new IceError('tool_limit', `${url.host} redirects more than ${maxRedirects} times`, {
              terminal: true,
            });
          request = redirected(request, url, location, response.status);
        }
      };
    },
    async close() {
      for (const made of agents.values()) await (await made).close();
      agents.clear();
    },
  };
}

const systemResolve = (hostname: string): Promise<string[]> =>
  new Promise((done, fail) =>
    dnsLookup(hostname, { all: true, verbatim: true }, (error, addresses) =>
      error ? fail(error) : done(addresses.map(({ address }) => address)),
    ),
  );

/** The lookup of the connection itself: every address of the name is checked, and these are the ones connected to. */
function checkedLookup(resolve: (hostname: string) => Promise<string[]>, near: boolean): LookupFunction {
  return (hostname, lookupOptions, callback) => {
    resolve(bare(hostname)).then(
      (addresses) => {
        try {
          if (addresses.length === 0)
            throw Object.assign(new Error(`${hostname} has no address`), { code: 'ENOTFOUND' });
          for (const address of addresses)
            assertReach(hostname, address, near && bare(hostname) === 'localhost');
        } catch (error) {
          callback(error as NodeJS.ErrnoException, '', 0);
          return;
        }
        const list = addresses.map((address) => ({ address, family: isIP(address) }));
        if (lookupOptions.all) callback(null, list);
        else callback(null, list[0]!.address, list[0]!.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, '', 0),
    );
  };
}

function assertReach(hostname: string, address: string, near: boolean): void {
  const reach = reachOf(address);
  if (reach === 'public' || (reach === 'near' && near)) return;
  const what = hostname === address ? hostname : `${hostname} (${address})`;
  throw new IceError(
    'tool_denied',
    `${what} is ${reach === 'near' ? 'a loopback or private address' : 'no address of the public network'}`,
    {
      terminal: true,
      hint:
        reach === 'near'
          ? `Only a local target reaches it, and only if the tool names the address itself: permissions: { net: ['${address}'] }`
          : 'Tools never reach link-local, unspecified, multicast and reserved addresses',
    },
  );
}

function checkedUrl(text: string): URL {
  if (text.length > MOST_URL_CHARS)
    throw new IceError('tool_limit', `A URL of more than ${MOST_URL_CHARS} characters`, { terminal: true });
  if (!URL.canParse(text))
    throw new IceError('tool_denied', `Not a URL: ${cut(text, 200)}`, { terminal: true });
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new IceError('tool_denied', `Only http and https can be fetched, not ${url.protocol}`, {
      terminal: true,
    });
  if (url.username !== '' || url.password !== '')
    throw new IceError(
      'tool_denied',
      'A URL must not hold a user name or a password; send an authorization header',
      {
        terminal: true,
      },
    );
  url.hash = '';
  return url;
}

/** What came over the border is no more than data: its shape is checked before anything else. */
function checkedRequest(request: HostRequest): HostRequest {
  const method = String(request.method).toUpperCase();
  if (!METHODS.has(method))
    throw new IceError('tool_denied', `The method ${cut(method, 20)} is not allowed`, { terminal: true });
  const headers: [string, string][] = [];
  let chars = 0;
  for (const pair of Array.isArray(request.headers) ? request.headers : []) {
    const [name, value] = [String(pair[0]).toLowerCase(), String(pair[1])];
    chars += name.length + value.length;
    if (!TOKEN.test(name) || /[\r\n\0]/.test(value))
      throw new IceError(
        'tool_denied',
        `The header ${JSON.stringify(cut(name, 60))} is malformed (a line end, or no header name)`,
        { terminal: true },
      );
    if (NOT_YOURS.has(name))
      throw new IceError('tool_denied', `A tool must not set the header ${name}`, { terminal: true });
    headers.push([name, value]);
  }
  if (chars > MOST_HEADER_CHARS)
    throw new IceError('tool_limit', `More than ${MOST_HEADER_CHARS} characters of headers`, {
      terminal: true,
    });
  const body = request.body instanceof Uint8Array && request.body.byteLength > 0 ? request.body : undefined;
  if (body !== undefined && body.byteLength > MOST_REQUEST_BYTES)
    throw new IceError('tool_limit', `A request of more than ${MOST_REQUEST_BYTES} bytes`, {
      terminal: true,
    });
  if (body !== undefined && (method === 'GET' || method === 'HEAD'))
    throw new IceError('tool_denied', `A ${method} request has no body`, { terminal: true });
  return { url: String(request.url), method, headers, ...(body === undefined ? {} : { body }) };
}

/** The next request after a redirect, as fetch makes it: some become GET, credentials stay at their origin. */
function redirected(request: HostRequest, from: URL, location: string, status: number): HostRequest {
  if (!URL.canParse(location, from.href))
    throw new IceError('tool_denied', `${from.host} redirects to what is not a URL`, { terminal: true });
  const to = new URL(location, from);
  const toGet =
    (status === 303 && request.method !== 'HEAD') ||
    ((status === 301 || status === 302) && request.method === 'POST');
  const dropped = new Set([
    ...(to.origin === from.origin ? [] : ['authorization', 'cookie']),
    ...(toGet ? ['content-type', 'content-encoding', 'content-language', 'content-location'] : []),
  ]);
  return {
    url: to.href,
    method: toGet ? 'GET' : request.method,
    headers: request.headers.filter(([name]) => !dropped.has(name)),
    ...(toGet || request.body === undefined ? {} : { body: request.body }),
  };
}

function denied(url: URL, allowed: Allowed, byRedirect: boolean): IceError {
  const port = portOf(url);
  const usual = port === (url.protocol === 'https:' ? 443 : 80);
  const host = usual ? url.hostname : `${url.hostname}:${port}`;
  const listed = allowed.hosts.length === 0 ? 'none' : allowed.hosts.slice(0, 5).join(', ');
  return new IceError(
    'tool_denied',
    `${host} is not among the hosts that may be reached (${listed})${byRedirect ? '; a redirect led there' : ''}`,
    { terminal: true, hint: allowed.hint?.(host) ?? `permissions: { net: ['${host}'] }`, details: { host } },
  );
}

/** A request that failed on the way; the tool sees it as an error that it may catch. */
function failed(error: unknown, url: URL, signal: AbortSignal, timeoutMs: number): Error {
  const causes: unknown[] = [];
  for (let it: unknown = error; it instanceof Error && causes.length < 5; it = it.cause) causes.push(it);
  const ours = causes.find((it) => it instanceof IceError);
  if (ours !== undefined) return ours as IceError;
  if (signal.aborted) return new Error(`The request to ${url.host} was stopped`);
  if (causes.some((it) => (it as Error).name === 'TimeoutError'))
    return new Error(`${url.host} did not answer within ${timeoutMs} ms`);
  const deepest = causes.at(-1) as NodeJS.ErrnoException | undefined;
  const { code, message = 'unknown' } = deepest ?? {};
  // What the system says is known by its code; the HTTP client's codes need their words.
  const why = code === undefined ? message : code.startsWith('UND_') ? `${message} (${code})` : code;
  return new Error(`The request to ${url.host} failed: ${why}`);
}

async function readBounded(
  body: { cancel(): Promise<void> } | null,
  maxBytes: number,
  method: string,
  url: URL,
): Promise<Uint8Array> {
  if (body === null || method === 'HEAD') {
    await body?.cancel();
    return new Uint8Array();
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    // Leaving the loop cancels the stream and closes the connection.
    if (bytes > maxBytes)
      throw new IceError('tool_limit', `The answer of ${url.host} has more than ${maxBytes} bytes`, {
        terminal: true,
      });
    chunks.push(chunk);
  }
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}
