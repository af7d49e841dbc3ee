import { IceError, isErrorCode } from '../contracts/errors.ts';
import type { FetchAnswer } from './request.ts';

/** The error that an answer describes: the same IceError that the server threw. */
export async function errorOf(response: FetchAnswer, url: string): Promise<IceError> {
  const text = await response.text().catch(() => '');
  const retryAfter = Number(response.headers.get('retry-after'));
  const retryAfterMs = Number.isFinite(retryAfter) && retryAfter > 0 ? retryAfter * 1000 : undefined;
  const problem = parse(text);
  if (problem && isErrorCode(problem['code']) && typeof problem['detail'] === 'string')
    return new IceError(problem['code'], problem['detail'], {
      hint: typeof problem['hint'] === 'string' ? problem['hint'] : undefined,
      details: isRecord(problem['details']) ? problem['details'] : undefined,
      terminal: problem['terminal'] === true,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  // A proxy, or another server altogether, answered in our place.
  const { status } = response;
  const code =
    status === 401
      ? 'unauthenticated'
      : status === 403
        ? 'forbidden'
        : status === 404
          ? 'not_found'
          : status === 413
            ? 'too_large'
            : status === 429
              ? 'rate_limited'
              : status >= 500
                ? 'unavailable'
                : 'bad_request';
  return new IceError(
    code,
    `${url} answered ${status}${response.statusText === '' ? '' : ` ${response.statusText}`}, which is no answer of ice`,
    {
      hint: 'Is the address that of an ice server? See it with: ice target list',
      details: { status, url },
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    },
  );
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(text) as unknown;
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Nobody answers at the address: says which, and what the system said of it. */
export function unreachable(url: string, cause: unknown): IceError {
  const { origin } = new URL(url);
  const why = reasonOf(cause);
  return new IceError('unreachable', `${origin} cannot be reached${why === '' ? '' : ` (${why})`}`, {
    hint: 'Is the server running there? Start one with: ice serve. See the address with: ice target list',
    details: { url: origin },
    cause,
  });
}

/** fetch hides the reason one or two causes deep: `ECONNREFUSED`. */
function reasonOf(error: unknown): string {
  for (let at = error, depth = 0; at instanceof Error && depth < 4; at = at.cause, depth++) {
    const { code, errors } = at as { code?: unknown; errors?: unknown[] };
    if (typeof code === 'string') return code;
    const inner = Array.isArray(errors) ? (errors[0] as { code?: unknown } | undefined)?.code : undefined;
    if (typeof inner === 'string') return inner;
  }
  return error instanceof Error ? error.message : '';
}
