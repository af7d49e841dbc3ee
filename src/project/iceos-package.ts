import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

let root: string | undefined;

/** The folder of the running package, wherever the build put this module. */
export function iceosRoot(): string {
  if (root !== undefined) return root;
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const file = join(folder, 'package.json');
    if (existsSync(file) && (JSON.parse(readFileSync(file, 'utf8')) as { name?: string }).name === 'iceos') {
      root = folder;
      return root;
    }
    if (folder === dirname(folder)) throw new Error('The package iceos has lost its package.json');
  }
}

/** Whether this is the source tree (run unbuilt) and not the installed package. */
export const runsUnbuilt = (): boolean => import.meta.url.endsWith('.ts');

/** The module that `import … from 'iceos'` means inside a bundle. */
export const iceosEntry = (): string =>
  join(iceosRoot(), runsUnbuilt() ? 'src/authoring/index.ts' : 'dist/authoring.js');
