import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { iceosRoot } from './iceos-package.ts';

let packageJson: { version: string; dependencies?: Record<string, string> } | undefined;
const ownPackage = (): NonNullable<typeof packageJson> => {
  packageJson ??= JSON.parse(readFileSync(join(iceosRoot(), 'package.json'), 'utf8')) as NonNullable<
    typeof packageJson
  >;
  return packageJson;
};

/** The version of the running `ice`. */
export const iceVersion = (): string => ownPackage().version;

/** What makes bundles besides the sources. Its version is pinned in our package, so the bundler need not be loaded. */
export const toolchain = (): string => `esbuild ${ownPackage().dependencies?.['esbuild'] ?? 'unknown'}`;
