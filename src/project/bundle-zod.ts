import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { Loader, Plugin } from 'esbuild';

/**
 * Keeps zod small in a bundle. `import { z } from 'zod'` is an import of an object that holds all of it (450 KB with
 * every language of its messages); `import * as z from 'zod'` lets the bundler leave out what is not used (170 KB).
 */
export const smallZod: Plugin = {
  name: 'small-zod',
  setup(build) {
    build.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.(js|cjs|ts)$/ }, (args) => ({
      contents: args.path.endsWith('.cjs')
        ? 'exports.en = require("./en.cjs").default;'
        : 'export { default as en } from "./en.js";',
      loader: 'js',
      resolveDir: join(args.path, '..'),
    }));
    build.onLoad({ filter: /\.(ts|mts|tsx|js|mjs|jsx)$/ }, async (args) => {
      if (/[\\/]node_modules[\\/]/.test(args.path)) return undefined;
      const text = await readFile(args.path, 'utf8');
      const contents = importAll(text);
      return contents === text ? undefined : { contents, loader: LOADERS[extname(args.path)] ?? 'ts' };
    });
  },
};

const LOADERS: Record<string, Loader> = {
  '.ts': 'ts',
  '.mts': 'ts',
  '.tsx': 'tsx',
  '.js': 'js',
  '.mjs': 'js',
  '.jsx': 'jsx',
};

/** What may stand before and between the imports at the top of a module; nothing in it can hold an import as text. */
const LEADING =
  /^(?:\uFEFF|\s+|;|\/\/[^\n]*|\/\*[\s\S]*?\*\/|(['"])use strict\1|import\s+(?:type\s+)?(?:[\w$*{}\s,]+?\s+from\s+)?(['"])[^'"\n]+\2)/;
const NAMED = /^import\s*\{\s*z\s*,?\s*\}\s*from\s*(['"])zod\1/;

/** Rewrites `import { z } from 'zod'` in the leading imports of a module; columns after it may move, lines don't. */
export function importAll(text: string): string {
  let done = '';
  let rest = text;
  for (;;) {
    const named = NAMED.exec(rest);
    if (named) {
      done += `import * as z from 'zod'${'\n'.repeat(named[0].split('\n').length - 1)}`;
      rest = rest.slice(named[0].length);
      continue;
    }
    const other = LEADING.exec(rest);
    if (!other) return done + rest;
    done += other[0];
    rest = rest.slice(other[0].length);
  }
}
