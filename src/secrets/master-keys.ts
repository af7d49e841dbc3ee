import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { IceError } from '../contracts/errors.ts';

export interface MasterKey {
  /** Says which key it is, and nothing of the key. */
  id: string;
  bytes: Buffer;
}

/** The keys that secrets are under: the current one, which seals, and older ones, which still open. */
export interface MasterKeys {
  readonly current: MasterKey;
  byId(id: string): MasterKey | undefined;
}

const LENGTH = 32;
const MAKE_ONE = `node -e "console.log(require('crypto').randomBytes(32).toString('base64'))"`;

/**
 * Reads master keys: 32 bytes in base64 each, the current one first, older ones after it, apart by commas or lines.
 * Fails with `machine`; the message never holds the text.
 */
export function parseMasterKeys(text: string, source: string): MasterKeys {
  const parts = text.split(/[\s,]+/).filter((part) => part !== '');
  const keys = parts.map((part, i) => {
    const bytes = Buffer.from(part, 'base64');
    const canonical = bytes.toString('base64').replace(/=+$/, '');
    if (
      bytes.length !== LENGTH ||
      canonical !== part.replace(/=+$/, '').replaceAll('-', '+').replaceAll('_', '/')
    ) {
      throw new IceError('machine', `Key ${i + 1} of ${source} is not 32 bytes in base64`, {
        hint: `Make one: ${MAKE_ONE}`,
      });
    }
    return keyOf(bytes);
  });
  const [current] = keys;
  if (!current) throw new IceError('machine', `${source} holds no key`, { hint: `Make one: ${MAKE_ONE}` });
  const byId = new Map(keys.map((key) => [key.id, key]));
  return { current, byId: (id) => byId.get(id) };
}

const keyOf = (bytes: Buffer): MasterKey => ({
  id: createHash('sha256').update('ice master key id\0').update(bytes).digest('hex').slice(0, 16),
  bytes,
});

export interface MasterKeyPlaces {
  /** The content of `ICE_MASTER_KEY`. */
  text?: string;
  /** `ICE_MASTER_KEY_FILE`, or where this target keeps its key. */
  file?: string;
  /** Make the file on first use; a server whose operator named the file must find it there instead. */
  make?: boolean;
}

/**
 * The master keys of a target: from the environment, else from the file, which only its owner may read and which is
 * made (0600) on first use where `make` says so. Undefined when there is none. Fails with `machine`.
 */
export function loadMasterKeys(places: MasterKeyPlaces): MasterKeys | undefined {
  if (places.text) return parseMasterKeys(places.text, 'ICE_MASTER_KEY');
  const { file } = places;
  if (!file) return undefined;
  try {
    return readKeyFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw explained(error, file);
    if (!places.make) {
      throw new IceError('machine', `The file of the master key, ${file}, is not there`, {
        hint: `Make one: ${MAKE_ONE} > ${file} && chmod 600 ${file}`,
      });
    }
  }
  try {
    makeKeyFile(file);
    return readKeyFile(file);
  } catch (error) {
    throw explained(error, file);
  }
}

function readKeyFile(file: string): MasterKeys {
  // Others who can read the key can read every secret; the mode says nothing on Windows.
  if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0) chmodSync(file, 0o600);
  return parseMasterKeys(readFileSync(file, 'utf8'), file);
}

/** Two starters at once must agree on one key: each writes its own, and who links first has made the file. */
function makeKeyFile(file: string): void {
  mkdirSync(dirname(file), { recursive: true });
  const mine = `${file}.${process.pid}.${randomBytes(6).toString('hex')}`;
  writeFileSync(mine, `${randomBytes(LENGTH).toString('base64')}\n`, { mode: 0o600, flag: 'wx' });
  try {
    linkSync(mine, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(mine, { force: true });
  }
}

function explained(error: unknown, file: string): IceError {
  if (error instanceof IceError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  return new IceError('machine', `The file of the master key, ${file}, cannot be used: ${code ?? message}`, {
    hint: 'Make it readable for the user that runs ice, or set ICE_MASTER_KEY.',
  });
}
