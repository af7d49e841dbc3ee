import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

export type PackageManagerName = 'npm' | 'pnpm' | 'yarn' | 'bun';

/** How a package manager is spoken to. */
export interface PackageManager {
  name: PackageManagerName;
  install: string;
  test: string;
  /** What stands before `ice` to run the project's own. */
  exec: string;
}

const MANAGERS: Record<PackageManagerName, PackageManager> = {
  npm: { name: 'npm', install: 'npm install', test: 'npm test', exec: 'npx' },
  pnpm: { name: 'pnpm', install: 'pnpm install', test: 'pnpm test', exec: 'pnpm exec' },
  yarn: { name: 'yarn', install: 'yarn install', test: 'yarn test', exec: 'yarn' },
  bun: { name: 'bun', install: 'bun install', test: 'bun run test', exec: 'bunx' },
};
const LOCK_FILES: [string, PackageManagerName][] = [
  ['pnpm-lock.yaml', 'pnpm'],
  ['yarn.lock', 'yarn'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
  ['package-lock.json', 'npm'],
];

/**
 * The package manager of a folder: that of the nearest lock file here or above, else the one that runs this process
 * (`npm_config_user_agent`), else npm.
 */
export function packageManagerOf(
  dir: string,
  env: Readonly<Record<string, string | undefined>>,
): PackageManager {
  for (let folder = resolve(dir); ; folder = dirname(folder)) {
    const lock = LOCK_FILES.find(([name]) => existsSync(join(folder, name)));
    if (lock) return MANAGERS[lock[1]];
    if (folder === dirname(folder)) break;
  }
  const agent = /^(npm|pnpm|yarn|bun)\//.exec(env['npm_config_user_agent'] ?? '');
  return MANAGERS[(agent?.[1] as PackageManagerName | undefined) ?? 'npm'];
}
