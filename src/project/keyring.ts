/** The part of keytar that is used; it is loaded only when it is needed. */
export interface Keyring {
  getPassword(service: string, account: string): Promise<string | null>;
  setPassword(service: string, account: string, password: string): Promise<void>;
  deletePassword(service: string, account: string): Promise<boolean>;
}

/** What everything of ours in a keyring is under. */
export const KEYRING_SERVICE = 'iceos';

export interface KeyringOptions {
  /** False = never ask it (`ICE_KEYRING=0`). */
  enabled: boolean;
  load?: () => Promise<Keyring>;
  /** A keyring without a desktop session may never answer; milliseconds, default 3,000. */
  timeoutMs?: number;
}

/** Asks the OS keyring; undefined when there is none, it fails or does not answer. */
export type AskKeyring = <T>(question: (keyring: Keyring) => Promise<T>) => Promise<T | undefined>;

const loadKeytar = async (): Promise<Keyring> => {
  const module = (await import('keytar')) as unknown as Keyring & { default?: Keyring };
  return module.default ?? module;
};

/** The keyring of this user, loaded by the first question. */
export function openKeyring({ enabled, load = loadKeytar, timeoutMs = 3_000 }: KeyringOptions): AskKeyring {
  let keyring: Promise<Keyring | undefined> | undefined;
  return async (question) => {
    if (!enabled) return undefined;
    // It throws without libsecret and rejects without a session bus: both mean "no keyring here".
    keyring ??= load().catch(() => undefined);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(resolve, timeoutMs, undefined);
    });
    const answer = keyring.then((ring) => ring && question(ring)).catch(() => undefined);
    try {
      const value = await Promise.race([answer, late]);
      // One that did not answer once is not asked again: each question would take as long.
      if (value === undefined) keyring = Promise.resolve(undefined);
      return value;
    } finally {
      clearTimeout(timer);
    }
  };
}
