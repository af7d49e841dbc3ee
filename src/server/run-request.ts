import canonicalize from 'canonicalize';
import { IceError } from '../contracts/errors.ts';
import type { CreateRun } from '../contracts/requests/runs.ts';
import { ROLES, type TokenRow } from '../registry/ports.ts';
import type { RunSource } from './compile.ts';
import type { Sha256 } from './services.ts';

/** What a request asks to run, if its token may: unpublished content needs the role developer. */
export function sourceOf(body: CreateRun, token: TokenRow): RunSource {
  if ((body.ref === undefined) === (body.digest === undefined))
    throw new IceError('bad_request', 'body: give either ref or digest', {
      hint: 'ref names a registered version (price@^1); digest is that of an uploaded manifest',
    });
  if (body.ref !== undefined) {
    if (body.pins !== undefined || body.version !== undefined || body.about !== undefined)
      throw new IceError('bad_request', 'body: pins, version and about go with digest, not with ref', {
        hint: 'A reference is resolved on the target, with everything in it',
      });
    return { ref: body.ref };
  }
  if (ROLES.indexOf(token.role) < ROLES.indexOf('developer'))
    throw new IceError(
      'forbidden',
      `Running unpublished content needs the role developer, the token has ${token.role}`,
      {
        hint: 'Run a registered version by its name, or use a token with that role',
        details: { needs: 'developer', has: token.role },
      },
    );
  return {
    digest: body.digest!,
    version: body.version,
    pins: body.pins ?? {},
    ...(body.about === undefined ? {} : { about: body.about }),
  };
}

/** What makes two requests with one id the same: all that they ask for, in any order of keys. */
export async function contentHash(sha256: Sha256, body: CreateRun): Promise<string> {
  const { id: _, ...asked } = body;
  return `sha256:${await sha256(canonicalize(asked) ?? '')}`;
}
