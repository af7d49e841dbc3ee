import type { Origin } from '../contracts/config.ts';
import { IceError } from '../contracts/errors.ts';
import type { ProjectFile } from '../contracts/project.ts';
import type { Settings } from './config.ts';
import { isServerAddress } from './server-address.ts';
import { type TargetEntry, targetNameSchema, type UserConfig, updateUserConfig } from './user-config.ts';

/** Where a command goes, and who said so. */
export type Target =
  | { kind: 'local'; name: 'local'; origin: Origin; from: string }
  | {
      kind: 'remote';
      name: string;
      /** Without a slash at the end. */
      url: string;
      /** The project that the target's entry names; a flag or variable for the project is stronger. */
      project?: string;
      origin: Origin;
      from: string;
    };

export interface TargetSources {
  settings: Settings;
  project?: ProjectFile;
  user?: UserConfig;
}

/** A target that can be named, and where it is written down. */
export interface KnownTarget extends TargetEntry {
  name: string;
  from: 'ice.yaml' | 'user';
}

const RESERVED: Record<string, string> = {
  local: 'It always means this machine.',
  env: 'It means the address in ICE_API_URL.',
};

/** All targets that have an address; the project's come before the user's own of the same name. */
export function knownTargets({ project, user }: Omit<TargetSources, 'settings'>): KnownTarget[] {
  const known = new Map<string, KnownTarget>();
  for (const [name, entry] of Object.entries(user?.targets ?? {}))
    known.set(name, { name, ...entry, from: 'user' });
  for (const [name, entry] of Object.entries(project?.targets ?? {}))
    known.set(name, { name, ...entry, from: 'ice.yaml' });
  return [...known.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * The target of a command: what `--target` or `ICE_TARGET` names, else `ICE_API_URL`, else what the project, then the
 * user chose, else `local`. A hosted target is never found by trying.
 * Errors: `not_found` for a name that has no address.
 */
export function resolveTarget(sources: TargetSources): Target {
  const { target, apiUrl } = sources.settings;
  const named = target.value ?? 'local';
  const chosenNow = target.origin === 'flag' || target.origin === 'env';
  const { origin, from } = target;
  if (apiUrl.value !== undefined && (!chosenNow || named === 'env'))
    return { kind: 'remote', name: 'env', url: trimmed(apiUrl.value), origin: 'env', from: apiUrl.from };
  if (named === 'local') return { kind: 'local', name: 'local', origin, from };
  if (named === 'env')
    throw new IceError('not_found', 'The target env needs an address, and ICE_API_URL is not set.', {
      hint: 'Set ICE_API_URL and ICE_API_TOKEN, or name another target.',
    });

  const known = knownTargets(sources);
  const entry = known.find((candidate) => candidate.name === named);
  if (!entry) {
    const names = ['local', ...known.map((candidate) => candidate.name)].join(', ');
    throw new IceError('not_found', `There is no target "${named}" (${from}). There are: ${names}.`, {
      hint: `Add it: ice target add ${named} https://…`,
      details: { target: named, from, known: names },
    });
  }
  if (!isServerAddress(entry.url))
    throw new IceError(
      'usage',
      `The target ${named} (${entry.from === 'user' ? 'your config' : entry.from}) has an address that can't be used.`,
      {
        hint: `It is http or https, without a name or a password. A token goes by itself: ice target add ${named} URL --token -`,
      },
    );
  return { kind: 'remote', name: named, url: trimmed(entry.url), project: entry.project, origin, from };
}

const trimmed = (url: string): string => url.replace(/\/+$/, '');

/**
 * Writes a target into the user's config. Errors: `usage` for a name or address that can't be one, `conflict` when the
 * name is taken and `replace` was not asked.
 */
export async function addTarget(
  folder: string,
  name: string,
  entry: TargetEntry,
  options: { replace?: boolean } = {},
): Promise<void> {
  assertTargetName(name);
  if (!isServerAddress(entry.url))
    throw new IceError('usage', `That is no address that the target ${name} can have.`, {
      hint: `Write it whole, without a name or a password: ice target add ${name} https://ice.example.com`,
    });
  await updateUserConfig(folder, (config) => {
    const before = config.targets[name];
    if (before && before.url !== entry.url && !options.replace)
      throw new IceError('conflict', `The target ${name} is ${before.url} already.`, {
        hint: `Remove it first: ice target remove ${name}`,
      });
    return { ...config, targets: { ...config.targets, [name]: entry } };
  });
}

/** Makes a target the one that commands use when nothing else is said. Errors: `not_found` when it has no address. */
export async function useTarget(folder: string, name: string, known: readonly KnownTarget[]): Promise<void> {
  if (name !== 'local' && !known.some((target) => target.name === name))
    throw new IceError('not_found', `There is no target "${name}".`, {
      hint: `Add it: ice target add ${name} https://…`,
    });
  await updateUserConfig(folder, (config) => ({ ...config, target: name }));
}

/** Removes a target from the user's config, and the choice of it. Errors: `not_found` when it is not there. */
export async function removeTarget(folder: string, name: string): Promise<void> {
  await updateUserConfig(folder, (config) => {
    if (!Object.hasOwn(config.targets, name))
      throw new IceError('not_found', `There is no target "${name}" in your config.`, {
        hint: 'See what there is: ice target list',
      });
    const { [name]: _removed, ...targets } = config.targets;
    return { ...config, targets, target: config.target === name ? undefined : config.target };
  });
}

function assertTargetName(name: string): void {
  if (Object.hasOwn(RESERVED, name))
    throw new IceError('usage', `A target can't be called ${name}. ${RESERVED[name]}`, {
      hint: 'Choose another name, as prod.',
    });
  if (!targetNameSchema.safeParse(name).success)
    throw new IceError('usage', `"${name.slice(0, 60)}" can't be the name of a target.`, {
      hint: 'Letters, digits, dots, dashes and underscores, at most 50: prod, staging-eu',
    });
}
