import { posix } from 'node:path';
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild';

/** Built files by their path from the root of the package, with `/`. */
export type Files = Map<string, string>;

export interface JoinRequest {
  files: Files;
  metafile: Metafile;
  /** Sources, as the metafile names them: a layer stands on those before it. */
  layers: readonly (readonly string[])[];
  /** How files are printed. */
  print: BuildOptions;
}

/**
 * Splitting makes a chunk for each set of entries that share a module. With a hundred entries that is ninety files for
 * one command, and to find, read and link a file takes Node half a millisecond. Here each of a few `layers` is one
 * file: a chunk goes to the first layer that needs it. What needs a part of a layer loads all of it, which is cheaper
 * than the parts as long as what needs a layer needs most of it.
 *
 * What a chunk imports is needed by every layer that needs the chunk: so a layer imports only layers before it, and
 * there is no circle.
 */
export async function joinChunks({ files, metafile, layers, print }: JoinRequest): Promise<Files> {
  const homes = homesOf(metafile, layers);
  const parts = Map.groupBy(homes.keys(), (chunk) => homes.get(chunk)!);
  // Chunks call different things by one name.
  const aliases = (chunk: string): string[] => {
    const index = parts.get(homes.get(chunk)!)!.indexOf(chunk);
    return metafile.outputs[chunk]!.exports.map((name) => `${name}_${index} as ${name}`);
  };
  const texts = new Map(files);
  for (const [home, chunks] of parts) {
    const lines = chunks.map((chunk) => {
      const names = aliases(chunk).map((pair) => pair.split(' as ').reverse().join(' as '));
      return `export { ${names.join(', ')} } from ${JSON.stringify(relative(home, chunk))};`;
    });
    texts.set(home, lines.join('\n'));
  }

  /** Links files anew: chunks of the joined file `own` are read into it, names of others are imported from theirs. */
  const linker = (own?: string): Plugin => ({
    name: 'linker',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /.*/ }, ({ path, kind, importer, namespace }) => {
        if (kind === 'entry-point') return { path, namespace: 'chunk' };
        const target = posix.join(posix.dirname(importer), path);
        const home = namespace === 'chunk' && path.startsWith('.') ? homes.get(target) : undefined;
        if (home === undefined) return { path, external: true };
        if (home === own) return { path: target, namespace: 'chunk' };
        return {
          path: target,
          namespace: 'names',
          pluginData: importer,
          suffix: `?${posix.dirname(importer)}`,
        };
      });
      onLoad({ filter: /.*/, namespace: 'chunk' }, ({ path }) => ({ contents: texts.get(path)! }));
      onLoad({ filter: /.*/, namespace: 'names' }, ({ path, pluginData }) => ({
        contents: `export { ${aliases(path).join(', ')} } from ${JSON.stringify(relative(pluginData as string, homes.get(path)!))};`,
      }));
    },
  });
  const link = async (entries: string[], own?: string): Promise<void> => {
    const { outputFiles } = await build({
      ...print,
      bundle: true,
      format: 'esm',
      write: false,
      outdir: '/',
      entryPoints: entries.map((file) => ({ in: file, out: file.replace(/\.js$/, '') })),
      plugins: [linker(own)],
    });
    for (const { path, text } of outputFiles) texts.set(path.slice(1), text);
  };
  const whole = [...files.keys()].filter((file) => !homes.has(file) && file.endsWith('.js'));
  await Promise.all([link(whole), ...[...parts.keys()].map((home) => link([home], home))]);
  for (const chunk of homes.keys()) texts.delete(chunk);
  return texts;
}

/** The joined file of each chunk that a layer needs: that of the first one. */
function homesOf({ outputs }: Metafile, layers: JoinRequest['layers']): Map<string, string> {
  const homes = new Map<string, string>();
  for (const layer of layers) {
    const needed = new Set(layer.flatMap((source) => builtFrom(outputs, source)));
    for (const file of needed) {
      // An entry keeps its file: it is called by name.
      if (outputs[file]!.entryPoint === undefined && !homes.has(file))
        homes.set(file, posix.join(posix.dirname(file), nameOf(layer[0]!)));
      for (const { path, kind } of outputs[file]!.imports)
        if (kind === 'import-statement' && path in outputs) needed.add(path);
    }
  }
  return homes;
}

/** The built file that a source is in; what was left out of all of them is a mistake in the layers. */
function builtFrom(outputs: Metafile['outputs'], source: string): string[] {
  const files = Object.keys(outputs).filter(
    (file) => outputs[file]!.entryPoint === source || Object.hasOwn(outputs[file]!.inputs, source),
  );
  if (files.length === 0) throw new Error(`No built file has ${source}`);
  return files;
}

/** `src/cli/base-command.ts` -> `for-cli-base-command.js` */
const nameOf = (source: string): string =>
  `for-${source
    .replace(/^src\//, '')
    .replace(/\.ts$/, '')
    .replace(/\W+/g, '-')}.js`;

/** The specifier by which one file imports another. */
function relative(from: string, to: string): string {
  const path = posix.relative(posix.dirname(from), to);
  return path.startsWith('.') ? path : `./${path}`;
}
