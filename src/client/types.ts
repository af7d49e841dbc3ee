import type { z } from 'zod';
import type { ANSWERS } from '../contracts/answers.ts';
import type { RequestSchema } from '../contracts/requests/index.ts';
import type { ROUTES, RouteName } from '../contracts/routes.ts';
import type { FetchAnswer } from './request.ts';

/** The types of calls, inferred from the route table: what a caller may write, and what comes back. */

type Table = typeof ROUTES;
type In<N extends RouteName, K extends 'params' | 'query' | 'body'> =
  RequestSchema<N, K> extends infer S extends z.ZodType ? z.input<S> : never;
type Loose<T> = { [K in keyof T]: T[K] };

/** Query values as a caller has them: numbers and booleans are written out. */
type QueryIn<N extends RouteName> =
  In<N, 'query'> extends infer Q ? { [K in keyof Q]: string | number | boolean | undefined } : never;

/** The project is the client's own unless a call says another. */
type ParamsIn<N extends RouteName> =
  In<N, 'params'> extends infer P
    ? [P] extends [never]
      ? never
      : 'project' extends keyof P
        ? Loose<Omit<P, 'project'> & { project?: string }>
        : P
    : never;

/** What every call may say. */
export interface CallOptions {
  signal?: AbortSignal;
  /** For writes; one is made when it is left out, so that a retry is safe. */
  idempotencyKey?: string;
  headers?: Record<string, string>;
  /** Longest wait for the answer, ms; the client's own unless said. */
  timeoutMs?: number;
}

type Field<K extends string, T, Required extends boolean> = [T] extends [never]
  ? unknown
  : Required extends true
    ? { [key in K]: T }
    : { [key in K]?: T };
type AllOptional<T> = Partial<T> extends T ? true : false;

/** What `client.call(name, …)` takes. */
export type CallInput<N extends RouteName> = CallOptions &
  Field<'params', ParamsIn<N>, AllOptional<ParamsIn<N>> extends true ? false : true> &
  Field<'query', QueryIn<N>, false> &
  Field<'body', In<N, 'body'>, undefined extends In<N, 'body'> ? false : true> &
  (Table[N] extends { bytes: number } ? { bytes: Uint8Array } : unknown);

/** What a call answers: the schema's value, bytes, text, nothing, or for streams the raw response. */
export type CallOutput<N extends RouteName> = N extends keyof typeof ANSWERS
  ? z.output<(typeof ANSWERS)[N]>
  : {
      bytes: Uint8Array;
      text: string;
      empty: undefined;
      sse: FetchAnswer;
      json: never;
    }[Table[N]['response']];

export type BodyOf<N extends RouteName> = In<N, 'body'>;
export type QueryOf<N extends RouteName> = QueryIn<N>;
