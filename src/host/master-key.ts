import { join } from 'node:path';
import { KEYRING_SERVICE, type KeyringOptions, openKeyring } from '../project/keyring.ts';
import { type KeyRing, type KeySource, openKeySource } from '../secrets/key-source.ts';

export interface MasterKeyOptions {
  cwd: string;
  /** One's own machine: the key lies beside the database or in the keyring, and is made when it is first needed. */
  local: boolean;
  text: string | undefined;
  file: string | undefined;
  /** `0` or `false`: the keyring is not asked. */
  keyring: string | undefined;
  reach?: Omit<KeyringOptions, 'enabled'> | undefined;
}

/** Where a target has its master keys. */
export function openMasterKeys({
  cwd,
  local,
  text,
  file: named,
  keyring,
  reach,
}: MasterKeyOptions): KeySource {
  const isOurs = named === undefined && local;
  const file = named ?? (local ? join(cwd, '.ice', 'master.key') : undefined);
  const asks = isOurs && keyring !== '0' && keyring !== 'false';
  return openKeySource({
    ...(text === undefined ? {} : { text }),
    ...(file === undefined ? {} : { file }),
    ...(asks ? { ring: ringOf({ ...reach, enabled: true }) } : {}),
    make: isOurs,
  });
}

function ringOf(options: KeyringOptions): KeyRing {
  const ask = openKeyring(options);
  return {
    get: (account) => ask(async (ring) => ({ text: await ring.getPassword(KEYRING_SERVICE, account) })),
    set: async (account, text) =>
      (await ask(async (ring) => {
        await ring.setPassword(KEYRING_SERVICE, account, text);
        return (await ring.getPassword(KEYRING_SERVICE, account)) === text;
      })) === true,
    remove: async (account) => void (await ask((ring) => ring.deletePassword(KEYRING_SERVICE, account))),
  };
}
