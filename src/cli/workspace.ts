import { IceError } from '../contracts/errors.ts';
import { isOn, resolveSettings, type SettingSources, type Settings } from '../project/config.ts';
import { type Credentials, openCredentials } from '../project/credentials.ts';
import { findProject } from '../project/find-project.ts';
import { type LoadedProject, loadProject, type Project } from '../project/load-project.ts';
import { resolveTarget, type Target } from '../project/targets.ts';
import {
  EMPTY_USER_CONFIG,
  readUserConfig,
  type UserConfig,
  userConfigPath,
} from '../project/user-config.ts';
import { configDir } from './config-dir.ts';

/** Where a command stands: the project's folder, the user's config, and every setting with its origin. */
export interface Workspace {
  cwd: string;
  /** Absent outside of a project. */
  loaded: LoadedProject | undefined;
  user: { config: UserConfig; folder: string | undefined };
  sources: SettingSources;
  settings: Settings;
}

export interface WorkspaceFlags {
  target?: string | undefined;
  project?: string | undefined;
  /** Values of a command's own flags that are settings: `port`, `host`, `database`. */
  more?: SettingSources['flags'];
}

/** Reads what a command needs to know where it stands. Errors: `usage` for a setting that cannot be. */
export async function openWorkspace(
  cwd: string,
  env: NodeJS.ProcessEnv,
  flags: WorkspaceFlags,
): Promise<Workspace> {
  const loaded = findProject(cwd) === undefined ? undefined : await loadProject(cwd);
  const folder = configDir(env);
  const config = folder === undefined ? EMPTY_USER_CONFIG : readUserConfig(folder);
  const sources: SettingSources = {
    flags: { target: flags.target, project: flags.project, ...flags.more },
    env,
    ...(loaded?.project ? { project: { file: loaded.project.file } } : {}),
    ...(folder === undefined ? {} : { user: { config, path: userConfigPath(folder) } }),
  };
  return { cwd, loaded, user: { config, folder }, sources, settings: resolveSettings(sources) };
}

/** The project, or why there is none that can be used. Errors: `project_invalid`. */
export function projectOf({ cwd, loaded }: Workspace): Project {
  if (!loaded)
    throw new IceError('project_invalid', `There is no ice.yaml in ${cwd} or above it.`, {
      hint: 'Go to the folder of a project, or make one: npx iceos init my-project',
    });
  if (loaded.project) return loaded.project;
  throw new IceError('project_invalid', 'ice.yaml is not valid.', {
    hint: 'ice validate shows where',
    details: { diagnostics: loaded.diagnostics },
  });
}

export const targetOf = (workspace: Workspace): Target =>
  resolveTarget({
    settings: workspace.settings,
    user: workspace.user.config,
    ...(workspace.loaded?.project ? { project: workspace.loaded.project.file } : {}),
  });

/** The user's config folder, for what is to be kept in it. Errors: `machine` when there is no home. */
export function configFolderOf({ user }: Workspace): string {
  if (user.folder !== undefined) return user.folder;
  throw new IceError('machine', 'There is no home folder to keep settings in.', {
    hint: 'Name a folder: ICE_CONFIG_DIR=DIR',
  });
}

export function credentialsOf(workspace: Workspace): Credentials {
  const { settings } = workspace;
  return openCredentials({
    folder: configFolderOf(workspace),
    ...(settings.apiToken.value === undefined ? {} : { envToken: settings.apiToken.value }),
    keyring: isOn(settings.keyring),
  });
}
