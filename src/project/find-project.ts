import { existsSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { IceError } from '../contracts/errors.ts';

/** The file that makes a folder a project. */
export const PROJECT_FILE = 'ice.yaml';
/** The file that says what was pulled. */
export const LOCK_FILE = 'ice.lock.yaml';

/**
 * The folder of the project that `dir` is in: the nearest one upward with an `ice.yaml`. Undefined when there is none.
 * Symlinks are resolved, so that a project has one path however it was reached.
 */
export function findProject(dir: string): string | undefined {
  let folder: string;
  try {
    folder = realpathSync(resolve(dir));
    if (!statSync(folder).isDirectory()) folder = dirname(folder);
  } catch (error) {
    throw new IceError('not_found', `There is no folder ${resolve(dir)}.`, {
      hint: 'Name a folder that is there: --cwd DIR',
      cause: error,
    });
  }
  for (;;) {
    if (existsSync(join(folder, PROJECT_FILE))) return folder;
    const above = dirname(folder);
    if (above === folder) return undefined;
    folder = above;
  }
}
