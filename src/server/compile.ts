import canonicalize from 'canonicalize';
import { IceError } from '../contracts/errors.ts';
import { type ComponentRef, formatRef, parseRef } from '../contracts/ids.ts';
import type { Plan } from '../contracts/plan.ts';
import {
  type About,
  assertRunnable,
  buildCatalog,
  loadDigest,
  loadVersion,
  type Reached,
} from './catalog.ts';
import type { Services } from './services.ts';

/** What is to be run. */
export type RunSource =
  | { ref: string }
  | { digest: string; version?: string | undefined; pins: Record<string, string>; about?: About };

interface Kept {
  plan: Plan;
  planDigest: string;
  reached: Reached[];
  /** Absent: nothing of the registry is in it, so it can't go stale. */
  revision: string | undefined;
}

/** Plans kept at once; the oldest go. */
const MOST_KEPT = 200;

/**
 * Compiles what is to be run into a plan, everything pinned; keeps plans while nothing that they came from moved. The
 * compiler is loaded by the first that needs it: most calls to a server are about runs that are there.
 */
export function createCompiler(services: Services) {
  const kept = new Map<string, Kept>();

  const compile = async (
    project: string,
    source: RunSource,
    by: string,
  ): Promise<Omit<Kept, 'planDigest'>> => {
    const revision = await services.registry.revision(project);
    const sources =
      'ref' in source
        ? { project }
        : {
            project,
            pins: source.pins,
            pinnedBy: by,
            ...(source.about === undefined ? {} : { about: source.about }),
          };
    let root: Reached;
    if ('ref' in source) root = await rootOf(services, project, source.ref);
    else {
      const { version, about, digest } = source;
      const said = { ...about?.[digest], ...(version === undefined ? {} : { version }) };
      root = await loadDigest(services, project, digest, said, by);
    }
    const catalog = await buildCatalog(services, root.blueprint ?? root.agent, sources);
    let plan: Plan;
    if (root.blueprint) {
      const { compilePlan } = await import('../language/plan/compile.ts');
      plan = compilePlan({ ...root.blueprint, version: root.version }, root.digest, catalog);
    } else if (root.agent) {
      plan = (await import('../language/plan/agent-plan.ts')).agentPlan(root, catalog);
    } else plan = (await import('../language/plan/tool-plan.ts')).toolPlan(root);
    return {
      plan,
      reached: [root, ...catalog.reached.values()],
      revision: 'ref' in source || catalog.usedRegistry ? revision : undefined,
    };
  };

  return {
    /** Fails with `not_found`, `validation_failed` (diagnostics in `details`), `untrusted_code` and others. */
    async plan(project: string, source: RunSource, by: string): Promise<{ plan: Plan; planDigest: string }> {
      // Who asks is part of the key: an operator vouches for what it pins.
      const key = JSON.stringify([project, source, by === 'operator']);
      let found = kept.get(key);
      if (found?.revision !== undefined && found.revision !== (await services.registry.revision(project)))
        found = undefined;
      if (!found) {
        const made = await compile(project, source, by);
        found = { ...made, planDigest: `sha256:${await services.sha256(canonicalize(made.plan) ?? '')}` };
        if (kept.size >= MOST_KEPT) kept.delete(kept.keys().next().value!);
      } else kept.delete(key);
      await assertRunnable(services, project, found.reached);
      kept.set(key, found);
      return found;
    },
  };
}

/** The component of a reference without a kind: where several kinds have the name, one must be said. */
async function rootOf(services: Services, project: string, text: string): Promise<Reached> {
  const ref: ComponentRef | undefined = parseRef(text);
  if (!ref)
    throw new IceError('bad_request', `"${text.slice(0, 200)}" is not a reference`, {
      hint: 'A reference is [kind/]name[@version]: price, tool/price@^1, std/csv-parse',
    });
  const { resolveOn, whyMissing } = await import('./versions.ts');
  const resolution = await resolveOn(services, project, ref);
  if (!('found' in resolution)) {
    const { message, hint } = whyMissing(formatRef(ref), resolution);
    throw new IceError('not_found', message, {
      hint,
      details: { ref: formatRef(ref), versions: resolution.versions.slice(0, 50) },
    });
  }
  const version = resolution.found;
  if (version.origin === 'std')
    return { version: version.version, digest: version.digest, manifest: version.manifest, by: 'std' };
  return loadVersion(services, project, version);
}
