import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { IceError } from '../contracts/errors.ts';
import { explainFileError } from './file-errors.ts';
import { KEYRING_SERVICE, type Keyring, openKeyring } from './keyring.ts';

/** Where a token is kept: a variable, the keyring of the system, or a file that only its owner can read. */
export type CredentialPlace = 'env' | 'keyring' | 'file';

export interface Credential {
  token: string;
  place: CredentialPlace;
  /** `ICE_API_TOKEN`, `the keyring`, or the path of the file. */
  from: string;
}

export interface CredentialOptions {
  /** The user's config folder. */
  folder: string;
  /** `ICE_API_TOKEN`, if it is set. */
  envToken?: string;
  /** False = never ask the keyring (`ICE_KEYRING=0`). */
  keyring: boolean;
  loadKeyring?: () => Promise<Keyring>;
  /** A keyring without a desktop session may never answer; milliseconds, default 3,000. */
  timeoutMs?: number;
}

export interface Credentials {
  /** The token for a server, environment first; undefined when there is none. */
  get(url: string): Promise<Credential | undefined>;
  /** Keeps a token for a server, and says where. */
  set(url: string, token: string): Promise<Omit<Credential, 'token'>>;
  /** Forgets the token of a server, wherever it is kept; false when there was none. */
  remove(url: string): Promise<boolean>;
}

/**
 * Tokens of servers. They are kept by the origin of the address, not by the target's name: a project that came from
 * elsewhere may give a name of yours another address, and must not get your token with it.
 */
export function openCredentials(options: CredentialOptions): Credentials {
  const file = join(options.folder, 'credentials.json');
  const ask = openKeyring({
    enabled: options.keyring,
    ...(options.loadKeyring && { load: options.loadKeyring }),
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
  });

  return {
    async get(url) {
      if (options.envToken) return { token: options.envToken, place: 'env', from: 'ICE_API_TOKEN' };
      const account = originOf(url);
      // A wrapped answer, because null ("no such entry") is an answer too.
      const kept = await ask(async (ring) => ({ token: await ring.getPassword(KEYRING_SERVICE, account) }));
      if (kept?.token) return { token: kept.token, place: 'keyring', from: 'the keyring' };
      const token = readTokens(file)[account];
      return token === undefined ? undefined : { token, place: 'file', from: file };
    },

    async set(url, token) {
      const account = originOf(url);
      const kept = await ask(async (ring) => {
        await ring.setPassword(KEYRING_SERVICE, account, token);
        // A headless keyring may take everything and give nothing back.
        return (await ring.getPassword(KEYRING_SERVICE, account)) === token;
      });
      if (kept) {
        const tokens = readTokens(file);
        if (Object.hasOwn(tokens, account)) writeTokens(file, without(tokens, account));
        return { place: 'keyring', from: 'the keyring' };
      }
      writeTokens(file, { ...readTokens(file), [account]: token });
      return { place: 'file', from: file };
    },

    async remove(url) {
      const account = originOf(url);
      const removed = await ask(async (ring) => ({
        was: await ring.deletePassword(KEYRING_SERVICE, account),
      }));
      const tokens = readTokens(file);
      const inFile = Object.hasOwn(tokens, account);
      if (inFile) writeTokens(file, without(tokens, account));
      return inFile || removed?.was === true;
    },
  };
}

function originOf(url: string): string {
  if (!URL.canParse(url))
    throw new IceError('usage', `"${url}" is no address.`, { hint: 'Write it whole: https://…' });
  return new URL(url).origin;
}

const without = (tokens: Record<string, string>, account: string): Record<string, string> =>
  Object.fromEntries(Object.entries(tokens).filter(([name]) => name !== account));

function readTokens(file: string): Record<string, string> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
    // A file that a backup or an editor opened up is closed again.
    if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0) chmodSync(file, 0o600);
  } catch (error) {
    const code = (error as { code?: string }).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return {};
    throw explainFileError(error, file, 'read');
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new IceError('machine', `The credentials in ${file} can't be read: they are not JSON.`, {
      hint: 'Move the file away and log in again.',
      details: { path: file },
    });
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function writeTokens(file: string, tokens: Record<string, string>): void {
  const aside = `${file}.${randomBytes(4).toString('hex')}`;
  try {
    mkdirSync(join(file, '..'), { recursive: true, mode: 0o700 });
    writeFileSync(aside, `${JSON.stringify(tokens, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
    renameSync(aside, file);
  } catch (error) {
    rmSync(aside, { force: true });
    throw explainFileError(error, file, 'write');
  }
}
