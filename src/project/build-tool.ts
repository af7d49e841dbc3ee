import { readFileSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import type { CodeRuntime } from '../contracts/components.ts';
import type { Diagnostic } from '../contracts/diagnostics.ts';
import { IceError } from '../contracts/errors.ts';
import type { Json } from '../contracts/json.ts';
import type { Bundle, ExtractedTool } from '../sandbox/port.ts';
import type { BuildCache, Built } from './build-cache.ts';
import type { BuiltBundle } from './bundle.ts';
import type { Position } from './bundle-position.ts';
import type { ComponentSource } from './component-sources.ts';
import { iceosRoot } from './iceos-package.ts';
import { loadFindings } from './load-findings.ts';

/**
 * Runs a bundle in a runtime and reads what it says of itself. The project never runs user code: it is handed this.
 * `runtime` is where the bundle must run: `node` for one that imports modules of Node.
 */
export type Extract = (bundle: Bundle, runtime: CodeRuntime) => Promise<ExtractedTool>;
/** The same for a workflow that is written in TypeScript: its document, whatever that is. */
export type ExtractDocument = (bundle: Bundle, runtime: CodeRuntime) => Promise<Json>;

export interface ModuleBuild<Said> {
  built?: Built<Said>;
  diagnostics: Diagnostic[];
  /** Whether it came from the cache. */
  cached: boolean;
}

/** Bundles a module for the sandbox; `Bundles.of` makes those of many together. */
export type BundleOf = (file: string) => Promise<BuiltBundle>;

/** A module that is as it was when it was built last. */
export function keptModule<Said extends object>(
  source: ComponentSource,
  cache: BuildCache<Said>,
): ModuleBuild<Said> | undefined {
  const kept = cache.get(source.file);
  return kept && { built: kept, diagnostics: kept.warnings, cached: true };
}

/** Bundles a tool and reads what it says of itself; both are kept in the cache. */
export const buildTool = (
  root: string,
  source: ComponentSource,
  cache: BuildCache<ExtractedTool>,
  extract: Extract,
  bundleOf: BundleOf,
): Promise<ModuleBuild<ExtractedTool>> =>
  buildModule(root, source, cache, extract, ({ runtime }) => runtime, bundleOf);

/** The same for a workflow in TypeScript. It runs to make its document and never again, so Node is no runtime of it. */
export const buildWorkflowModule = (
  root: string,
  source: ComponentSource,
  cache: BuildCache<{ document: Json }>,
  extract: ExtractDocument,
  bundleOf: BundleOf,
): Promise<ModuleBuild<{ document: Json }>> =>
  buildModule(
    root,
    source,
    cache,
    async (bundle, runtime) => ({ document: await extract(bundle, runtime) }),
    (_, guess) => guess,
    bundleOf,
  );

async function buildModule<Said extends object>(
  root: string,
  source: ComponentSource,
  cache: BuildCache<Said>,
  extract: (bundle: Bundle, runtime: CodeRuntime) => Promise<Said>,
  runtimeOf: (said: Said, guess: CodeRuntime) => CodeRuntime,
  bundleOf: BundleOf,
): Promise<ModuleBuild<Said>> {
  const { bundle } = await import('./bundle.ts');
  let bundled: BuiltBundle;
  let said: Said;
  let runtime: CodeRuntime = 'sandbox';
  try {
    bundled = await bundleOf(source.path);
    runtime = bundled.nodeImports.length > 0 ? 'node' : 'sandbox';
    const guess = runtime;
    if (guess === 'node') bundled = await bundle({ root, file: source.path, runtime });
    said = await extract({ digest: bundled.digest, code: bundled.code }, guess);
    runtime = runtimeOf(said, guess);
    if (runtime === 'node' && guess === 'sandbox') {
      // Packages may have a variant for Node, so the bundle that will run there is another one.
      bundled = await bundle({ root, file: source.path, runtime });
      said = await extract({ digest: bundled.digest, code: bundled.code }, runtime);
    }
  } catch (error) {
    return { diagnostics: await failed(root, source, runtime, error), cached: false };
  }
  if (runtime !== 'node' && bundled.nodeImports.length > 0)
    return { diagnostics: bundled.nodeImports, cached: false };

  const built: Built<Said> = {
    code: bundled.code,
    digest: bundled.digest,
    sourcesDigest: bundled.sourcesDigest,
    said,
    warnings: bundled.warnings,
    ownFiles: bundled.inputs.filter((input) => input.own).map((input) => input.path),
  };
  cache.put(source.file, built, bundled.inputs);
  return { built, diagnostics: bundled.warnings, cached: false };
}

/** What the bundler or the runtime said, as diagnostics; what is no fault of the source is thrown on. */
async function failed(
  root: string,
  source: ComponentSource,
  runtime: CodeRuntime,
  error: unknown,
): Promise<Diagnostic[]> {
  if (!(error instanceof IceError)) throw error;
  const found = error.details?.['diagnostics'];
  if (Array.isArray(found) && found.length > 0) return found as Diagnostic[];
  if (['machine', 'disk_full', 'read_only', 'unavailable', 'internal'].includes(error.code)) throw error;
  return loadFindings(source, readText(source.path), error, await placeOf(root, source, runtime, error));
}

/** Where an error was written: the nearest frame in a file of the project, as the code of a package only passes it on. */
async function placeOf(
  root: string,
  source: ComponentSource,
  runtime: CodeRuntime,
  { details }: IceError,
): Promise<Position | undefined> {
  const frames = [details?.['at'], ...((details?.['callers'] as string[] | undefined) ?? [])].flatMap(
    (frame) => {
      const at = /\(bundle:(\d+):(\d+)\)$/.exec(String(frame));
      return at ? [{ line: Number(at[1]), column: Number(at[2]) }] : [];
    },
  );
  if (frames.length === 0) return undefined;
  const { positionsInSource } = await import('./bundle-position.ts');
  const places = await positionsInSource({ root, file: source.path, runtime }, frames);
  const foreign = places.filter(({ file }) => !resolve(root, file).startsWith(iceosRoot() + sep));
  return foreign.find(({ file }) => !/(?:^|\/)(?:\.\.|node_modules)\//.test(file)) ?? foreign[0];
}

export const readText = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};
