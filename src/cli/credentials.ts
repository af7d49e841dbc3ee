import { statSync } from 'node:fs';
import { join } from 'node:path';
import { configDir, readIfThere, writePrivate } from './user-config.ts';

/** Where a token was found, in the words of `ice whoami`. */
export type CredentialPlace = 'environment' | 'keyring' | 'file';
export interface Credential {
  token: string;
  place: CredentialPlace;
  /** The variable, the keyring's service, or the file. */
  from: string;
}

/**
 * A token belongs to a name at an address: a project file that gives another address to a known name does not get the
 * token of that name.
 */
export interface CredentialKey {
  target: string;
  url: string;
}

interface Keyring {
  getPassword(service: string, account: string): Promise<string | null>;
  setPassword(service: string, account: string, password: string): Promise<void>;
  deletePassword(service: string, account: string): Promise<boolean>;
}

const SERVICE = 'ice';
const FILE = 'credentials.json';
/** A keyring that is locked or has no session asks nobody and never answers. */
const KEYRING_MS = 2000;

const accountOf = ({ target, url }: CredentialKey): string => `${target}@${new URL(url).origin}`;

/** The token of a target: ICE_API_TOKEN, else the keyring, else the 0600 file. */
export async function readCredential(
  env: NodeJS.ProcessEnv,
  key: CredentialKey,
  warn: (message: string) => void,
): Promise<Credential | undefined> {
  const given = env['ICE_API_TOKEN'];
  if (given) return { token: given, place: 'environment', from: 'ICE_API_TOKEN' };
  // The file first: it costs nothing, and it has an entry only when the keyring would not take it.
  const inFile = readFile(env, warn)[accountOf(key)];
  if (inFile !== undefined) return { token: inFile, place: 'file', from: filePath(env) ?? FILE };
  const found = await withKeyring(env, (keyring) => keyring.getPassword(SERVICE, accountOf(key)));
  return found ? { token: found, place: 'keyring', from: `keyring, service ${SERVICE}` } : undefined;
}

/** Keeps a token: in the keyring if it gives it back, else in the file. */
export async function saveCredential(
  env: NodeJS.ProcessEnv,
  key: CredentialKey,
  token: string,
): Promise<{ place: CredentialPlace; from: string }> {
  const account = accountOf(key);
  // A headless keyring takes a password and answers null afterwards, so it is asked for it.
  const kept = await withKeyring(env, async (keyring) => {
    await keyring.setPassword(SERVICE, account, token);
    return (await keyring.getPassword(SERVICE, account)) === token;
  });
  const others = readFile(env, () => {});
  if (kept) {
    if (account in others) {
      delete others[account];
      writePrivate(env, FILE, `${JSON.stringify(others, null, 2)}\n`);
    }
    return { place: 'keyring', from: `keyring, service ${SERVICE}` };
  }
  const file = writePrivate(env, FILE, `${JSON.stringify({ ...others, [account]: token }, null, 2)}\n`);
  return { place: 'file', from: file };
}

/** Forgets a token, wherever it is. */
export async function removeCredential(env: NodeJS.ProcessEnv, key: CredentialKey): Promise<void> {
  const account = accountOf(key);
  const others = readFile(env, () => {});
  if (account in others) {
    delete others[account];
    writePrivate(env, FILE, `${JSON.stringify(others, null, 2)}\n`);
  }
  await withKeyring(env, (keyring) => keyring.deletePassword(SERVICE, account));
}

/** Whether the keyring answers here, and what it said if not; for `ice doctor`. */
export async function probeKeyring(env: NodeJS.ProcessEnv): Promise<{ ok: boolean; reason: string }> {
  if (env['ICE_KEYRING'] === '0') return { ok: false, reason: 'switched off by ICE_KEYRING=0' };
  let reason = 'it does not answer here';
  const answer = await withKeyring(
    env,
    async (keyring) => {
      await keyring.getPassword(SERVICE, 'probe');
      return true;
    },
    (why) => {
      reason = why;
    },
  );
  return answer ? { ok: true, reason: 'answers' } : { ok: false, reason };
}

/** Asks the keyring; undefined when there is none, it is switched off, it fails, or it does not answer in time. */
async function withKeyring<T>(
  env: NodeJS.ProcessEnv,
  ask: (keyring: Keyring) => Promise<T>,
  failed: (reason: string) => void = () => {},
): Promise<T | undefined> {
  if (env['ICE_KEYRING'] === '0') return undefined;
  let timer: NodeJS.Timeout | undefined;
  try {
    const module = (await import('keytar')) as unknown as { default?: Keyring } & Keyring;
    const asked = ask(module.default ?? module);
    asked.catch(() => {});
    return await Promise.race([
      asked,
      new Promise<undefined>((resolve) => {
        timer = setTimeout(() => {
          failed(`no answer in ${KEYRING_MS / 1000} s`);
          resolve(undefined);
        }, KEYRING_MS);
      }),
    ]);
  } catch (error) {
    // No libsecret, no session bus, a locked keyring: the file takes its place, and `whoami` says so.
    failed(error instanceof Error ? error.message.split('\n')[0]! : 'it failed');
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

function filePath(env: NodeJS.ProcessEnv): string | undefined {
  const dir = configDir(env);
  return dir === undefined ? undefined : join(dir, FILE);
}

function readFile(env: NodeJS.ProcessEnv, warn: (message: string) => void): Record<string, string> {
  const file = filePath(env);
  const text = file === undefined ? undefined : readIfThere(file);
  if (file === undefined || text === undefined) return {};
  if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0)
    warn(`${file} can be read by others. Fix: chmod 600 ${file}`);
  try {
    const found = JSON.parse(text) as Record<string, unknown>;
    return Object.fromEntries(
      Object.entries(found).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
    );
  } catch {
    warn(`${file} is not JSON and is passed over.`);
    return {};
  }
}
