import type { Json } from '../contracts/json.ts';
import type { CatalogEntry } from '../language/index.ts';
import type { Bundle, ExtractedTool } from '../sandbox/port.ts';
import { openRuntimes } from './runtimes.ts';
import { openStd } from './std-catalog.ts';

/**
 * What building a project needs, without a database: reading what bundles say of themselves, and the tools that ship
 * with ice. Code of tools runs in its runtime, never here.
 */
export function createWorkbench() {
  const runtimes = openRuntimes();
  const std = openStd(runtimes);
  return {
    /** For a host in this process: what is started and loaded here need not be there again. */
    runtimes,
    extract: (bundle: Bundle, runtime: 'sandbox' | 'node' = 'sandbox'): Promise<ExtractedTool> =>
      runtimes.extract(bundle, runtime),
    document: (bundle: Bundle, runtime: 'sandbox' | 'node' = 'sandbox'): Promise<Json> =>
      runtimes.document(bundle, runtime),

    async std(): Promise<CatalogEntry[]> {
      return (await std.versions()).map(({ version: { version, digest, manifest } }) => ({
        version,
        digest,
        manifest,
      }));
    },

    keysOf: async (model: string): Promise<readonly string[] | undefined> =>
      (await import('../models/providers/catalog.ts')).secretOfModel(model),

    async providers(endpoints: string): Promise<readonly string[]> {
      const [{ PROVIDERS }, { readEndpoints }] = await Promise.all([
        import('../models/providers/catalog.ts'),
        import('../models/open-models.ts'),
      ]);
      return ['echo', ...Object.keys(PROVIDERS), ...readEndpoints(endpoints).map(([name]) => name)];
    },

    close: (): Promise<void> => runtimes.close(),
  };
}
