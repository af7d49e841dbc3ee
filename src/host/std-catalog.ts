import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ComponentVersion } from '../contracts/components.ts';
import type { StdCatalog, StdEntry } from '../server/services.ts';
import type { Runtimes } from './runtimes.ts';

/** The tools that ship with ice, and their code by the digest of the entry. */
export interface StdTools extends StdCatalog {
  bundle(entryDigest: string): Promise<Uint8Array | undefined>;
}

/** A tool of the prebuilt catalog; the code is in a file named after its digest, beside it. */
export interface PrebuiltTool {
  version: ComponentVersion;
  file: string;
}

/**
 * The tools that ship with ice: prebuilt beside the package's code, or, from a checkout, bundled when they are first
 * asked for and kept in the build cache. Nothing is read before that.
 */
export function openStd(runtimes: Pick<Runtimes, 'extract'>): StdTools {
  let loading: Promise<Map<string, StdEntry>> | undefined;
  const load = async (): Promise<Map<string, StdEntry>> => {
    const catalog = fileURLToPath(new URL('../std/catalog.json', import.meta.url));
    const entries = existsSync(catalog)
      ? prebuilt(catalog)
      : await (await import('./std-build.ts')).buildStd(runtimes);
    return new Map(entries.map((entry) => [entry.version.digest, entry]));
  };
  const all = (): Promise<Map<string, StdEntry>> => {
    loading ??= load().catch((error: unknown) => {
      // The next who asks tries again.
      loading = undefined;
      throw error;
    });
    return loading;
  };
  return {
    versions: async () => [...(await all()).values()],
    byDigest: async (digest) => (await all()).get(digest),
    bundle: async (entryDigest) => {
      for (const entry of (await all()).values())
        if (entry.version.manifest.entry === entryDigest) return entry.load();
      return undefined;
    },
  };
}

function prebuilt(catalog: string): StdEntry[] {
  const { tools } = JSON.parse(readFileSync(catalog, 'utf8')) as { tools: PrebuiltTool[] };
  return tools.map(({ version, file }) => ({
    version,
    load: async () => readFileSync(new URL(file, new URL(`file://${catalog}`))),
  }));
}
