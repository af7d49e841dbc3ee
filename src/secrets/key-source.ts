import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { IceError } from '../contracts/errors.ts';
import { KEY_LENGTH, MAKE_ONE, type MasterKeys, parseMasterKeys } from './master-keys.ts';

/** Where the master key of a target is; `none`: it is made when the first secret is set. */
export type KeyPlace = 'environment' | 'keyring' | 'file' | 'none';

/** Where a keyring keeps one text; undefined = it does not answer, or is not there. */
export interface KeyRing {
  get(account: string): Promise<{ text: string | null } | undefined>;
  /** Whether it has been kept: a headless keyring may take everything and give nothing back. */
  set(account: string, text: string): Promise<boolean>;
  remove(account: string): Promise<void>;
}

export interface KeyPlaces {
  /** The content of `ICE_MASTER_KEY`. */
  text?: string;
  /** `ICE_MASTER_KEY_FILE`, or where this target keeps its key. */
  file?: string;
  /** Make the key on first use; a server whose operator named the file must find it there instead. */
  make?: boolean;
  /** Where a key that is made is kept, if it can be; else in the file. */
  ring?: KeyRing;
}

/** The master keys of one target. All of it fails with `machine`; no message holds a key. */
export interface KeySource {
  /** Undefined when it has none. `id`: the key that is needed; another process may have made it since. */
  keys(id?: string): Promise<MasterKeys | undefined>;
  place(): Promise<KeyPlace>;
  /** Makes a new current key; the older ones stay, for what is under them. */
  renew(): Promise<MasterKeys>;
}

/** A file that begins so says under which name the keyring has the key. */
const IN_KEYRING = 'keyring:';
/** Older keys that are kept: journals of runs are never written again. */
const MOST_KEYS = 20;

/**
 * The environment first; else the file, which only its owner may read: it holds the key, or says where the keyring has
 * it. On one's own machine the key is made on first use, in the keyring if there is one.
 */
export function openKeySource({ text, file, make = false, ring }: KeyPlaces): KeySource {
  let loaded: MasterKeys | undefined;

  const stored = async (): Promise<string | undefined> => {
    const content = file === undefined ? undefined : readKeyFile(file);
    if (content === undefined || !content.startsWith(IN_KEYRING)) return content;
    const account = content.slice(IN_KEYRING.length).trim();
    const answer = await ring?.get(account);
    if (answer?.text) return answer.text;
    throw new IceError(
      'machine',
      `The master key of this folder is in the keyring of the system (${account}), ${
        answer
          ? 'which has no such entry'
          : ring
            ? 'which does not answer'
            : 'which is not asked (ICE_KEYRING)'
      }`,
      {
        hint: `${ring ? 'Unlock the keyring and try again' : 'Leave ICE_KEYRING out'}, or set ICE_MASTER_KEY. If the key is lost, remove .ice/master.key and set the secrets again.`,
      },
    );
  };

  const load = async (): Promise<MasterKeys | undefined> => {
    if (text) return parseMasterKeys(text, 'ICE_MASTER_KEY');
    if (file === undefined) return undefined;
    const there = await stored();
    if (there !== undefined) return parseMasterKeys(there, file);
    if (make) {
      await keep(newKey(), 'create');
      return parseMasterKeys((await stored()) ?? '', file);
    }
    throw new IceError('machine', `The file of the master key, ${file}, is not there`, {
      hint: `Make one: ${MAKE_ONE} > ${file} && chmod 600 ${file}`,
    });
  };

  /** In the keyring if it takes it, and then the file says so; else in the file itself. */
  const keep = async (keys: string, how: 'create' | 'replace'): Promise<void> => {
    const account = `master-key-${randomBytes(8).toString('hex')}`;
    const inRing = (await ring?.set(account, keys)) === true;
    const isOurs = writeKeyFile(file!, inRing ? `${IN_KEYRING}${account}` : keys, how);
    if (inRing && !isOurs) await ring?.remove(account);
  };

  const source: KeySource = {
    async keys(id) {
      if (loaded === undefined || (id !== undefined && loaded.byId(id) === undefined)) loaded = await load();
      return loaded;
    },
    async place() {
      if (text) return 'environment';
      const content = file === undefined ? undefined : readKeyFile(file);
      return content === undefined ? 'none' : content.startsWith(IN_KEYRING) ? 'keyring' : 'file';
    },
    async renew() {
      if (text || !make || file === undefined)
        throw new IceError('bad_request', `The master key of this target is not ice's to make`, {
          hint: `Put a new one before the old one (${text ? 'ICE_MASTER_KEY=NEW,OLD' : 'one a line in its file'}), start again, and: ice secret rotate`,
        });
      const before = readKeyFile(file);
      const old = (await stored())?.split(/[\s,]+/).filter((one) => one !== '') ?? [];
      await keep(
        [newKey(), ...old].slice(0, MOST_KEYS).join('\n'),
        before === undefined ? 'create' : 'replace',
      );
      if (before?.startsWith(IN_KEYRING)) await ring?.remove(before.slice(IN_KEYRING.length).trim());
      loaded = undefined;
      return (await source.keys())!;
    },
  };
  return source;
}

const newKey = (): string => randomBytes(KEY_LENGTH).toString('base64');

function readKeyFile(file: string): string | undefined {
  try {
    // Others who can read the key can read every secret; the mode says nothing on Windows.
    if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0) chmodSync(file, 0o600);
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw explained(error, file);
  }
}

/** Two starters at once must agree on one key: each writes its own, and who links first has made the file. */
function writeKeyFile(file: string, text: string, how: 'create' | 'replace'): boolean {
  const mine = `${file}.${process.pid}.${randomBytes(6).toString('hex')}`;
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(mine, `${text}\n`, { mode: 0o600, flag: 'wx' });
    if (how === 'replace') renameSync(mine, file);
    else linkSync(mine, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw explained(error, file);
  } finally {
    rmSync(mine, { force: true });
  }
}

function explained(error: unknown, file: string): IceError {
  const { code, message } = error as NodeJS.ErrnoException;
  return new IceError('machine', `The file of the master key, ${file}, cannot be used: ${code ?? message}`, {
    hint: 'Make it readable for the user that runs ice, or set ICE_MASTER_KEY.',
  });
}
