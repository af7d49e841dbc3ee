import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { Metafile } from 'esbuild';
import { iceosRoot } from './iceos-package.ts';

/** A file that went into a bundle. */
export interface BundleInput {
  /** Relative to the root, with `/`. */
  path: string;
  /** sha256 of its bytes. */
  sha: string;
  /** Whether it is the project's own source (not a dependency). */
  own: boolean;
}

export const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');
export const hashFile = async (path: string): Promise<string> => sha256(await readFile(path));
export const relativePath = (root: string, file: string): string => relative(root, file).split(sep).join('/');

/** A module that a plugin made has the name of its namespace first; one that a package does without is `(disabled):`. */
const isFile = (path: string): boolean => !/^(?:[a-z-]{2,}|\(disabled\)):/.test(path);

/** Whether a file, relative to the root, is the project's own source. */
export const isOwn = (root: string, path: string): boolean =>
  isFile(path) &&
  !path.startsWith('..') &&
  !/(^|\/)node_modules\//.test(path) &&
  !join(root, path).startsWith(join(iceosRoot(), 'src') + sep);

/** The files among these, with what they hold, in the order of their paths. */
export async function inputsOf(
  root: string,
  paths: readonly string[],
  hashOf: (path: string) => Promise<string>,
): Promise<BundleInput[]> {
  const inputs = await Promise.all(
    paths.filter(isFile).map(async (path) => {
      const absolute = join(root, path);
      const shown = relativePath(root, absolute);
      return { path: shown, sha: await hashOf(absolute), own: isOwn(root, shown) };
    }),
  );
  return inputs.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The files that a module imports, and what they import, itself first. */
export function reachedFrom(entry: string, { inputs }: Metafile): string[] {
  const reached = new Set([entry]);
  for (const path of reached)
    for (const { path: imported, external } of inputs[path]?.imports ?? [])
      if (!external) reached.add(imported);
  return [...reached];
}
