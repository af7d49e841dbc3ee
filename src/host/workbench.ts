import type { Json } from '../contracts/json.ts';
import type { EffectNode } from '../contracts/plan.ts';
import { type CatalogEntry, toolPlan } from '../language/index.ts';
import { createToolEffect } from '../nodes/tool.ts';
import type { ProjectComponent } from '../project/build-components.ts';
import type { Bundle, ExtractedTool } from '../sandbox/port.ts';
import { openRuntimes } from './runtimes.ts';
import { openStd } from './std-catalog.ts';
import { openToolNetwork } from './tool-network.ts';

export interface WorkbenchOptions {
  root: string;
  /** Values of declared secrets; the environment unless said. */
  env?: Readonly<Record<string, string | undefined>>;
}

/**
 * What building and testing a project needs, without a database: reading what bundles say of themselves, the tools
 * that ship with ice, and single calls of the project's tools. Code of tools runs in its runtime, never here.
 */
export function createWorkbench(options: WorkbenchOptions) {
  const env = options.env ?? process.env;
  const runtimes = openRuntimes();
  const network = openToolNetwork({ allowPrivate: true });
  const std = openStd(runtimes);
  let calls = 0;
  return {
    extract: (bundle: Bundle, runtime: 'sandbox' | 'node' = 'sandbox'): Promise<ExtractedTool> =>
      runtimes.extract(bundle, runtime),

    async std(): Promise<CatalogEntry[]> {
      return (await std.versions()).map(({ version: { version, digest, manifest } }) => ({
        version,
        digest,
        manifest,
      }));
    },

    /** One call of a tool, checked as in a run. Fails as a `tool` node would. */
    async runTool(component: ProjectComponent, input: Json, signal: AbortSignal): Promise<Json> {
      const plan = toolPlan(component);
      const node = plan.nodes[0] as EffectNode;
      const effect = createToolEffect({
        runtimes: { sandbox: await runtimes.sandbox(), node: await runtimes.node() },
        artifacts: {
          get: async (_, digest) =>
            digest === component.manifest.entry ? { bytes: component.entry, by: 'operator' } : undefined,
        },
        shipped: (digest) => std.bundle(digest),
        secrets: async (_, names) =>
          Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]]))),
        hostFetch: (allowed) => network.hostFetch(allowed),
      });
      const { result } = await effect({
        project: 'workbench',
        runId: 'workbench',
        path: node.id,
        attempt: 1,
        idempotencyKey: `workbench:${component.name}:${++calls}`,
        node,
        plan,
        args: input,
        signal,
        now: Date.now(),
        log: () => {},
        progress: () => {},
        delta: () => {},
        steps: [],
        step: async () => {},
      });
      return result;
    },

    close: async (): Promise<void> => {
      await Promise.allSettled([runtimes.close(), network.close()]);
    },
  };
}
