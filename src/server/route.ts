import type { z } from 'zod';
import type { ANSWERS } from '../contracts/answers.ts';
import { IceError } from '../contracts/errors.ts';
import type { RequestSchema } from '../contracts/requests/index.ts';
import { ROUTES, type Route, type RouteName } from '../contracts/routes.ts';
import type { TokenRow } from '../registry/ports.ts';
import type { Reply } from './incoming.ts';

type Parsed<N extends RouteName, K extends 'params' | 'query' | 'body'> =
  RequestSchema<N, K> extends infer S extends z.ZodType ? z.output<S> : undefined;
/** The body that a route answers. */
export type AnswerBody<N extends RouteName> = N extends keyof typeof ANSWERS
  ? z.input<(typeof ANSWERS)[N]>
  : undefined;

/** One request, parsed by the table and allowed by the policy. */
export interface Call<N extends RouteName> {
  params: Parsed<N, 'params'>;
  query: Parsed<N, 'query'>;
  body: Parsed<N, 'body'>;
  /** The body of routes with `bytes`. */
  bytes: Uint8Array;
  /** The body's text holds whole numbers that a double may not hold exactly. */
  longIntegers: boolean;
  /** The project of the path, `_` answered; empty for routes without one. */
  project: string;
  /** Whose call it is; for routes with role `none` there is nobody. */
  token: TokenRow;
  /** Aborted when the caller has gone. */
  signal: AbortSignal;
  header(name: string): string | undefined;
}

/** What a handler answers. */
export interface Answer<B> {
  body: B;
  /** The route's own unless said. */
  status?: number;
  headers?: Record<string, string>;
  /** A strong validator without quotes; `hash` = made from the body. */
  etag?: string;
}

export type Handler<N extends RouteName> = (call: Call<N>) => Promise<Answer<AnswerBody<N>> | Reply>;
export type Handlers = { [N in RouteName]: Handler<N> };

/** Handlers whose file is loaded by the first call to one of them. */
export function loadedLater<N extends RouteName>(
  names: readonly N[],
  load: () => Promise<Pick<Handlers, N>>,
): Pick<Handlers, N> {
  let loading: Promise<Pick<Handlers, N>> | undefined;
  const handler =
    (name: N): Handler<N> =>
    async (call) => {
      loading ??= load();
      return (await loading)[name](call);
    };
  return Object.fromEntries(names.map((name) => [name, handler(name)])) as Pick<Handlers, N>;
}

/** The name that is written into journals and versions: the operator's token has no id worth keeping. */
export const callerName = (token: TokenRow): string => (token.operator ? 'operator' : token.id);

/**
 * "There is no such thing", from the route and its parameters alone, so that a thing of a project that one is no
 * member of and a thing that is not there have the same answer, byte for byte.
 */
export function missing(route: Route, params: Record<string, string> | undefined): IceError {
  if (params?.['id'] !== undefined && route.tag === 'runs')
    return new IceError('not_found', `There is no run ${params['id']} here`, {
      hint: 'See the runs: ice runs list',
    });
  if (params?.['name'] !== undefined)
    return new IceError('not_found', `There is no ${params['kind']} ${params['name']} here`, {
      hint: 'See what there is: ice components list',
    });
  if (params?.['secret'] !== undefined)
    return new IceError('not_found', `There is no secret ${params['secret']} here`, {
      hint: 'See what there is: ice secret list',
    });
  if (params?.['draft'] !== undefined)
    return new IceError('not_found', `There is no draft ${params['draft']} here`, {
      hint: 'It may have been removed, or finalized: a finalized draft is a version',
    });
  if (params?.['digest'] !== undefined)
    return new IceError('not_found', `There is no content ${params['digest']} here`, {
      hint: 'Upload it first: PUT it under its digest',
    });
  if (params?.['project'] !== undefined)
    return new IceError('not_found', 'There is no such project, or this token is not a member of it', {
      hint: "See the token's project: ice whoami",
    });
  return new IceError('not_found', 'There is nothing here under this id');
}

/** `missing` for a handler. */
export const missingOf = (name: RouteName, params: unknown): IceError =>
  missing(ROUTES[name], params as Record<string, string>);
