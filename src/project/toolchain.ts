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

declare const __ICE_BUILD__: string;

/**
 * What tells this build from every other one, for caches of what it made of a text; undefined in a checkout, whose
 * sources may change from one command to the next.
 */
export const buildId = (): string | undefined =>
  typeof __ICE_BUILD__ === 'string' ? __ICE_BUILD__ : undefined;

/** The version of the running `ice`. */
export const iceVersion = (): string => ownPackage().version;

/** What makes bundles besides the sources. Its version is pinned in our package, so the bundler need not be loaded. */
export const toolchain = (): string => `esbuild ${ownPackage().dependencies?.['esbuild'] ?? 'unknown'}`;
