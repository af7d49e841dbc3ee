import { IceError } from '../contracts/errors.ts';
import type { Route } from '../contracts/routes.ts';
import { ROLES, type TokenRow } from '../registry/ports.ts';
import { missing } from './route.ts';
import type { ServerConfig, Services } from './services.ts';
import { tokenProblem } from './token.ts';

/** Who may do what: the one place that decides it, from the route table. */

/** Nobody, for routes that ask for no token. */
export const NOBODY: TokenRow = {
  id: '',
  hash: '',
  name: '',
  org: '',
  project: null,
  role: 'viewer',
  operator: false,
  createdAt: 0,
  createdBy: '',
  expiresAt: null,
  lastUsedAt: null,
  revokedAt: null,
};

const HINT = 'Set ICE_API_TOKEN, or add the target with its token: ice target add NAME URL';
/** `lastUsedAt` is written at most this often for a token. */
const TOUCH_MS = 60_000;

/**
 * The token of a request. Identity comes from the bearer token and from nothing else. Fails with `unauthenticated`,
 * and says which of absent, malformed, unknown, expired and revoked it is: who holds the secret may know.
 */
export async function authenticate(services: Services, authorization: string | null): Promise<TokenRow> {
  if (authorization === null)
    throw new IceError('unauthenticated', 'This call needs a bearer token', { hint: HINT });
  const match = /^Bearer[ ]+(\S+)[ ]*$/i.exec(authorization);
  if (!match)
    throw new IceError('unauthenticated', 'The Authorization header is not of the form "Bearer ice_…"', {
      hint: HINT,
    });
  const problem = tokenProblem(match[1]!);
  if (problem !== undefined)
    throw new IceError('unauthenticated', `The token is malformed: ${problem}`, {
      hint: 'Copy it again, whole; a token is ice_ and 39 characters',
    });
  const row = await services.tokens.byHash(await services.sha256(match[1]!));
  if (!row)
    throw new IceError('unauthenticated', 'The token is not known here', {
      hint: 'Is it for another target? See where a command goes: ice whoami',
    });
  assertLive(row, services.clock.now());
  return row;
}

/** Refuses a token that was revoked or has expired. */
export function assertLive(row: TokenRow, now: number): void {
  if (row.revokedAt !== null)
    throw new IceError('unauthenticated', 'The token was revoked', { hint: 'Ask an admin for a new one' });
  if (row.expiresAt !== null && row.expiresAt <= now)
    throw new IceError('unauthenticated', `The token expired at ${new Date(row.expiresAt).toISOString()}`, {
      hint: 'Ask an admin for a new one',
    });
}

/** Writes the time of the last use, now and then, and not in the way of the answer. */
export function touch(services: Services, row: TokenRow): void {
  const now = services.clock.now();
  if (now - (row.lastUsedAt ?? 0) < TOUCH_MS) return;
  row.lastUsedAt = now;
  services.tokens
    .touch(row.id, now)
    .catch((error: unknown) =>
      services.log({ level: 'warn', message: 'the last use of a token could not be written', error }),
    );
}

/**
 * The project that a call is about, `_` answered. A project that the token is not for does not exist for it.
 * `params` are the route's, already in form.
 */
export function projectOf(
  config: ServerConfig,
  route: Route,
  params: Record<string, string> | undefined,
  token: TokenRow,
): string {
  const asked = params?.['project'];
  if (asked === undefined) return '';
  if (token.org !== config.org) throw missing(route, params);
  const own = token.project ?? config.defaultProject;
  if (asked === '_') return own;
  if (token.project !== null && asked !== token.project) throw missing(route, params);
  return asked;
}

/** Refuses a token whose role is less than the route's. */
export function assertRole(route: Route, token: TokenRow): void {
  if (route.role === 'none' || route.role === 'any') return;
  if (ROLES.indexOf(token.role) < ROLES.indexOf(route.role))
    throw new IceError(
      'forbidden',
      `This needs the role ${route.role}, and the token has ${token.role} (${route.method} ${route.path})`,
      {
        hint: 'Use a token with that role; an admin makes one: ice token create',
        details: { needs: route.role, has: token.role },
      },
    );
}

/** Whether code from this caller is the operator's own word. */
export const isTrusted = (config: ServerConfig, by: string): boolean =>
  config.trustPushedCode || by === 'operator';
