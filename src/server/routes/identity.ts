import { IceError } from '../../contracts/errors.ts';
import { newId } from '../../contracts/ids.ts';
import type { RouteName } from '../../contracts/routes.ts';
import type { TokenRow } from '../../registry/ports.ts';
import type { Memory } from '../idempotency.ts';
import { callerName, type Handlers, missingOf } from '../route.ts';
import type { Services } from '../services.ts';
import { newTokenSecret } from '../token.ts';

const iso = (time: number | null): string | null => (time === null ? null : new Date(time).toISOString());
/** Ten years: longer is for ever, which is said by leaving it out. */
const MOST_EXPIRY_MS = 10 * 366 * 86_400_000;

const shown = (row: TokenRow) => ({
  id: row.id,
  name: row.name,
  org: row.org,
  project: row.project,
  role: row.role,
  createdAt: new Date(row.createdAt).toISOString(),
  expiresAt: iso(row.expiresAt),
  lastUsedAt: iso(row.lastUsedAt),
  revokedAt: iso(row.revokedAt),
});

/** An admin of one project sees and makes tokens of that project; one of the whole org, all. */
const within = (caller: TokenRow, row: TokenRow): boolean =>
  caller.org === row.org && (caller.project === null || caller.project === row.project);

export function identityRoutes(
  services: Services,
): Pick<Handlers, 'whoami' | 'tokensList' | 'tokensCreate' | 'tokensRevoke'> {
  const { config, tokens, clock } = services;
  return {
    whoami: async ({ token }) => ({
      body: {
        tokenId: token.id,
        name: token.name,
        org: token.org,
        project: token.project ?? config.defaultProject,
        role: token.role,
        operator: token.operator,
        expiresAt: iso(token.expiresAt),
        server: {
          version: config.version,
          trustsPushedCode: config.trustPushedCode,
          masterKey: (await services.secrets?.keyPlace()) ?? 'none',
        },
      },
    }),
    tokensList: async ({ token }) => ({
      body: { items: (await tokens.list(token.org)).filter((row) => within(token, row)).map(shown) },
    }),
    tokensCreate: async ({ token, body }) => {
      if (token.project !== null && body.project !== null && body.project !== token.project)
        throw new IceError('forbidden', 'This token makes tokens of its own project only', {
          hint: `Leave the project out, or say ${token.project}`,
        });
      if (body.expiresInMs !== undefined && body.expiresInMs > MOST_EXPIRY_MS)
        throw new IceError('bad_request', 'body.expiresInMs: more than ten years', {
          hint: 'Leave it out for a token that does not expire',
        });
      const now = clock.now();
      const secret = newTokenSecret();
      const row: TokenRow = {
        id: newId('tok', now),
        hash: await services.sha256(secret),
        name: body.name,
        org: token.org,
        project: body.project ?? token.project,
        role: body.role,
        operator: false,
        createdAt: now,
        createdBy: callerName(token),
        expiresAt: body.expiresInMs === undefined ? null : now + body.expiresInMs,
        lastUsedAt: null,
        revokedAt: null,
      };
      await tokens.put(row);
      return { body: { ...shown(row), secret } };
    },
    tokensRevoke: async ({ token, params }) => {
      const row = (await tokens.list(token.org)).find((each) => each.id === params.id);
      if (!row || !within(token, row)) throw missingOf('tokensRevoke', params);
      if (row.operator && !token.operator)
        throw new IceError('forbidden', "The operator's token is revoked by the operator only");
      await tokens.revoke(row.id, clock.now());
      return { body: undefined };
    },
  };
}

/** A secret is shown once and kept nowhere, so a repeated request can't be given it again. */
export function identityMemories(): Partial<Record<RouteName, () => Memory>> {
  return {
    tokensCreate: () => ({
      keep: (body) => ({ id: (body as { id: string }).id }),
      recall: async (kept) => {
        const { id } = kept as { id: string };
        throw new IceError(
          'conflict',
          `This Idempotency-Key made the token ${id} already; its secret was shown then`,
          {
            hint: `Revoke ${id} and make another, with a new key`,
            details: { id },
          },
        );
      },
    }),
  };
}
