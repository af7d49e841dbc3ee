import { IceError } from '../contracts/errors.ts';
import { open, reseal, seal } from './envelope.ts';
import type { KeySource } from './key-source.ts';
import type { MasterKeys } from './master-keys.ts';
import {
  LONGEST_SECRET,
  SECRET_NAME,
  type SecretInfo,
  type SecretRow,
  type SecretStore,
  type Secrets,
} from './port.ts';

export interface VaultOptions {
  store: SecretStore;
  /** Read when the first secret is opened or sealed. */
  keys: KeySource;
  now?: () => number;
  /** Looked into first: the environment of a local target, where its user is its operator. Never a server's. */
  environment?: Record<string, string | undefined>;
}

const about = (project: string, name: string): string => `${project}\0${name}`;
const infoOf = ({ name, version, createdAt, updatedAt, updatedBy }: SecretRow): SecretInfo => ({
  name,
  version,
  createdAt,
  updatedAt,
  updatedBy,
});

/** Rows of one step of a rotation. */
const BATCH = 100;

/** Secrets over a store: sealed on the way in, opened on the way out. Values are kept nowhere in between. */
export function createVault(options: VaultOptions): Secrets {
  const { store, environment = {} } = options;
  const now = options.now ?? Date.now;
  const keys = async (id?: string): Promise<MasterKeys> => {
    const found = await options.keys.keys(id);
    if (found) return found;
    throw new IceError('machine', 'This target has no master key, so it can keep no secrets', {
      hint: 'Set ICE_MASTER_KEY (32 bytes in base64) or ICE_MASTER_KEY_FILE, and start it again.',
    });
  };

  const find = async (project: string, name: string): Promise<string | undefined> => {
    const given = Object.hasOwn(environment, name) ? environment[name] : undefined;
    if (given) return given;
    const row = await store.get(project, name);
    return row && open(await keys(row.sealed.key), row.sealed, about(project, name));
  };

  return {
    find,
    async values(project, names) {
      const found = await Promise.all(names.map(async (name) => [name, await find(project, name)] as const));
      const missing = found.filter(([, value]) => value === undefined).map(([name]) => name);
      if (missing.length > 0) {
        const [one, are] = missing.length === 1 ? ['secret', 'is'] : ['secrets', 'are'];
        throw new IceError('secret_missing', `The ${one} ${missing.join(', ')} ${are} not set`, {
          hint: missing.map((name) => `ice secret set ${name}`).join(' && '),
          details: { secrets: missing },
          terminal: true,
        });
      }
      return Object.fromEntries(found as [string, string][]);
    },
    list: async (project) => (await store.list(project)).map(infoOf),
    async set(project, name, value, by) {
      assertSecret(name, value);
      const sealed = seal((await keys()).current, value, about(project, name));
      return infoOf(await store.put({ project, name, sealed, updatedAt: now(), updatedBy: by }));
    },
    remove: (project, name) => store.remove(project, name),
    keyPlace: () => options.keys.place(),
    async rotate({ newKey = false } = {}) {
      const { current } = newKey ? await options.keys.renew() : await keys();
      let resealed = 0;
      for (;;) {
        const rows = await store.notUnder(current.id, BATCH);
        if (rows.length === 0) return { resealed };
        for (const row of rows) {
          const sealed = reseal(await keys(row.sealed.key), row.sealed, about(row.project, row.name));
          // False: a new value came meanwhile, and is under the current key already.
          if (await store.reseal({ ...row, sealed })) resealed++;
        }
      }
    },
  };
}

function assertSecret(name: string, value: string): void {
  if (!SECRET_NAME.test(name)) {
    throw new IceError('bad_request', `'${name}' is no name of a secret`, {
      hint: 'Use capital letters, digits and _, as EXAMPLE_KEY.',
    });
  }
  if (value === '') {
    throw new IceError('bad_request', `The value of ${name} is empty`, {
      hint: `To take it away: ice secret remove ${name}`,
    });
  }
  if (Buffer.byteLength(value) > LONGEST_SECRET) {
    throw new IceError('too_large', `The value of ${name} has more than ${LONGEST_SECRET / 1024} KiB`, {
      hint: 'Keep the key to the file as the secret, and the file elsewhere.',
    });
  }
  // A header or variable ends at a NUL, and a lone surrogate would come back as something else.
  if (value.includes('\0') || !value.isWellFormed()) {
    throw new IceError('bad_request', `The value of ${name} is no text`, { hint: 'Encode bytes as base64.' });
  }
}
