import { hash as digest } from 'node:crypto';
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { IceError } from '../contracts/errors.ts';
import type { TokenStore } from '../registry/ports.ts';
import { newTokenSecret, tokenProblem } from '../server/token.ts';

/**
 * The operator's token of a folder: made on first use into a file that only its owner reads, never printed. `given`
 * (from ICE_OPERATOR_TOKEN) goes before the file, and is not written anywhere.
 */
export function operatorToken(file: string | undefined, given: string | undefined): string {
  if (given !== undefined) {
    const problem = tokenProblem(given);
    if (problem !== undefined)
      throw new IceError('usage', `ICE_OPERATOR_TOKEN is malformed: ${problem}`, {
        hint: 'Leave it out once: the server makes a token into .ice/token, which may be used from then on',
      });
    return given;
  }
  if (file === undefined) return newTokenSecret();
  const there = readToken(file);
  if (there !== undefined) return there;
  const secret = newTokenSecret();
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeWhole(file, `${secret}\n`);
    return secret;
  } catch (error) {
    // Another process was first: its token is as good.
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      const first = readToken(file);
      if (first !== undefined) return first;
    }
    throw fileError(file, error);
  }
}

/** Makes the file with its content at once, so that nobody reads half of it. Fails with EEXIST when it is there. */
function writeWhole(file: string, text: string): void {
  const part = `${file}.${process.pid}.${crypto.randomUUID().slice(0, 8)}`;
  writeFileSync(part, text, { mode: 0o600, flag: 'wx' });
  try {
    linkSync(part, file);
  } catch (error) {
    // Some file systems have no links: then a reader may have to come again.
    if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'EOPNOTSUPP'].includes((error as NodeJS.ErrnoException).code ?? ''))
      throw error;
    writeFileSync(file, text, { mode: 0o600, flag: 'wx' });
  } finally {
    rmSync(part, { force: true });
  }
}

/** The token in a file; undefined when there is none. Makes the file its owner's alone. */
export function readToken(file: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
    if ((statSync(file).mode & 0o077) !== 0 && process.platform !== 'win32') chmodSync(file, 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw fileError(file, error);
  }
  // A process that was killed between making the file and writing it left it empty.
  const problem = text === '' ? 'it is empty' : tokenProblem(text);
  if (problem !== undefined)
    throw new IceError('machine', `The token in ${file} is malformed: ${problem}`, {
      hint: 'Remove the file; a new token is made at the next start',
      details: { file },
    });
  return text;
}

/** Makes sure that the store knows the operator's token. Fails with `unauthenticated` when it was revoked. */
export async function registerOperator(
  tokens: TokenStore,
  secret: string,
  org: string,
  now: number,
): Promise<void> {
  // As `hashToken` does it, but here and now: the platform would start threads for it.
  const hash = digest('sha256', secret, 'hex');
  const there = await tokens.byHash(hash);
  if (there && there.revokedAt === null) return;
  if (there)
    throw new IceError('unauthenticated', "The operator's token of this folder was revoked", {
      hint: 'Remove .ice/token (or ICE_OPERATOR_TOKEN); a new one is made at the next start',
    });
  await tokens.put({
    // Of the hash, so that two processes that start at once write the same row.
    id: `tok_${hash.slice(0, 26)}`,
    hash,
    name: 'operator',
    org,
    project: null,
    role: 'admin',
    operator: true,
    createdAt: now,
    createdBy: 'ice',
    expiresAt: null,
    lastUsedAt: null,
    revokedAt: null,
  });
}

/** A folder that can't be written, a disk that is full: said with the file's name. */
export function fileError(file: string, error: unknown): IceError {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new IceError('disk_full', `The disk is full: ${file} cannot be written`, {
      hint: 'Free some space',
      details: { file },
    });
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return new IceError('read_only', `${file} cannot be written`, {
      hint: 'Make its folder writable, or work in another',
      details: { file },
    });
  return new IceError('machine', `${file}: ${error instanceof Error ? error.message : String(error)}`, {
    details: { file },
    cause: error,
  });
}
