import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * The folder of the user's config and credentials: ICE_CONFIG_DIR, else the XDG folder, else `~/.config/ice`.
 * Undefined when there is no home either (a user without a name in a container), which is nothing wrong by itself.
 */
export function configDir(env: NodeJS.ProcessEnv): string | undefined {
  if (env['ICE_CONFIG_DIR']) return env['ICE_CONFIG_DIR'];
  if (env['XDG_CONFIG_HOME']) return join(env['XDG_CONFIG_HOME'], 'ice');
  if (process.platform === 'win32' && env['APPDATA']) return join(env['APPDATA'], 'ice');
  try {
    const home = env['HOME'] || homedir();
    return home ? join(home, '.config', 'ice') : undefined;
  } catch {
    return undefined;
  }
}
