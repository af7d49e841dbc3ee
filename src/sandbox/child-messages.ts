import { cut } from '../contracts/cut.ts';
import type { Json } from '../contracts/json.ts';
import type { GuestError } from './guest/harness.ts';
import type { LogLevel, ToParent, WireRequest } from './protocol.ts';

/**
 * What a child says, read as data of nobody known: code of a tool may have replaced what its side makes a message with,
 * so a number may stand where a text should. Each field comes out with its type and within its bounds.
 */

const LEVELS: ReadonlySet<unknown> = new Set<LogLevel>(['debug', 'info', 'warn', 'error']);
const KINDS: ReadonlySet<unknown> = new Set<GuestError['kind']>([
  'terminal',
  'retryable',
  'thrown',
  'input',
  'output',
  'result',
  'definition',
  'denied',
  'limit',
]);
const MOST_LINE_CHARS = 10_000;
const MOST_ERROR_CHARS = 4_000;
/** Fields of a log that are nested deeper are not told: whoever writes them would have to walk them. */
const MOST_FIELD_DEPTH = 100;

type Fields = { [key: string]: unknown };
const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A message of a child; undefined when it is none. */
export function readMessage(said: unknown): ToParent | undefined {
  if (!isObject(said)) return undefined;
  if (said['t'] === 'ready') return { t: 'ready' };
  const { id, t } = said;
  if (typeof id !== 'number') return undefined;
  switch (t) {
    case 'need':
      return { t, id };
    case 'done':
      return { t, id, json: textOf(said['json']) ?? '', dirty: said['dirty'] === true };
    case 'failed':
      return { t, id, error: readError(said['error']), dirty: said['dirty'] === true };
    case 'log':
      if (!LEVELS.has(said['level'])) return undefined;
      return {
        t,
        id,
        level: said['level'] as LogLevel,
        message: textOf(said['message'], MOST_LINE_CHARS) ?? '(no text)',
        ...fieldsOf(said['fields']),
      };
    case 'progress': {
      const [done, total] = [numberOf(said['done']), numberOf(said['total'])];
      const message = textOf(said['message'], MOST_LINE_CHARS);
      return {
        t,
        id,
        ...(done === undefined ? {} : { done }),
        ...(total === undefined ? {} : { total }),
        ...(message === undefined ? {} : { message }),
      };
    }
    case 'fetch':
      // What is asked for is checked where it is sent (host-fetch.ts), cassettes before it included.
      return { t, id, n: said['n'] as number, request: requestOf(said['request']) };
    default:
      return undefined;
  }
}

const textOf = (value: unknown, most = Infinity): string | undefined =>
  typeof value === 'string' ? cut(value, most) : undefined;

const numberOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined;

/** A failure, as the guest tells it. */
export function readError(said: unknown): GuestError {
  const it = isObject(said) ? said : {};
  const error: GuestError = {
    kind: KINDS.has(it['kind']) ? (it['kind'] as GuestError['kind']) : 'thrown',
    message: textOf(it['message'], MOST_ERROR_CHARS) ?? 'It failed, and said nothing of it',
  };
  for (const name of ['name', 'stack', 'code', 'hint'] as const) {
    const text = textOf(it[name], MOST_ERROR_CHARS);
    if (text !== undefined) error[name] = text;
  }
  const retryAfterMs = numberOf(it['retryAfterMs']);
  if (retryAfterMs !== undefined) error.retryAfterMs = Math.max(0, retryAfterMs);
  return error;
}

function fieldsOf(said: unknown): { fields?: { [key: string]: Json } } {
  if (!isObject(said)) return {};
  return {
    fields: isNestedWithin(said, MOST_FIELD_DEPTH)
      ? (said as { [key: string]: Json })
      : { dropped: 'nested too deep' },
  };
}

const isNestedWithin = (value: unknown, levels: number): boolean =>
  typeof value !== 'object' ||
  value === null ||
  (levels > 0 && Object.values(value).every((inner) => isNestedWithin(inner, levels - 1)));

function requestOf(said: unknown): WireRequest {
  const it = isObject(said) ? said : {};
  const headers = (Array.isArray(it['headers']) ? it['headers'] : []).map(
    (pair: unknown): [string, string] =>
      Array.isArray(pair) ? [textOf(pair[0]) ?? '', textOf(pair[1]) ?? ''] : ['', ''],
  );
  const { body } = it;
  return {
    url: textOf(it['url']) ?? '',
    method: textOf(it['method']) ?? '',
    headers,
    ...(body instanceof Uint8Array ? { body } : {}),
  };
}
