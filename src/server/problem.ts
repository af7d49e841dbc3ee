import { docsOf, ERRORS, IceError, isErrorCode } from '../contracts/errors.ts';
import type { Reply } from './incoming.ts';

/**
 * An error on the wire: a problem of RFC 9457 with our code, hint and details as extension members. The client
 * rebuilds the same IceError from it. There is no `instance`: the request's id is in `X-Request-Id`, so that two
 * answers which say the same are the same, byte for byte.
 */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  hint?: string;
  details?: Record<string, unknown>;
  terminal?: true;
}

/** What a client may see of an error. A bug's own message stays in the log: it may name files or values. */
export function problemOf(error: IceError): Problem {
  const bug = error.code === 'internal';
  return {
    type: docsOf(error.code),
    title: error.title,
    status: error.status,
    detail: bug ? 'ice made a mistake while it answered this request' : error.message,
    code: error.code,
    ...(bug
      ? { hint: "The server's log has the cause under this answer's X-Request-Id" }
      : error.hint === undefined
        ? {}
        : { hint: error.hint }),
    ...(error.details === undefined || bug ? {} : { details: error.details }),
    ...(error.terminal ? { terminal: true as const } : {}),
  };
}

/** The problem as an answer, with `Retry-After` where a retry makes sense and `WWW-Authenticate` on 401. */
export function problemReply(error: IceError): Reply {
  const problem = problemOf(error);
  const headers: Record<string, string> = { 'content-type': 'application/problem+json' };
  if (error.retryAfterMs !== undefined)
    headers['retry-after'] = String(Math.max(1, Math.ceil(error.retryAfterMs / 1000)));
  else if (ERRORS[error.code].retry) headers['retry-after'] = '1';
  if (problem.status === 401) headers['www-authenticate'] = 'Bearer realm="ice"';
  return { status: problem.status, headers, content: JSON.stringify(problem) };
}

/** Any thrown thing as an IceError. Errors of stores may carry one of our codes without being of our class. */
export function asIceError(error: unknown): IceError {
  if (error instanceof IceError) return error;
  const code = (error as { code?: unknown } | undefined)?.code;
  if (error instanceof Error && error.name === 'IceError' && isErrorCode(code))
    return new IceError(code, error.message, { cause: error });
  return IceError.from(error);
}
