import type { Client } from '../../client/index.ts';

export type KeyPlace = Awaited<ReturnType<Client['secrets']['list']>>['masterKey'];

/** Where the key is that secrets are sealed under, as a person says it. */
export const keyPlaceText: Record<KeyPlace, string> = {
  environment: 'sealed under a key of the environment or settings (ICE_MASTER_KEY)',
  keyring: 'sealed under a key in the keyring of the system',
  file: 'sealed under a key in a file that only its owner can read',
  none: 'no master key yet; one is made with the first secret',
};
