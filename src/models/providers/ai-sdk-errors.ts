import { cut } from '../../contracts/cut.ts';
import { IceError, type IceErrorOptions } from '../../contracts/errors.ts';
import { createRedactor } from '../../secrets/redactor.ts';

/** What the error of a provider is told with: never the key, not even in the provider's own words. */
export interface ErrorContext {
  /** `openai/gpt-5`. */
  model: string;
  /** Names of the key, for the hint. */
  keys: readonly string[];
  key: string | undefined;
  /** Where it was asked: scheme, host and port. */
  origin: string;
  now?: number;
}

/** The fields of the AI SDK's APICallError that are read here; its request body and its stack stay behind. */
interface ApiError {
  statusCode?: number;
  message?: string;
  responseHeaders?: Record<string, string>;
  responseBody?: string;
  data?: unknown;
  cause?: unknown;
}

/**
 * A provider's failure as one of ours. `provider_failed` may be retried: 408, 409, 425, 429, 5xx, the network, a
 * stream that broke or makes no sense. `provider_rejected` is terminal: every other 4xx, and what the library itself
 * refuses. The cause is left out on purpose: it holds the prompt and the headers.
 */
export function providerError(error: unknown, context: ErrorContext): IceError {
  if (error instanceof IceError) return error;
  const api = (typeof error === 'object' && error !== null ? error : { message: String(error) }) as ApiError;
  const name = error instanceof Error ? error.name : '';
  const status = statusOf(api);
  const said = clean(messageOf(api, error), context);
  if (status !== undefined && status >= 300) return byStatus(status, said, api, context);
  if (
    name === 'AI_InvalidPromptError' ||
    name === 'AI_UnsupportedFunctionalityError' ||
    name === 'AI_NoSuchModelError'
  )
    return rejected(`${context.model} cannot be asked this: ${said}`, context, undefined, {});
  const network = networkProblem(error, context);
  if (network)
    return failed(network, context, undefined, {
      hint: `Check the network and the address ${context.origin}, or give the node retry or fallback.`,
    });
  if (isNonsense(name, said))
    return failed(`The answer of ${context.model} is not what its protocol says`, context, status, {
      hint: `Check that ${context.origin} is the address of such a provider; or give the node retry or fallback.`,
    });
  return failed(`The answer of ${context.model} cannot be used: ${said}`, context, status, {});
}

function byStatus(status: number, said: string, api: ApiError, context: ErrorContext): IceError {
  const answered = `${context.model} answered ${status}: ${said}`;
  // A quota that is used up comes as 429, but no waiting mends it.
  const quota = status === 429 && /insufficient_quota|billing/i.test(api.responseBody ?? '');
  if ([408, 409, 425, 429].includes(status) && !quota) {
    const retryAfterMs = retryAfter(api.responseHeaders ?? {}, context.now ?? Date.now());
    return failed(answered, context, status, {
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      hint: 'Give the node retry or fallback, or set limits for this model.',
    });
  }
  if (status >= 500) {
    const retryAfterMs = retryAfter(api.responseHeaders ?? {}, context.now ?? Date.now());
    return failed(answered, context, status, retryAfterMs === undefined ? {} : { retryAfterMs });
  }
  return rejected(answered, context, status, {
    hint: quota ? 'Check the plan and billing of this provider.' : hintOf(status, context),
  });
}

function hintOf(status: number, context: ErrorContext): string | undefined {
  const key = context.keys[0];
  if ((status === 401 || status === 403) && key !== undefined)
    return `Check the key: ice secret set ${key}, or the variable ${key}.`;
  if (status === 404) return `Check the model's name and the address ${context.origin}.`;
  if (status < 400)
    return `The address ${context.origin} redirects, and keys are not sent on: set the final address.`;
  return undefined;
}

const failed = (
  message: string,
  context: ErrorContext,
  status: number | undefined,
  more: IceErrorOptions,
): IceError =>
  new IceError('provider_failed', message, {
    hint: 'Try again, or give the node retry or fallback.',
    ...more,
    details: { model: context.model, ...(status === undefined ? {} : { status }) },
  });

const rejected = (
  message: string,
  context: ErrorContext,
  status: number | undefined,
  more: IceErrorOptions,
): IceError =>
  new IceError('provider_rejected', message, {
    ...more,
    terminal: true,
    details: { model: context.model, ...(status === undefined ? {} : { status }) },
  });

/** A status comes with the response, or inside an error that the stream carried. */
function statusOf(api: ApiError): number | undefined {
  const inner = errorIn(api.data) ?? errorIn(api);
  for (const candidate of [api.statusCode, inner?.['statusCode'], inner?.['status'], inner?.['code']])
    if (typeof candidate === 'number' && candidate >= 300 && candidate <= 599) return candidate;
  const type = `${inner?.['type'] ?? ''} ${inner?.['code'] ?? ''}`;
  if (/rate_limit/.test(type)) return 429;
  if (/overloaded|server_error|api_error/.test(type)) return 503;
  if (/invalid_request|invalid_prompt/.test(type)) return 400;
  if (/authentication/.test(type)) return 401;
  return undefined;
}

function errorIn(value: unknown): Record<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const inner = (value as { error?: unknown }).error;
  return (typeof inner === 'object' && inner !== null ? inner : value) as Record<string, unknown>;
}

function messageOf(api: ApiError, error: unknown): string {
  const inner = errorIn(api.data)?.['message'] ?? errorIn(api)?.['message'];
  if (typeof inner === 'string' && inner !== '') return inner;
  if (typeof error === 'string') return error;
  return typeof api.message === 'string' && api.message !== '' ? api.message : 'no reason was given';
}

const LONGEST = 300;

/** One line without the key, and without anything that has the look of one. */
function clean(text: string, context: ErrorContext): string {
  let line = text.replace(/\s+/g, ' ').trim();
  if (context.key) line = createRedactor([context.key]).text(line);
  line = line
    .replace(/\b(?:sk|pk|rk|gsk|xai)-[\w*-]{4,}/g, '***')
    .replace(/\bAIza[\w-]{10,}/g, '***')
    .replace(/\bBearer\s+\S+/gi, 'Bearer ***');
  return cut(line, LONGEST);
}

/** The library's own words for events that are no JSON or have another shape: they say nothing to who reads them. */
const isNonsense = (name: string, said: string): boolean =>
  name === 'AI_JSONParseError' ||
  name === 'AI_TypeValidationError' ||
  /^(?:JSON parsing failed|Type validation failed|Expected a normalized)/.test(said);

/** What is wrong with the way to the provider, if that is it; causes are looked into at any depth. */
function networkProblem(error: unknown, { model, origin }: ErrorContext): string | undefined {
  for (let at = error, depth = 0; typeof at === 'object' && at !== null && depth < 6; depth++) {
    const { code, cause, message } = at as { code?: unknown; cause?: unknown; message?: unknown };
    if (typeof code === 'string' && /^(?:E[A-Z]{3,}|UND_ERR_\w+|ERR_\w+|CERT_\w+|DEPTH_\w+)$/.test(code))
      return `${model} could not be reached at ${origin} (${code})`;
    // How fetch tells of a body that ends before its end.
    if (message === 'terminated') return `The connection to ${model} at ${origin} broke off`;
    // Ports that fetch refuses to speak to have no code.
    if (message === 'bad port') return `${model} could not be reached at ${origin} (fetch refuses this port)`;
    at = cause;
  }
  return undefined;
}

/** The longest wait that is believed: a provider that says more is better left to a person. */
const LONGEST_WAIT_MS = 60 * 60_000;

/** Milliseconds of `retry-after-ms`, or of `retry-after` in seconds or as a date (RFC 9110). */
export function retryAfter(headers: Record<string, string>, now: number): number | undefined {
  const ms = Number.parseFloat(headers['retry-after-ms'] ?? '');
  const text = headers['retry-after'] ?? '';
  const seconds = /^\s*\d+(?:\.\d+)?\s*$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  const wait = Number.isFinite(ms) ? ms : seconds;
  return Number.isFinite(wait) ? Math.min(Math.max(0, Math.round(wait)), LONGEST_WAIT_MS) : undefined;
}
