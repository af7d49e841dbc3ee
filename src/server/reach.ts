import type { ComponentVersion } from '../contracts/components.ts';
import { IceError } from '../contracts/errors.ts';
import type { Reach, RunPermissions } from '../contracts/runs.ts';
import { modelsIn } from '../language/references/catalog.ts';
import { buildCatalog, loadVersion, type Reached } from './catalog.ts';
import type { Services } from './services.ts';

/**
 * What a version may touch, itself and through everything that it calls: a workflow declares nothing of its own, and
 * yet its tools reach the network. References are resolved as a run that starts now would.
 */
export async function reachOf(
  services: Services,
  project: string,
  version: ComponentVersion,
): Promise<Reach | undefined> {
  if (version.kind === 'tool')
    return { components: [permissionsOf(version.name, version.version, version.manifest)], models: [] };
  let root: Reached;
  try {
    root = await loadVersion(services, project, version);
  } catch (error) {
    // Its document was pruned or was never one: nobody can say what it reaches, and running it fails with the reason.
    if (error instanceof IceError) return undefined;
    throw error;
  }
  const catalog = await buildCatalog(services, root.blueprint ?? root.agent, { project });
  const all = [root, ...catalog.reached.values()];
  const models = all.flatMap(({ blueprint, agent }) => {
    const document = blueprint ?? agent;
    return document ? modelsIn(document).flat() : [];
  });
  return {
    components: all
      .filter(({ manifest }) => manifest.kind === 'tool')
      .map(({ version: of, manifest }) => permissionsOf(manifest.name, of, manifest)),
    models: [...new Set(models)].filter((model) => !model.startsWith('echo/')).sort(),
  };
}

/** A tool's permissions under its name and version. */
export const permissionsOf = (
  name: string,
  version: string,
  { kind, runtime, permissions }: Reached['manifest'],
): RunPermissions => ({ component: `${name}@${version}`, kind, runtime, ...permissions });
