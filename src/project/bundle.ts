import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isAbsolute, join, sep } from 'node:path';
import type { BuildFailure, BuildOptions, BuildResult, Message, Metafile, Plugin } from 'esbuild';
import type { CodeRuntime } from '../contracts/components.ts';
import type { Diagnostic } from '../contracts/diagnostics.ts';
import { IceError } from '../contracts/errors.ts';
import { smallAi } from './bundle-ai.ts';
import {
  type BundleInput,
  hashFile,
  inputsOf,
  isOwn,
  reachedFrom,
  relativePath,
  sha256,
} from './bundle-inputs.ts';
import { type NodeImport, nodeFindings, nodeModules } from './bundle-node.ts';
import { smallZod } from './bundle-zod.ts';
import { explainMessage } from './bundler-words.ts';
import { iceosEntry, iceosRoot } from './iceos-package.ts';

/** A bundle larger than this is refused. */
export const MOST_BUNDLE_BYTES = 16 * 1024 * 1024;

export interface BundleRequest {
  /** The project's folder, absolute; the bundle does not depend on where it is. */
  root: string;
  /** The module, absolute or relative to the root. */
  file: string;
  /** Picks the variant of packages that have one for Node; `sandbox` unless said. */
  runtime?: CodeRuntime;
  /** With a source map: to say where a place in the code was written. */
  map?: boolean;
}

export interface BuiltBundle {
  /** One ES module; its default export is the tool. */
  code: string;
  /** `sha256:…` of the code. */
  digest: string;
  inputs: BundleInput[];
  /** `sha256:…` over the own inputs: tells "your code changed" from "a dependency changed". */
  sourcesDigest: string;
  /** JSON; only if it was asked for. */
  map?: string;
  /** Imports that lead to modules of Node, told as what is wrong with them where `runtime` is not `node`. */
  nodeImports: Diagnostic[];
  warnings: Diagnostic[];
}

/**
 * Bundles a module with all that it imports. The same sources give the same bytes in every folder: the root is the
 * working folder of the build, and what names a path is printed away.
 * @throws IceError `project_invalid` with the diagnostics (file, line, column) in `details.diagnostics`.
 */
export async function bundle(options: BundleRequest): Promise<BuiltBundle> {
  if (options.runtime === 'node') return (await bundleFor('node', options)).built;
  const plain = await bundleFor('neutral', options);
  if (!plain.onlyPackagesNeedNode) return plain.built;
  // Packages say what they do without in a browser. Not asked first: there they may want a page instead.
  const { built } = await bundleFor('browser', options).catch(() => plain);
  return built.nodeImports.length === 0 ? built : plain.built;
}

/** What packages are to be picked and read for: Node, no place that they know, or a browser. */
type Platform = 'node' | 'neutral' | 'browser';

async function bundleFor(
  platform: Platform,
  options: BundleRequest,
): Promise<{ built: BuiltBundle; onlyPackagesNeedNode: boolean }> {
  const { root } = options;
  const entry = isAbsolute(options.file) ? options.file : join(root, options.file);
  const shown = relativePath(root, entry);
  // Loading the compiler takes longer than most commands.
  const { build } = await import('esbuild');
  const nodeImports: NodeImport[] = [];
  let result: Result;
  try {
    result = await build({
      ...(await settingsOf(root, platform, nodeImports)),
      entryPoints: [entry],
      sourcemap: options.map ? 'inline' : false,
    });
  } catch (error) {
    throw bundleFailed(root, shown, error);
  }
  const printed = await print(result.outputFiles[0]!.text, options.map);
  const bytes = Buffer.byteLength(printed.code);
  if (bytes > MOST_BUNDLE_BYTES)
    throw new IceError(
      'too_large',
      `The bundle of ${shown} has ${bytes} bytes, at most ${MOST_BUNDLE_BYTES} are allowed`,
      {
        hint: largest(result.metafile),
      },
    );
  const built = {
    ...described(printed.code, await inputsOf(root, Object.keys(result.metafile.inputs), hashFile)),
    nodeImports: await nodeFindings(root, shown, result.metafile, nodeImports),
    ...(options.map ? { map: printed.map } : {}),
    warnings: result.warnings.map((message) => diagnosticOf(root, shown, message, 'warning')),
  };
  const isInPackage = ({ importer }: NodeImport) => !isOwn(root, relativePath(root, importer));
  return { built, onlyPackagesNeedNode: nodeImports.length > 0 && nodeImports.every(isInPackage) };
}

/**
 * Bundles several modules for the sandbox as `bundle` does each, byte for byte, but reads and parses what they share
 * (a schema library has a hundred files) once. Those about which there is something to say are left out, to be bundled
 * by themselves: who made a mistake is then plain. `files` are absolute, and the keys of what is returned.
 */
export async function bundleTogether(
  root: string,
  files: readonly string[],
): Promise<Map<string, BuiltBundle>> {
  const { build } = await import('esbuild');
  const bundles = new Map<string, BuiltBundle>();
  let result: Result;
  try {
    result = await build({
      ...(await settingsOf(root, 'neutral', [])),
      entryPoints: [...files],
      // Nothing is written; several outputs need names.
      outdir: join(root, 'bundles'),
    });
  } catch {
    return bundles;
  }
  if (result.warnings.some(({ location }) => location === null)) return bundles;
  const spokenOf = new Set(result.warnings.map(({ location }) => location!.file));
  const shas = new Map<string, Promise<string>>();
  const hashOnce = (path: string): Promise<string> => {
    let sha = shas.get(path);
    if (sha === undefined) {
      sha = hashFile(path);
      shas.set(path, sha);
    }
    return sha;
  };
  const texts = new Map(result.outputFiles.map((file) => [relativePath(root, file.path), file]));
  await Promise.all(
    Object.entries(result.metafile.outputs).map(async ([output, { entryPoint, imports }]) => {
      if (entryPoint === undefined || imports.some(({ external }) => external)) return;
      const reached = reachedFrom(entryPoint, result.metafile);
      if (reached.some((path) => spokenOf.has(path))) return;
      const { code } = await print(texts.get(output)!.text);
      if (Buffer.byteLength(code) > MOST_BUNDLE_BYTES) return;
      bundles.set(join(root, entryPoint), {
        ...described(code, await inputsOf(root, reached, hashOnce)),
        nodeImports: [],
        warnings: [],
      });
    }),
  );
  return bundles;
}

type Settings = BuildOptions & { write: false; metafile: true };
type Result = BuildResult<Settings>;

async function settingsOf(root: string, platform: Platform, nodeImports: NodeImport[]): Promise<Settings> {
  return {
    absWorkingDir: root,
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    target: 'es2023',
    charset: 'utf8',
    legalComments: 'none',
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'silent',
    logLimit: 50,
    platform,
    ...(platform === 'node'
      ? {}
      : { mainFields: ['browser', 'module', 'main'], conditions: ['module', 'browser'] }),
    // What lies above the project must not change its bundles.
    ...(await tsconfigOf(root)),
    loader: { '.txt': 'text', '.md': 'text', '.csv': 'text' },
    plugins: [ownPackage, smallZod, smallAi, nodeModules(platform === 'node', nodeImports)],
  };
}

/** Prints code once more: that drops the comments which name the path of each module, and keeps lines readable. */
async function print(text: string, map = false): Promise<{ code: string; map: string }> {
  const { transform } = await import('esbuild');
  const printed = await transform(text, {
    format: 'esm',
    target: 'es2023',
    charset: 'utf8',
    legalComments: 'none',
    sourcemap: map ? 'external' : false,
  });
  return { code: printed.code.replaceAll('\r\n', '\n'), map: printed.map };
}

function described(
  code: string,
  inputs: BundleInput[],
): Pick<BuiltBundle, 'code' | 'digest' | 'inputs' | 'sourcesDigest'> {
  const own = inputs.filter((input) => input.own).map(({ path, sha }) => `${path} ${sha}\n`);
  return {
    code,
    digest: `sha256:${sha256(code)}`,
    inputs,
    sourcesDigest: `sha256:${sha256(own.join(''))}`,
  };
}

/** `iceos` comes from the running package where the project has none (or is inside the package itself). */
const ownPackage: Plugin = {
  name: 'iceos-and-zod',
  setup(build) {
    build.onResolve({ filter: /^(iceos|zod)(\/|$)/ }, async (args) => {
      if (args.pluginData === 'asked') return undefined;
      const { path, kind, resolveDir, importer } = args;
      const found = await build.resolve(path, { kind, resolveDir, importer, pluginData: 'asked' });
      const inside =
        found.path.startsWith(iceosRoot() + sep) && !found.path.includes(`${sep}node_modules${sep}`);
      if (path === 'iceos' && (found.errors.length > 0 || inside))
        return { path: iceosEntry(), sideEffects: false };
      if (found.errors.length === 0) return found;
      if (path.startsWith('iceos'))
        return { errors: [{ text: `A tool imports nothing but "iceos" itself, not "${path}"` }] };
      return build.resolve(path, { kind, resolveDir: iceosRoot(), importer, pluginData: 'asked' });
    });
  },
};

async function tsconfigOf(root: string): Promise<{ tsconfig: string } | { tsconfigRaw: string }> {
  const file = join(root, 'tsconfig.json');
  return readFile(file).then(
    () => ({ tsconfig: file }),
    () => ({ tsconfigRaw: '{}' }),
  );
}

function bundleFailed(root: string, shown: string, error: unknown): IceError {
  const messages = (error as Partial<BuildFailure>).errors;
  if (messages === undefined)
    return new IceError(
      'machine',
      `The bundler did not run: ${error instanceof Error ? error.message : String(error)}`,
      {
        hint: 'npm rebuild esbuild',
        cause: error,
      },
    );
  const diagnostics = messages.map((message) => diagnosticOf(root, shown, message, 'error'));
  const [first] = diagnostics;
  const at = first?.range ? `${first.file}:${first.range.start.line}:${first.range.start.column}` : shown;
  return new IceError('project_invalid', `${at}: ${first?.message ?? 'it cannot be bundled'}`, {
    hint: first?.help,
    details: { diagnostics },
  });
}

function diagnosticOf(
  root: string,
  shown: string,
  message: Message,
  severity: 'error' | 'warning',
): Diagnostic {
  const { location } = message;
  const file = location === null ? shown : relativePath(root, join(root, location.file));
  // esbuild counts columns in bytes from 0.
  const column =
    location === null ? 0 : Buffer.from(location.lineText).subarray(0, location.column).toString().length;
  const start = location === null ? undefined : { line: location.line, column: column + 1, offset: 0 };
  const before = location === null ? '' : textBefore(join(root, location.file), location.line, column);
  const { message: says, help } = explainMessage(root, message, before);
  const missing = says.endsWith('is not found');
  return {
    code: missing ? 'ICE4002' : severity === 'warning' ? 'ICE4004' : 'ICE4001',
    severity,
    message: says,
    file,
    ...(start === undefined
      ? {}
      : { range: { start, end: { ...start, column: start.column + Math.max(1, location?.length ?? 1) } } }),
    ...(help === undefined ? {} : { help }),
  };
}

function textBefore(path: string, line: number, column: number): string {
  try {
    const lines = readFileSync(path, 'utf8').split('\n').slice(0, line);
    return [...lines.slice(0, -1), lines.at(-1)!.slice(0, column)].join('\n');
  } catch {
    // A virtual module has no file.
    return '';
  }
}

function largest(metafile: Metafile): string {
  const [output] = Object.values(metafile.outputs);
  const parts = Object.entries(output?.inputs ?? {}).sort((a, b) => b[1].bytesInOutput - a[1].bytesInOutput);
  return `The largest parts: ${parts
    .slice(0, 3)
    .map(([path, { bytesInOutput }]) => `${path} (${bytesInOutput} bytes)`)
    .join(', ')}`;
}
