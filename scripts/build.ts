/**
 * `npm run build`: everything that users get, in dist/. One ESM bundle with splitting, so that a command loads its own
 * file and the few chunks that it shares; the authoring library alone, since it goes into every tool's bundle; types
 * by tsc; the first-party tools prebuilt; the command manifest; the licences of what is bundled.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { type BuildOptions, type BuildResult, build, type Metafile, type Plugin, transform } from 'esbuild';
import type { Manifest } from '../src/cli/catalogue.ts';
import { calledInStarts } from './called-in-starts.ts';
import { commonJsNames } from './commonjs-names.ts';
import { makeEager } from './eager-functions.ts';
import { joinChunks } from './join-chunks.ts';

const root = join(import.meta.dirname, '..');
const src = join(root, 'src');
const dist = join(root, 'dist');
const posix = (path: string) => path.split(sep).join('/');
const from = Date.now();

/**
 * In a bundle `import.meta.url` is the address of a chunk, not of the file as written. Each source file keeps the
 * place that it has in src/, moved to dist/: `new URL('./child.ts', import.meta.url)` finds dist/…/child.js, and
 * what lies outside of src/ (templates/) is as far from dist/ as it was from src/. Files named so become entries.
 */
const forked = new Set<string>();
const places: Plugin = {
  name: 'places',
  setup({ onLoad }) {
    onLoad({ filter: /\.m?js$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      const contents = builtinsAsked(text);
      return contents === text ? undefined : { contents, loader: 'js' };
    });
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const inside = posix(relative(src, path));
      if (inside.startsWith('..') || path.includes('node_modules')) return undefined;
      const text = readFileSync(path, 'utf8');
      if (!text.includes('import.meta.') && !text.includes("from 'node:")) return undefined;
      const contents = builtinsAsked(text)
        .replace(/new URL\((['"])(\.[^'"]+)\.ts\1,\s*import\.meta\.url\)/g, (_all, quote, target) => {
          forked.add(posix(relative(src, join(dirname(path), `${target}.ts`))));
          return `new URL(${quote}${target}.js${quote}, import.meta.url)`;
        })
        .replace(
          /\bimport\.meta\.url\b/g,
          `new URL(${JSON.stringify(inside.replace(/\.ts$/, '.js'))}, __iceDist).href`,
        )
        .replace(
          /\bimport\.meta\.filename\b/g,
          `__iceFile(${JSON.stringify(inside.replace(/\.ts$/, '.js'))})`,
        )
        .replace(/\bimport\.meta\.dirname\b/g, `__iceFile(${JSON.stringify(posix(dirname(inside)))})`);
      return { contents, loader: 'ts' };
    });
  },
};

/**
 * An import of a built-in module reads every export of it, also those that load half of Node when they are read
 * (streams for `node:fs`, webcrypto for `node:crypto`). Asked for by name, it gives only what is used.
 */
const builtinsAsked = (text: string): string =>
  text.replace(
    /^import (?!type\b)(?:(\w+)|\{([^}]*)\}) from ['"](node:[\w/]+)['"];$/gm,
    (_all, whole: string | undefined, names: string | undefined, module: string) => {
      const taken = names
        ?.split(',')
        .map((name) => name.trim())
        .filter((name) => name !== '' && !name.startsWith('type '))
        .map((name) => name.replace(/^(\w+) as /, '$1: '));
      return `const ${whole ?? `{ ${taken!.join(', ')} }`} = globalThis.process.getBuiltinModule('${module}');`;
    },
  );

/**
 * Of the command line's library the bundle takes what is used at run time: flags, arguments, the parser. What runs a
 * command is ours (base-command.ts), so of the library's class the fields are enough; its discovery of plugins, its
 * help, its spinners and how it prints errors stay out (ours know the manifest), and its debug log, which would print
 * argv with what is secret in it.
 */
const LEFT_OUT: Record<string, string> = {
  'lib/command.js':
    'exports.Command = class { static args = {}; static flags = {}; constructor(argv, config) { this.argv = argv; this.config = config; } get ctor() { return this.constructor; } };',
  'lib/errors/errors/pretty-print.js':
    'exports.default = () => {}; exports.applyPrettyPrintOptions = (error) => error;',
  'lib/errors/handle.js': 'exports.handle = async () => {};',
  'lib/config/index.js': 'exports.Config = class {}; exports.Plugin = class {};',
  'lib/help/index.js': 'exports.Help = class {}; exports.loadHelpClass = async () => exports.Help;',
  'lib/ux/action/simple.js': 'exports.default = class {};',
  'lib/ux/action/spinner.js': 'exports.default = class {};',
  'lib/logger.js':
    'const quiet = () => {}; const logger = { child: () => logger, debug: quiet, error: quiet, info: quiet, namespace: "", trace: quiet, warn: quiet };' +
    'exports.getLogger = () => logger; exports.setLogger = quiet; exports.makeDebug = () => quiet; exports.clearLoggers = quiet;',
  'lib/performance.js':
    'exports.OCLIF_MARKER_OWNER = ""; exports.Performance = class { static mark() {} static collect() {} static debug() {} };',
};
const library: Plugin = {
  name: 'library',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^@oclif\/core$/ }, () => ({ path: 'library', namespace: 'library' }));
    onLoad({ filter: /.*/, namespace: 'library' }, () => ({
      contents: `export { Command } from '@oclif/core/command';
export * as Args from '@oclif/core/args';
export * as Flags from '@oclif/core/flags';
export * as Parser from '@oclif/core/parser';`,
      resolveDir: root,
      loader: 'js',
    }));
    onLoad({ filter: /@oclif[\\/]core[\\/]lib[\\/].*\.js$/ }, ({ path }) => {
      const inside = posix(path).split('@oclif/core/')[1]!;
      return inside in LEFT_OUT
        ? { contents: `exports.__esModule = true; ${LEFT_OUT[inside]}`, loader: 'js' }
        : undefined;
    });
    // It wraps, indents and cleans errors with these, to print them.
    onResolve({ filter: /^(wrap-ansi|indent-string|clean-stack)$/ }, ({ importer }) =>
      /@oclif[\\/]core/.test(importer) ? { path: 'as it is', namespace: 'as-it-is' } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'as-it-is' }, () => ({
      contents: 'module.exports = (text) => text;',
      loader: 'js',
    }));
    // The manifest is made from the sources; the built command line reads it.
    onLoad({ filter: /src[\\/]cli[\\/]discover\.ts$/ }, () => ({
      contents: 'export const discover = undefined;',
      loader: 'js',
    }));
  },
};

/**
 * `import { z } from 'zod'` is an import of an object that holds all of zod, with its messages in fifty languages: where
 * one module has it, every command loads all of it. `import * as z` is an import of what is used.
 */
const smallZod: Plugin = {
  name: 'small-zod',
  setup({ onLoad, onEnd }) {
    onLoad({ filter: /node_modules[\\/]@ai-sdk[\\/].*\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replace(
        /^import \{ z \} from (?=["']zod)/m,
        'import * as z from ',
      ),
      loader: 'js',
    }));
    onEnd(({ metafile }) => {
      const isWhole = Object.values(metafile?.outputs ?? {}).some(
        ({ inputs }) => (inputs['node_modules/zod/v4/locales/index.js']?.bytesInOutput ?? 0) > 0,
      );
      if (isWhole)
        return { errors: [{ text: 'All of zod is in the build: something imports { z }, and not * as z' }] };
      return undefined;
    });
  },
};

/** What a built file may use without declaring it, and the line that gives it: only the files that do have it. */
const GIVEN: [RegExp, string][] = [
  // CommonJS packages in an ESM bundle.
  [
    /\brequire\b/,
    "const require = globalThis.process.getBuiltinModule('module').createRequire(import.meta.url);",
  ],
  [
    /\b__ice(Dist|File)\b/,
    `const __iceDist = import.meta.url.slice(0, import.meta.url.lastIndexOf('/dist/') + 6);
const __iceFile = (path) => globalThis.process.getBuiltinModule('url').fileURLToPath(new URL(path, __iceDist));`,
  ],
];

/** The layers of a host without commands, for `joinChunks`. */
const HOST = [
  ['src/client/index.ts'],
  ['src/host/index.ts', 'src/stores/sqlite/index.ts'],
  ['src/server/new-runs.ts', 'src/language/plan/tool-plan.ts'],
  ['src/host/engine.ts'],
  ['src/language/plan/compile.ts'],
];
/** Those of the commands: what each of them has, what those have that are typed all day, what runs something. */
const COMMANDS = [
  ['src/cli/main.ts'],
  // The host shares canonicalize with what builds a project, and nothing else.
  [
    'src/cli/base-command.ts',
    'src/cli/commands/runs/list.ts',
    'node_modules/canonicalize/lib/canonicalize.js',
  ],
  [
    'src/cli/built-project.ts',
    'src/cli/commands/run.ts',
    'src/cli/commands/push.ts',
    // A check, which says what is wrong, shares these with what runs expressions and reads documents.
    'src/language/expressions/codes.ts',
    'src/language/source/line-index.ts',
    'src/language/diagnostics/fixes.ts',
  ],
  ['src/host/workbench.ts', ...HOST[1]!],
  ...HOST.slice(2),
  ['src/cli/commands/validate.ts'],
];

/** Of everything that a build is made of: see `buildId` in src/project/toolchain.ts. */
const buildId = (() => {
  const digest = createHash('sha256').update(readFileSync(join(root, 'package-lock.json')));
  for (const file of readdirSync(src, { recursive: true, encoding: 'utf8' }).sort())
    if (file.endsWith('.ts')) digest.update(`${file}\0`).update(readFileSync(join(src, file)));
  return digest.digest('hex').slice(0, 32);
})();

const common: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node22.18',
  outdir: dist,
  external: ['esbuild', 'keytar'],
  legalComments: 'none',
  minifySyntax: true,
  define: {
    __ICE_BUILD__: JSON.stringify(buildId),
    // Used by packages for reading a version that they do not find.
    __dirname: 'import.meta.dirname',
    __filename: 'import.meta.filename',
  },
  metafile: true,
  logLevel: 'warning',
  plugins: [library, smallZod, places, commonJsNames],
};

const commands = readdirSync(join(src, 'cli/commands'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => `cli/commands/${posix(file)}`);

/** Public entries of package.json's `exports`. They share no chunks with the commands, so theirs are few and whole. */
const LIBRARY: Record<string, string> = {
  client: 'client/index.ts',
  contracts: 'contracts/index.ts',
  server: 'host/index.ts',
};

const entryPoints = (files: Iterable<string>) =>
  Object.fromEntries([...files].map((file) => [file.replace(/\.ts$/, ''), join(src, file)]));

type Split = Pick<BuildResult<{ write: false }>, 'outputFiles' | 'metafile'>;

const written: string[] = [];

/** Writes what was built, its chunks joined into one file for each layer. */
async function write({ outputFiles, metafile }: Split, layers: string[][]): Promise<void> {
  const files = new Map(outputFiles.map(({ path, text }) => [posix(relative(root, path)), text]));
  const { target, minifySyntax, legalComments, logLevel } = common;
  const print = { target, minifySyntax, legalComments, logLevel };
  for (const [path, text] of await joinChunks({ files, metafile: metafile!, layers, print })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    const given = GIVEN.filter(([used]) => used.test(text)).map(([, line]) => `${line}\n`);
    writeFileSync(join(root, path), given.join('') + text);
    written.push(join(root, path));
  }
}

async function bundle(): Promise<Metafile[]> {
  const inSrc = (entries: Record<string, string>) =>
    Object.fromEntries(Object.entries(entries).map(([name, file]) => [name, join(src, file)]));
  const split = (chunks: string, entries: Record<string, string>) =>
    build({
      ...common,
      write: false,
      splitting: true,
      chunkNames: `${chunks}/[name]-[hash]`,
      entryPoints: entries,
    });
  const library = await split('library', inSrc(LIBRARY));
  // The first pass finds which files are forked, by reading them; they are entries of the second.
  const cli = () =>
    split('chunks', {
      ...inSrc({ 'cli/main': 'cli/main.ts' }),
      ...entryPoints(commands),
      ...entryPoints(forked),
    });
  let known = -1;
  let result = await cli();
  while (known !== forked.size) {
    known = forked.size;
    result = await cli();
  }
  rmSync(dist, { recursive: true, force: true });
  await write(library, HOST);
  await write(result, COMMANDS);
  const authoring = await build({
    ...common,
    external: ['zod', 'zod/*'],
    plugins: [],
    entryPoints: { authoring: join(src, 'authoring/index.ts') },
    platform: 'neutral',
    minifyWhitespace: true,
  });
  return [result, library, authoring].map((built) => built.metafile!);
}

/** The licence texts of every package that went into a bundle. */
function licences(metafiles: Metafile[]): void {
  const packages = new Map<string, string>();
  for (const file of metafiles.flatMap((meta) =>
    Object.values(meta.outputs).flatMap((out) => Object.keys(out.inputs)),
  )) {
    // Without the namespace that a plugin put before the path.
    const match = /^(?:[\w-]+:)?(.*node_modules\/((?:@[^/]+\/)?[^/]+))\//.exec(file);
    if (match) packages.set(match[1]!, match[2]!);
  }
  const texts = [...packages].map(([folder, name]) => {
    const { version, license } = JSON.parse(readFileSync(resolve(root, folder, 'package.json'), 'utf8')) as {
      version: string;
      license?: string;
    };
    const file = readdirSync(resolve(root, folder)).find((one) => /^licen[cs]e(\.|$)/i.test(one));
    const text = file
      ? readFileSync(resolve(root, folder, file), 'utf8').trim()
      : `Licence: ${license ?? 'see its package'}`;
    return `${name} ${version} (${license ?? 'see below'})\n\n${text}`;
  });
  texts.sort();
  writeFileSync(join(dist, 'THIRD_PARTY_LICENSES.txt'), `${texts.join(`\n\n${'-'.repeat(72)}\n\n`)}\n`);
}

/** The manifest of the sources, with the places that the build put the commands in. */
function builtManifest(manifest: Manifest): Manifest {
  for (const card of Object.values(manifest.commands)) {
    const [, ...inside] = card.relativePath;
    card.relativePath = [...inside.slice(0, -1), inside.at(-1)!.replace(/\.ts$/, '.js')];
  }
  return manifest;
}

function run(title: string, args: string[]): void {
  const done = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (done.status !== 0) throw new Error(`${title} failed`);
}

/** Has V8 compile with its file what every start calls, and takes out the blanks, which that was read by. */
async function finish(): Promise<void> {
  const called = calledInStarts(root);
  await Promise.all(
    written.map(async (file) => {
      const text = makeEager(readFileSync(file, 'utf8'), called.get(file) ?? []);
      const { target, minifySyntax, legalComments } = common;
      const { code } = await transform(text, {
        target,
        minifySyntax,
        legalComments,
        minifyWhitespace: true,
        format: 'esm',
        platform: 'node',
      });
      writeFileSync(file, code);
    }),
  );
}

/** Files that are read at run time by their place beside a source file. */
function assets(): void {
  for (const file of readdirSync(src, { recursive: true, encoding: 'utf8' })) {
    if (!/\.(wasm|json|html|css|txt|yaml)$/.test(file)) continue;
    mkdirSync(dirname(join(dist, file)), { recursive: true });
    cpSync(join(src, file), join(dist, file));
  }
}

const metafiles = await bundle();
if (process.env['ICE_BUILD_META']) writeFileSync(process.env['ICE_BUILD_META'], JSON.stringify(metafiles[0]));
licences(metafiles);
assets();
const { documentNames, documentSchema } = await import('../src/cli/document-schemas.ts');
for (const name of documentNames()) {
  const file = join(dist, 'schemas', `${name}.json`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(documentSchema(name), null, 2)}\n`);
}
const { discover } = await import('../src/cli/discover.ts');
writeFileSync(join(dist, 'oclif.manifest.json'), JSON.stringify(builtManifest(await discover(root))));
if (existsSync(join(root, 'scripts/build-std.ts'))) run('std', ['scripts/build-std.ts']);
await finish();
if (!process.argv.includes('--no-types'))
  run('types', ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json']);
process.stderr.write(`dist/ built in ${((Date.now() - from) / 1000).toFixed(1)} s\n`);
