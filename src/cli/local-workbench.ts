import type { Json } from '../contracts/json.ts';
import type { CatalogEntry } from '../language/index.ts';
import type { ProjectComponent } from '../project/build-components.ts';
import type { Extract } from '../project/build-tool.ts';

/** What building and testing a project needs of the host: code of tools is never run in this process. */
export interface Workbench {
  /** What a bundle says of itself. */
  extract: Extract;
  /** The tools that ship with ice. */
  std(): Promise<CatalogEntry[]>;
  /** One call of a tool of the project, outside of any run. */
  runTool(component: ProjectComponent, input: Json, signal: AbortSignal): Promise<Json>;
  close(): Promise<void>;
}

/** Opens what is asked for when it is asked for: a project that is unchanged needs none of it. */
export function openWorkbench(root: string): Workbench {
  let opened: Promise<Workbench> | undefined;
  const open = (): Promise<Workbench> => {
    opened ??= import('../host/workbench.ts').then(({ createWorkbench }) => createWorkbench({ root }));
    return opened;
  };
  return {
    extract: async (bundle, runtime) => (await open()).extract(bundle, runtime),
    std: async () => (await open()).std(),
    runTool: async (component, input, signal) => (await open()).runTool(component, input, signal),
    close: async () => {
      if (opened) await (await opened).close();
    },
  };
}
