import type { Runtimes } from '../host/runtimes.ts';
import type { CatalogEntry } from '../language/index.ts';
import type { Extract, ExtractDocument } from '../project/build-tool.ts';

export interface KnownModels {
  providers: readonly string[];
  hasPrice(model: string): boolean;
}

/** What building a project needs of the host: code of tools is never run in this process. */
export interface Workbench {
  /** What a bundle says of itself. */
  extract: Extract;
  /** The document that the bundle of a workflow makes. */
  document: ExtractDocument;
  /** The tools that ship with ice. */
  std(): Promise<CatalogEntry[]>;
  /** The names of the keys of a model's provider; undefined when it needs none. */
  keysOf(model: string): Promise<readonly string[] | undefined>;
  /** The model providers that there are, and which models have a price, by settings of the operator. */
  models(settings: { endpoints?: string; pricesFile?: string }): Promise<KnownModels>;
  /** Where code of tools runs, for a host that this process opens, too. */
  runtimes(): Promise<Runtimes>;
  close(): Promise<void>;
}

/** Opens what is asked for when it is asked for: a project that is unchanged needs none of it. */
export function openWorkbench(): Workbench {
  type Opened = Omit<Workbench, 'runtimes'> & { runtimes: Runtimes };
  let opened: Promise<Opened> | undefined;
  const open = (): Promise<Opened> => {
    opened ??= import('../host/workbench.ts').then(({ createWorkbench }) => createWorkbench());
    return opened;
  };
  return {
    extract: async (bundle, runtime) => (await open()).extract(bundle, runtime),
    document: async (bundle, runtime) => (await open()).document(bundle, runtime),
    std: async () => (await open()).std(),
    keysOf: async (model) => (await open()).keysOf(model),
    models: async (settings) => (await open()).models(settings),
    runtimes: async () => (await open()).runtimes,
    close: async () => {
      if (opened) await (await opened).close();
    },
  };
}
