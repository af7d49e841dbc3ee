import { join } from 'node:path';
import { type Resolved, SETTINGS, type Setting, type SettingName } from '../contracts/config.ts';
import { IceError } from '../contracts/errors.ts';
import type { ProjectFile } from '../contracts/project.ts';
import { PROJECT_FILE } from './find-project.ts';
import { isServerAddress } from './server-address.ts';
import type { UserConfig } from './user-config.ts';

export type Settings = Record<SettingName, Resolved>;

/** Where values come from, strongest first: flag > environment > project file > user config > default. */
export interface SettingSources {
  /** Values of flags, by setting; a flag that was not given is absent. */
  flags?: Partial<Record<SettingName, string | undefined>>;
  env?: Readonly<Record<string, string | undefined>>;
  /** What `ice.yaml` says, and the path by which to name it. */
  project?: { file: ProjectFile; path?: string };
  /** What the user's config says, and the path by which to name it. */
  user?: { config: UserConfig; path: string };
}

interface Form {
  wants: string;
  test: (value: string) => boolean;
  /** The value may hold a password, so it is not shown. */
  hidden?: boolean;
}

const FORMS: Partial<Record<SettingName, Form>> = {
  port: {
    wants: 'a port: a whole number from 0 to 65535',
    test: (value) => /^\d{1,5}$/.test(value) && Number(value) < 65_536,
  },
  durability: { wants: 'full or normal', test: (value) => ['full', 'normal'].includes(value) },
  logLevel: {
    wants: 'debug, info, warn or error',
    test: (value) => ['debug', 'info', 'warn', 'error'].includes(value),
  },
  noInput: { wants: '1 or 0', test: (value) => ['0', '1', 'true', 'false'].includes(value) },
  keyring: { wants: '1 or 0', test: (value) => ['0', '1', 'true', 'false'].includes(value) },
  apiUrl: {
    wants: 'an http or https address, without a name or a password in it',
    test: isServerAddress,
    hidden: true,
  },
  project: {
    wants: 'a project name: lower case, digits and dashes',
    test: (value) => /^[a-z0-9][a-z0-9-]{0,62}$/.test(value),
  },
};

/** Every setting with its origin, unchecked: what `ice doctor` shows also when a value is wrong. */
export function settingsAsGiven(sources: SettingSources): Settings {
  const settings = {} as Settings;
  for (const name of Object.keys(SETTINGS) as SettingName[]) settings[name] = resolveSetting(name, sources);
  return settings;
}

/**
 * Every setting with its origin. Errors: `usage` for a value that is not what its setting wants, naming where it came
 * from.
 */
export function resolveSettings(sources: SettingSources): Settings {
  const settings = settingsAsGiven(sources);
  for (const [name, form] of Object.entries(FORMS)) {
    const { value, from } = settings[name as SettingName];
    if (value === undefined || form.test(value)) continue;
    const shown = form.hidden ? 'not right' : `"${value.slice(0, 100)}"`;
    throw new IceError('usage', `${from} is ${shown}, and must be ${form.wants}.`, {
      hint: `Correct ${from}, or remove it.`,
      details: { setting: name, from },
    });
  }
  return settings;
}

/** `1` or `true`. */
export const isOn = (resolved: Resolved): boolean => resolved.value === '1' || resolved.value === 'true';

function resolveSetting(name: SettingName, sources: SettingSources): Resolved {
  const setting: Setting = SETTINGS[name];
  const flag = sources.flags?.[name];
  if (flag !== undefined) return { value: flag, origin: 'flag', from: `--${kebab(name)}` };

  // An empty variable is an unset one: that is how a CI file "removes" it.
  const variable = setting.env === undefined ? undefined : sources.env?.[setting.env];
  if (variable !== undefined && variable !== '')
    return { value: variable, origin: 'env', from: setting.env! };

  if (setting.key !== undefined) {
    const file = sources.project?.file as Record<string, unknown> | undefined;
    const path = sources.project?.path ?? PROJECT_FILE;
    const own = file?.[setting.key];
    if (typeof own === 'string') return { value: own, origin: 'project', from: `${setting.key} in ${path}` };

    if (name === 'project' && sources.project)
      return { value: sources.project.file.name, origin: 'project', from: `name in ${path}` };

    const kept = (sources.user?.config as Record<string, unknown> | undefined)?.[setting.key];
    if (typeof kept === 'string')
      return { value: kept, origin: 'user', from: `${setting.key} in ${sources.user!.path}` };
  }
  return { value: setting.default, origin: 'default', from: 'the default' };
}

const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** The file that holds the local target's database: a setting, relative to the project. */
export const databasePath = (root: string, settings: Settings): string =>
  join(root, settings.database.value ?? SETTINGS.database.default);
