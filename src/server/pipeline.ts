import { IceError } from '../contracts/errors.ts';
import { requestOf } from '../contracts/requests/load.ts';
import type { Request } from '../contracts/requests/request.ts';
import { JSON_BODY_LIMIT, type Route, type RouteName } from '../contracts/routes.ts';
import type { TokenRow } from '../registry/ports.ts';
import { readBytes, readJson } from './body.ts';
import { type Memory, once } from './idempotency.ts';
import type { Incoming, Reply } from './incoming.ts';
import { parse, parseParams, parseQuery } from './parse.ts';
import { assertRole, authenticate, NOBODY, projectOf, touch } from './policy.ts';
import type { Answer, Call } from './route.ts';
import type { Services } from './services.ts';

/** What the transport knows of a request and the request itself does not say. */
export interface RequestInfo {
  /** The caller's address. */
  remote?: string;
  /** The caller is this very process: no limits. */
  inProcess?: boolean;
  /**
   * Names that the Host header may say, without port; absent = any. A listener on loopback gives its own: a page of
   * another site whose name was pointed at this machine (DNS rebinding) says that name, and gets no answer.
   */
  allowedHosts?: readonly string[];
}

export type AnyCall = Call<RouteName>;
export type AnyHandler = (call: AnyCall) => Promise<Answer<unknown> | Reply>;

/** What happens to every request of a route, in order; a step that refuses throws. */
export function pipeline(
  services: Services,
  name: RouteName,
  route: Route,
  handler: AnyHandler,
  memory: ((call: AnyCall) => Memory) | undefined,
) {
  // A PUT that may simply be repeated needs no key; one that asks for the state before it does.
  const keyed = route.method !== 'GET' && !(route.method === 'PUT' && route.safe) && route.readOnly !== true;
  let takes: Request | undefined;
  return async (
    request: Incoming,
    url: URL,
    given: Record<string, string>,
    info: RequestInfo,
  ): Promise<Reply> => {
    const token = route.role === 'none' ? NOBODY : await tokenOf(services, request, info);
    takes ??= await requestOf(name);
    const params = parseParams(takes, given);
    const project = projectOf(services.config, route, params as Record<string, string> | undefined, token);
    assertRole(route, token);
    const query = parseQuery(takes, url.searchParams);

    let bytes = new Uint8Array(0) as Uint8Array;
    let body: unknown;
    let bodyText = '';
    let longIntegers = false;
    if (route.bytes !== undefined) bytes = await readBytes(request, route.bytes);
    else if (takes.body) {
      const read = await readJson(request, route.maxBody ?? JSON_BODY_LIMIT);
      if (read === undefined && !takes.body.safeParse(undefined).success)
        throw new IceError('bad_request', 'This call needs a JSON body', { hint: 'See its schema at /docs' });
      body = parse(takes.body, read?.value, 'body');
      longIntegers = read?.longIntegers ?? false;
      if (keyed) bodyText = JSON.stringify(read?.value ?? null);
    }
    const call = {
      params,
      query,
      body,
      bytes,
      longIntegers,
      project,
      token,
      signal: request.signal,
      header: (header: string) => request.headers.get(header) ?? undefined,
    } as AnyCall;

    const key = keyed ? request.headers.get('idempotency-key') : null;
    if (key === null) {
      const answer = await handler(call);
      return 'content' in answer ? answer : render(services, request, route, answer);
    }
    const scope = `${token.org}/${token.id}/${project}`;
    const done = await once(
      services,
      scope,
      key,
      { name, text: `${url.pathname}?${url.search}\n${bodyText}` },
      memory?.(call),
      async () => {
        const answer = (await handler(call)) as Answer<unknown>;
        return { status: answer.status ?? route.status, body: answer.body };
      },
    );
    return render(services, request, route, {
      body: done.body,
      status: done.status,
      ...(done.replayed ? { headers: { 'idempotency-replayed': 'true' } } : {}),
    });
  };
}

/** The caller's token, within its limits. */
async function tokenOf(services: Services, request: Incoming, info: RequestInfo): Promise<TokenRow> {
  const { limits } = services;
  const remote = info.remote ?? 'unknown';
  const tooMany = (waitMs: number) =>
    new IceError('rate_limited', 'Too many requests', {
      hint: `Try again in ${Math.ceil(waitMs / 1000)} s`,
      retryAfterMs: waitMs,
    });
  let token: TokenRow;
  try {
    token = await authenticate(services, request.headers.get('authorization'));
  } catch (error) {
    // Guessing has to be slow; who has the right token is not slowed by others at the same address.
    const wait = limits && !info.inProcess ? await limits.failure(remote) : undefined;
    throw wait === undefined ? error : tooMany(wait);
  }
  if (info.inProcess) return token;
  if (limits) {
    const wait = await limits.request(token);
    if (wait !== undefined) throw tooMany(wait);
  }
  touch(services, token);
  return token;
}

async function render(
  services: Services,
  request: Incoming,
  route: Route,
  answer: Answer<unknown>,
): Promise<Reply> {
  const status = answer.status ?? route.status;
  const headers: Record<string, string> = { ...answer.headers };
  if (route.response === 'empty') return { status, headers, content: null };
  const text = JSON.stringify(answer.body);
  if (answer.etag !== undefined) {
    const etag = `"${answer.etag === 'hash' ? (await services.sha256(text)).slice(0, 32) : answer.etag}"`;
    headers['etag'] = etag;
    headers['cache-control'] = 'private, no-cache';
    if (route.method === 'GET' && noneMatch(request.headers.get('if-none-match'), etag))
      return { status: 304, headers, content: null };
  }
  headers['content-type'] = 'application/json';
  return { status, headers, content: text };
}

const noneMatch = (header: string | null, etag: string): boolean =>
  (header ?? '').split(',').some((each) => ['*', etag, `W/${etag}`].includes(each.trim()));
