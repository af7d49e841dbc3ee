import { IceError } from '../contracts/errors.ts';
import type { Secrets } from '../secrets/port.ts';

export interface TestSecretsOptions {
  /** Whether runs get the values themselves: they go out, and what comes back is recorded. */
  real(project: string): boolean;
  env: Readonly<Record<string, string | undefined>>;
  /** What the project keeps; asked for what the environment has not. */
  kept(name: string): Promise<string | undefined>;
}

/**
 * The secrets of test runs. A replay needs none: each name has a stand-in, the same on every machine. `seen` holds
 * every value that was given away, so that a cassette can be kept free of them.
 */
export function createTestSecrets({ real, env, kept }: TestSecretsOptions): Secrets & { seen: Set<string> } {
  const seen = new Set<string>();
  const find = async (project: string, name: string): Promise<string | undefined> => {
    const value = real(project) ? (env[name] ?? (await kept(name))) : `stand-in-for-${name}`;
    if (value !== undefined) seen.add(value);
    return value;
  };
  const fixed = (): never => {
    throw new IceError('not_implemented', 'Secrets are not changed in a test');
  };
  return {
    seen,
    find,
    async values(project, names) {
      const found = await Promise.all(names.map(async (name) => [name, await find(project, name)] as const));
      const missing = found.filter(([, value]) => value === undefined).map(([name]) => name);
      if (missing.length > 0)
        throw new IceError('secret_missing', `There is no secret ${missing.join(', ')}`, {
          terminal: true,
          hint: `ice secret set ${missing[0]}`,
          details: { missing },
        });
      return Object.fromEntries(found) as Record<string, string>;
    },
    list: async () => [],
    set: async () => fixed(),
    remove: async () => fixed(),
    rotate: async () => fixed(),
    keyPlace: async () => 'none',
  };
}
