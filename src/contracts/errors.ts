/**
 * The one catalogue of errors. Engine and server throw an IceError, the server renders it as a problem
 * (RFC 9457), the client turns the problem back into the same IceError, the CLI renders it once.
 * No zod here, so that an error renders without loading anything.
 */

/** Exit codes of the command line; they are stable and documented in docs/reference/exit-codes.md. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  invalid: 3,
  auth: 4,
  unavailable: 5,
  timeout: 6,
  cancelled: 7,
  refused: 8,
  inputNeeded: 9,
  budget: 10,
  notFound: 11,
  conflict: 12,
  machine: 14,
  bug: 70,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitName = keyof typeof EXIT;

interface CatalogueEntry {
  /** HTTP status. */
  status: number;
  exit: ExitName;
  /** Whether the same call may simply be tried again. */
  retry: boolean;
  title: string;
}

const entry = (status: number, exit: ExitName, title: string, retry = false): CatalogueEntry => ({
  status,
  exit,
  retry,
  title,
});

/** code -> what it means on each surface. Codes are snake_case and never change their meaning. */
export const ERRORS = {
  // Requests
  usage: entry(400, 'usage', 'Wrong usage'),
  bad_request: entry(400, 'usage', 'The request is malformed'),
  input_invalid: entry(422, 'usage', 'The inputs do not match the schema'),
  input_needed: entry(422, 'inputNeeded', 'Input is needed'),
  validation_failed: entry(422, 'invalid', 'Validation failed'),
  project_invalid: entry(422, 'invalid', 'The project is not valid'),
  too_large: entry(413, 'usage', 'Too large'),
  unsupported_media: entry(415, 'usage', 'The body has a type that is not read here'),
  unauthenticated: entry(401, 'auth', 'Authentication is needed'),
  forbidden: entry(403, 'auth', 'Not allowed'),
  not_found: entry(404, 'notFound', 'Not found'),
  method_not_allowed: entry(405, 'usage', 'Method not allowed'),
  conflict: entry(409, 'conflict', 'Conflict'),
  stale: entry(412, 'conflict', 'The document has changed since it was read'),
  precondition_required: entry(428, 'conflict', 'If-Match is required'),
  idempotency_mismatch: entry(409, 'conflict', 'The same key or id was used with other content'),
  rate_limited: entry(429, 'unavailable', 'Too many requests', true),
  unavailable: entry(503, 'unavailable', 'The target is not available', true),
  unreachable: entry(503, 'unavailable', 'The target cannot be reached', true),
  wait_timeout: entry(504, 'timeout', 'Gave up waiting'),
  not_implemented: entry(501, 'usage', 'Not supported here'),
  // Pushing
  version_immutable: entry(409, 'refused', 'Changed content under an existing version'),
  breaking_change: entry(409, 'refused', 'The push would break callers'),
  permissions_widened: entry(409, 'refused', 'The push asks for more permissions'),
  target_moved: entry(409, 'refused', 'The target moved since the plan was made'),
  lock_stale: entry(409, 'refused', 'The lock does not fit any more'),
  push_refused: entry(409, 'refused', 'The push was refused'),
  artifact_mismatch: entry(422, 'refused', 'The content does not match its digest'),
  untrusted_code: entry(403, 'refused', 'This target does not run code pushed by this token'),
  // Runs and nodes
  run_failed: entry(500, 'failed', 'The run failed'),
  run_cancelled: entry(409, 'cancelled', 'The run was cancelled'),
  run_ended: entry(409, 'conflict', 'The run has already ended'),
  test_failed: entry(422, 'failed', 'A test failed'),
  threshold_missed: entry(422, 'budget', 'A test threshold was not met'),
  budget_exceeded: entry(402, 'budget', 'The budget is used up'),
  node_failed: entry(500, 'failed', 'A node failed'),
  tool_failed: entry(500, 'failed', 'The tool failed'),
  tool_crashed: entry(500, 'failed', 'The tool took its process down'),
  tool_limit: entry(500, 'failed', 'The tool went over a limit'),
  tool_denied: entry(403, 'failed', 'The tool used something that it does not declare'),
  timeout: entry(504, 'failed', 'It took too long'),
  deadline_exceeded: entry(504, 'failed', 'The run went over its deadline'),
  output_invalid: entry(500, 'failed', 'The result does not match the output schema'),
  expression_failed: entry(422, 'failed', 'An expression could not be evaluated'),
  max_crashes: entry(500, 'failed', 'The node took its worker down too often'),
  max_steps: entry(422, 'failed', 'Too many steps'),
  provider_failed: entry(502, 'failed', 'The model provider failed', true),
  provider_rejected: entry(422, 'failed', 'The model provider refused the request'),
  provider_missing: entry(422, 'invalid', 'There is no such model provider'),
  secret_missing: entry(422, 'invalid', 'A secret is missing'),
  cassette_miss: entry(422, 'failed', 'The cassette has no such exchange'),
  script_ended: entry(422, 'failed', 'The echo script has no more replies'),
  // This machine
  machine: entry(500, 'machine', 'This machine cannot do it'),
  disk_full: entry(507, 'machine', 'The disk is full'),
  read_only: entry(500, 'machine', 'The folder cannot be written'),
  port_in_use: entry(500, 'machine', 'The port is in use'),
  database_newer: entry(500, 'machine', 'The database was written by a newer ice'),
  database_corrupt: entry(500, 'machine', 'The database is damaged'),
  database_busy: entry(503, 'machine', 'The database is locked by another process', true),
  unsupported_node: entry(500, 'machine', 'This Node is not supported'),
  already_running: entry(409, 'conflict', 'Another ice dev serves this project'),
  lease_lost: entry(409, 'conflict', 'Another worker drives this run'),
  internal: entry(500, 'bug', 'A bug in ice'),
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof ERRORS;

export const isErrorCode = (code: unknown): code is ErrorCode =>
  typeof code === 'string' && Object.hasOwn(ERRORS, code);

export interface IceErrorOptions {
  /** A next step that can be pasted or done. */
  hint?: string;
  /** Structured facts for machines; never a secret, never argv. */
  details?: Record<string, unknown>;
  /** Milliseconds after which a retry makes sense. */
  retryAfterMs?: number;
  /** A node's failure that no retry can mend: it ends the attempts. */
  terminal?: boolean;
  cause?: unknown;
}

/** The JSON form of an error: in `--json` documents, in journals and inside problems. */
export interface ErrorBody {
  code: string;
  message: string;
  hint?: string;
  docs?: string;
  details?: Record<string, unknown>;
  terminal?: boolean;
}

/** Where the page of a code lives; the docs folder of the package has the same file. */
export const docsOf = (code: string): string => `https://iceos.dev/errors/${code}`;

export class IceError extends Error {
  override readonly name = 'IceError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly details: Record<string, unknown> | undefined;
  readonly retryAfterMs: number | undefined;
  readonly terminal: boolean;

  constructor(code: ErrorCode, message: string, options: IceErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.details = options.details;
    this.retryAfterMs = options.retryAfterMs;
    this.terminal = options.terminal ?? false;
  }

  get status(): number {
    return ERRORS[this.code].status;
  }

  get exitCode(): number {
    return EXIT[ERRORS[this.code].exit];
  }

  get title(): string {
    return ERRORS[this.code].title;
  }

  toBody(): ErrorBody {
    return {
      code: this.code,
      message: this.message,
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      docs: docsOf(this.code),
      ...(this.details === undefined ? {} : { details: this.details }),
      ...(this.terminal ? { terminal: true } : {}),
    };
  }

  /** Rebuilds the error that another process described; an unknown code becomes `internal`. */
  static fromBody(body: ErrorBody): IceError {
    const code = isErrorCode(body.code) ? body.code : 'internal';
    return new IceError(code, body.message, {
      hint: body.hint,
      details: body.details,
      terminal: body.terminal ?? false,
    });
  }

  /** Any thrown thing as an IceError; what is not ours is a bug and keeps its cause. */
  static from(error: unknown): IceError {
    if (error instanceof IceError) return error;
    const message = error instanceof Error ? error.message : String(error);
    return new IceError('internal', message, { cause: error });
  }
}
