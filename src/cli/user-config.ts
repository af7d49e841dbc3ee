import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { IceError } from '../contracts/errors.ts';

/** What `ice target add|use` keep, for every project of this user; never a credential. */
export interface UserConfig {
  target?: string;
  targets: Record<string, { url: string; project?: string }>;
}

/** Where the user's settings are: ICE_CONFIG_DIR, else the XDG folder; undefined when there is no home either. */
export function configDir(env: NodeJS.ProcessEnv): string | undefined {
  if (env['ICE_CONFIG_DIR']) return env['ICE_CONFIG_DIR'];
  if (env['XDG_CONFIG_HOME']) return join(env['XDG_CONFIG_HOME'], 'ice');
  if (process.platform === 'win32' && env['APPDATA']) return join(env['APPDATA'], 'ice');
  try {
    const home = env['HOME'] || homedir();
    return home ? join(home, '.config', 'ice') : undefined;
  } catch {
    // A user without a name in a container without HOME: there is nowhere to look, and nothing is wrong with that.
    return undefined;
  }
}

const fileIn = (dir: string): string => join(dir, 'config.json');

/** The user's settings; empty when there are none. */
export function readUserConfig(env: NodeJS.ProcessEnv): UserConfig {
  const dir = configDir(env);
  if (dir === undefined) return { targets: {} };
  const file = fileIn(dir);
  const text = readIfThere(file);
  if (text === undefined) return { targets: {} };
  try {
    const found = JSON.parse(text) as Partial<UserConfig>;
    const targets = Object.fromEntries(
      Object.entries(found.targets ?? {}).filter(([, target]) => typeof target?.url === 'string'),
    );
    return { ...(typeof found.target === 'string' ? { target: found.target } : {}), targets };
  } catch {
    throw new IceError('usage', `${file} is not JSON.`, { hint: `Mend it, or remove it: rm ${file}` });
  }
}

export function writeUserConfig(env: NodeJS.ProcessEnv, config: UserConfig): string {
  return writePrivate(env, 'config.json', `${JSON.stringify(config, null, 2)}\n`);
}

/** Text of a file that may not be there, or not be readable: both count as absent. */
export function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES') return undefined;
    throw error;
  }
}

/** Writes a file of the user's alone (0600) in one step: a reader sees the old text or the new. */
export function writePrivate(env: NodeJS.ProcessEnv, name: string, text: string): string {
  const dir = configDir(env);
  if (dir === undefined)
    throw new IceError('machine', 'There is no home folder to keep settings in.', {
      hint: 'Name one: ICE_CONFIG_DIR=DIR',
    });
  const file = join(dir, name);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const next = `${file}.${process.pid}`;
  try {
    writeFileSync(next, text, { mode: 0o600 });
    chmodSync(next, 0o600);
    renameSync(next, file);
  } catch (error) {
    rmSync(next, { force: true });
    throw error;
  }
  return file;
}
