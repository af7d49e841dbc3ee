import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Plugin } from 'esbuild';

/** What a tool takes from the AI SDK, and where the SDK itself has it from. */
const NAMES = ['tool', 'dynamicTool', 'jsonSchema', 'zodSchema', 'asSchema'];
const NAMESPACE = 'ice-ai';

/**
 * Lets a tool be written with `tool` of the AI SDK. `ai` is one module with all of the SDK: whoever imports a name of it
 * gets streams and servers, which the sandbox does not have. What a tool needs comes from the package below it; another
 * name brings the whole module, as before.
 */
export const smallAi: Plugin = {
  name: 'small-ai',
  setup(build) {
    build.onResolve({ filter: /^ai$/ }, async (args) => {
      if (args.pluginData === 'asked' || args.namespace === NAMESPACE) return undefined;
      const { path, kind, resolveDir, importer } = args;
      const ask = (name: string, from: string) =>
        build.resolve(name, { kind, resolveDir: from, importer, pluginData: 'asked' });
      const ai = await ask(path, resolveDir);
      if (ai.errors.length > 0) return ai;
      const below = await ask('@ai-sdk/provider-utils', dirname(ai.path));
      if (below.errors.length > 0) return ai;
      const has = await readFile(below.path, 'utf8').catch(() => '');
      const names = NAMES.filter((name) => new RegExp(`\\bexport\\s*\\{[^}]*\\b${name}\\b`).test(has));
      return { path: ai.path, namespace: NAMESPACE, pluginData: { ai: ai.path, below: below.path, names } };
    });
    build.onLoad({ filter: /.*/, namespace: NAMESPACE }, ({ pluginData }) => {
      const { ai, below, names } = pluginData as { ai: string; below: string; names: string[] };
      return {
        contents: `export { ${names.join(', ')} } from ${JSON.stringify(below)};\nexport * from ${JSON.stringify(ai)};\n`,
        resolveDir: dirname(ai),
      };
    });
  },
};
