import { readFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import type { Metafile, Plugin } from 'esbuild';
import type { Diagnostic } from '../contracts/diagnostics.ts';
import { isOwn, reachedFrom, relativePath } from './bundle-inputs.ts';
import { rangeIn } from './definition-fields.ts';

/** A module of Node that is imported by a file, with the name that it has there. */
export interface NodeImport {
  name: string;
  /** Absolute. */
  importer: string;
}

const BUILTINS = new Set(builtinModules.flatMap((name) => [name, `node:${name}`]));
const NAMESPACE = 'node-module';

/**
 * Leaves modules of Node outside and notes who imports them: whether they may be is known after extraction. `isThere`:
 * whether the bundle is for Node.
 */
export const nodeModules = (isThere: boolean, found: NodeImport[]): Plugin => ({
  name: 'node-modules',
  setup(build) {
    build.onResolve({ filter: /^(node:.*|[a-z_0-9]+(\/[a-z_/0-9]+)?)$/ }, async (args) => {
      if (!BUILTINS.has(args.path) || args.pluginData === 'asked') return undefined;
      const { kind, resolveDir, importer } = args;
      if (!args.path.startsWith('node:')) {
        // A package may have the name of a module of Node (events, buffer, url), or do without it in a browser.
        const other = await build.resolve(args.path, { kind, resolveDir, importer, pluginData: 'asked' });
        if (other.errors.length === 0 && !other.external) return undefined;
      }
      found.push({ name: args.path, importer });
      const name = args.path.startsWith('node:') ? args.path : `node:${args.path}`;
      return isThere && kind === 'require-call'
        ? { path: name, namespace: NAMESPACE }
        : { path: name, external: true };
    });
    // A bundle is an ES module, which has no `require`.
    build.onLoad({ filter: /.*/, namespace: NAMESPACE }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
      loader: 'js',
    }));
  },
});

/**
 * What is wrong with them in the sandbox, at the imports of the project's own that lead to them: in a package nobody
 * can mend them.
 */
export async function nodeFindings(
  root: string,
  entry: string,
  metafile: Metafile,
  found: readonly NodeImport[],
): Promise<Diagnostic[]> {
  const names = new Map<string, string[]>();
  for (const { name, importer } of found) {
    const file = relativePath(root, importer);
    names.set(file, [...(names.get(file) ?? []), name]);
  }
  const findings: Diagnostic[] = [];
  if (found.length === 0) return findings;
  for (const file of reachedFrom(entry, metafile).filter((path) => isOwn(root, path))) {
    const text = await readFile(join(root, file), 'utf8').catch(() => '');
    const told = new Set<string>();
    const tell = (specifier: string, message: string): void => {
      if (told.has(specifier)) return;
      told.add(specifier);
      findings.push({
        code: 'ICE4003',
        severity: 'error',
        message,
        file,
        ...rangeOf(text, specifier),
        help: "Use ctx.fetch and web APIs, or say runtime: 'node' in defineTool (runs only where the operator allows it)",
      });
    };
    for (const name of names.get(file) ?? [])
      tell(name, `${name} is a module of Node, which the sandbox does not have`);
    for (const { path, original, external } of metafile.inputs[file]?.imports ?? []) {
      if (external || original === undefined || isOwn(root, path)) continue;
      const within = reachedFrom(path, metafile).filter((each) => !isOwn(root, each));
      const needed = [...new Set(within.flatMap((each) => names.get(each) ?? []))];
      if (needed.length === 0) continue;
      const shown = needed.slice(0, 3).join(', ');
      const more = needed.length > 3 ? ` and ${needed.length - 3} more` : '';
      const what = needed.length === 1 ? 'a module' : 'modules';
      tell(original, `${original} needs ${what} of Node (${shown}${more}), which the sandbox does not have`);
    }
  }
  return findings;
}

function rangeOf(text: string, specifier: string): Pick<Diagnostic, 'range'> {
  const offset = Math.max(...[`'${specifier}'`, `"${specifier}"`].map((quoted) => text.indexOf(quoted)));
  if (offset < 0) return {};
  return { range: rangeIn(text, offset, offset + specifier.length + 2) };
}
