import type { Json } from '../contracts/json.ts';
import type { CatalogEntry } from '../language/index.ts';
import type { Bundle, ExtractedTool } from '../sandbox/port.ts';
import { readPrices } from './price-file.ts';
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

    async models({ endpoints, pricesFile }: { endpoints?: string; pricesFile?: string }) {
      const [{ PROVIDERS }, { readEndpoints }, { priceOf, priceTable }] = await Promise.all([
        import('../models/providers/catalog.ts'),
        import('../models/open-models.ts'),
        import('../models/prices.ts'),
      ]);
      const named = readEndpoints(endpoints ?? '').map(([name]) => name);
      const prices = priceTable(pricesFile === undefined ? undefined : readPrices(pricesFile), pricesFile);
      return {
        providers: ['echo', ...Object.keys(PROVIDERS), ...named],
        hasPrice: (model: string): boolean => priceOf(prices, model) !== undefined,
      };
    },

    close: (): Promise<void> => runtimes.close(),
  };
}
