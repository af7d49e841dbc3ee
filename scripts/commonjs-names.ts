import { readFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Plugin } from 'esbuild';

/**
 * With splitting, `await import('a CommonJS package')` gives a module that has a default export and nothing else, where
 * Node gives the names, too: `const { Pool } = await import('undici')` would be undefined, in the build alone. Each
 * such package gets a module around it that exports the names which Node finds.
 */
export const commonJsNames: Plugin = {
  name: 'commonjs-names',
  setup({ onResolve, onLoad, resolve }) {
    onResolve({ filter: /^[@a-z]/ }, async ({ path, kind, resolveDir, importer, pluginData }) => {
      if (kind !== 'dynamic-import' || path.startsWith('node:') || pluginData === 'asked') return undefined;
      const found = await resolve(path, { kind, resolveDir, importer, pluginData: 'asked' });
      if (found.errors.length > 0 || found.external || !isCommonJs(found.path)) return undefined;
      return { path: found.path, namespace: 'commonjs-names' };
    });
    onLoad({ filter: /.*/, namespace: 'commonjs-names' }, async ({ path }) => {
      const module = (await import(pathToFileURL(path).href)) as Record<string, unknown>;
      const names = Object.keys(module).filter(
        (name) => name !== 'default' && /^[A-Za-z_$][\w$]*$/.test(name),
      );
      return {
        contents: [
          `import * as whole from ${JSON.stringify(path)};`,
          'export default whole.default;',
          `export const { ${names.join(', ')} } = whole;`,
        ].join('\n'),
        resolveDir: dirname(path),
        loader: 'js',
      };
    });
  },
};

/** As Node decides it: by the ending, else by `type` of the nearest package.json. */
function isCommonJs(path: string): boolean {
  if (extname(path) === '.mjs') return false;
  if (extname(path) === '.cjs') return true;
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    try {
      return (
        (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { type?: string }).type !==
        'module'
      );
    } catch {
      if (folder === dirname(folder)) return true;
    }
  }
}
