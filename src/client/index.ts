/** `iceos/client`: the typed client of the API, for Node and browsers; takes `fetch` as a value. */
export { IceError } from '../contracts/errors.ts';
export { type Client, createClient, type NewRunInput } from './client.ts';
export type { FollowedEntry, FollowOptions } from './follow.ts';
export type { ClientOptions, Fetch, FetchAnswer, FetchInit } from './request.ts';
export type { RetryOptions } from './retry.ts';
export { type SseFrame, SseParser } from './sse.ts';
export type { BodyOf, CallInput, CallOptions, CallOutput, QueryOf } from './types.ts';
