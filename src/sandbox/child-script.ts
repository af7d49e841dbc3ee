import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of this package, wherever the build put this module. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const file = join(folder, 'package.json');
    if (existsSync(file) && (JSON.parse(readFileSync(file, 'utf8')) as { name?: string }).name === 'iceos')
      return folder;
    const up = dirname(folder);
    if (up === folder) throw new Error('The package iceos has lost its package.json');
    folder = up;
  }
}

/**
 * The program of a child and what it may read: the source in development, one file without imports in a build
 * (made by scripts/build-std.ts).
 */
export function childScript(runtime: 'node' | 'quickjs'): {
  file: string;
  reads: string[];
  wasm: string;
  /** The picture of the empty VM, in a build. */
  base?: string;
} {
  const root = packageRoot();
  if (import.meta.url.endsWith('.ts')) {
    const sandbox = join(root, 'src/sandbox');
    const modules = join(root, 'node_modules/quickjs-wasi');
    return {
      file: join(sandbox, runtime, 'child.ts'),
      reads: [
        join(sandbox, '*'),
        join(root, 'src/contracts/*'),
        ...(runtime === 'quickjs' ? [join(modules, '*')] : []),
        join(root, 'package.json'),
      ],
      wasm: join(modules, 'quickjs.wasm'),
    };
  }
  const folder = join(root, 'dist/sandbox');
  return {
    file: join(folder, `${runtime}-child.js`),
    reads: [join(folder, '*'), join(root, 'package.json')],
    wasm: join(folder, 'quickjs.wasm'),
    base: join(folder, 'base.snapshot'),
  };
}
